"""The data of a run that was trained on a shift, and other shifts of the same data."""

from __future__ import annotations

import numpy as np

from unweave.data.images import FactorImages
from unweave.data.shifts.text import shifted
from unweave.data.subsets import FactorRows, subset
from unweave.runs.run import Run


def opened(run: Run, shift: str = "") -> FactorRows:
    """The rows that a run was trained on, or those that a shift, as text, leaves of the grid behind them.

    ValueError if the run's data have no grid of known factors.
    """
    data = run.data
    if not isinstance(data, FactorImages):
        raise ValueError(
            f"the run was trained on {data.name}, which have no grid of known factors; take data that have"
        )
    if shift:
        data = shifted(data.of if isinstance(data, FactorRows) else data, shift)
    view = data if isinstance(data, FactorRows) else subset(data, np.arange(len(data)), data.about)
    assert isinstance(view, FactorRows)
    return view
