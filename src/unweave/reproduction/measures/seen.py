"""Training data of a run, and other shifts of the same grid of factors."""

from __future__ import annotations

from unweave.data.shifts.text import shifted
from unweave.data.subsets import every_row, subset
from unweave.data.view import View
from unweave.runs.run import Run


def opened(run: Run, shift: str = "") -> View:
    """The rows that a run was trained on, or those of another shift, as text, of the same grid.

    Raises ValueError if the run's data have no grid of known factors.
    """
    data = run.data
    if data.grid is None:
        raise ValueError(
            f"the run was trained on {data.name}, which have no grid of known factors; take data that have"
        )
    if shift:
        data = shifted(data.whole, shift)
    return subset(data, every_row(data), data.about)
