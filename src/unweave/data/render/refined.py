"""Finer grids of rendered data sets: any number of values of continuous factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.settings import Setting

Levels = Annotated[
    int, Setting("values of each factor that varies smoothly; 0 for the published grid", low=0)
]


def refined(
    space: FactorSpace,
    levels: int,
    lines: Sequence[str] = (),
    circles: Mapping[str, float] | None = None,
) -> FactorSpace:
    """The grid with `levels` values of the factors in `lines` and `circles`; as it is for 0 levels.

    lines: factors with values evenly spaced from the first published one to the last.
    circles: {factor: full turn}: factors with values evenly spaced from 0, without the full turn,
        which is 0 again.
    The kind of these factors becomes continuous. ValueError for a single level.
    """
    if not levels:
        return space
    if levels == 1:
        raise ValueError("levels is 1; give at least 2, or 0 for the published grid")
    finer: dict[str, NDArray[Any]] = {}
    if circles is not None:
        for name, turn in circles.items():
            finer[name] = turn * np.arange(levels) / levels
    for name in lines:
        known = space.values[space.index(name)]
        finer[name] = np.linspace(known[0], known[-1], levels)
    values = [finer.get(name, v) for name, v in zip(space.names, space.values, strict=True)]
    published = dict(zip(space.names, space.kinds, strict=True))
    kinds = published | dict.fromkeys(finer, "continuous")
    return FactorSpace(space.names, [len(v) for v in values], values, kinds)
