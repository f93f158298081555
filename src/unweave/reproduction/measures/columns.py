"""Columns of a named block of a run's codes."""

from __future__ import annotations

from unweave.runs.run import Run
from unweave.settings import nearest


def columns_of(run: Run, block: str) -> slice:
    """The columns of a block; all of them where the code is one unnamed block.

    ValueError if there is none.
    """
    if block in run.blocks:
        return run.blocks[block].columns
    if set(run.blocks) == {"code"}:
        return slice(None)
    raise ValueError(f"there is no block {block!r}; {nearest(block, run.blocks)}")
