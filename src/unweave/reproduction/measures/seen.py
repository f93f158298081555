"""Data of a run: its training data, other shifts of the same grid of factors, held-out rows."""

from __future__ import annotations

from unweave.data.base import Dataset
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
            f"the run was trained on {data.name}, which have no grid of known factors; "
            "take data that have"
        )
    if shift:
        data = shifted(data.whole, shift)
    return subset(data, every_row(data), data.about)


def held_out_or_all(run: Run) -> Dataset:
    """The rows that were held out of training; all rows where none were."""
    if run.held is None:
        return run.data
    return run.held
