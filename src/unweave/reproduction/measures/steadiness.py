"""Convergence of a term of the log: its relative range over the last records."""

from __future__ import annotations

import numpy as np

from unweave.runs.run import Run


def drift(run: Run, *, term: str, records: int = 8) -> float:
    """The range of a term's last `records` records, over their absolute mean."""
    values = [record[term] for record in run.records() if term in record]
    last = np.array(values[-records:])
    return float(np.ptp(last) / abs(last.mean()))
