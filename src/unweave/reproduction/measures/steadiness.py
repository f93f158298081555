"""Whether a term of the log has come to rest."""

from __future__ import annotations

import numpy as np

from unweave.runs.run import Run


def drift(run: Run, *, term: str, records: int = 8) -> float:
    """How far a term's last records lie apart, the largest from the smallest, as a share of their mean."""
    last = np.array([record[term] for record in run.records() if term in record][-records:])
    return float(np.ptp(last) / abs(last.mean()))
