"""Warning of random numbers that no seed of a run repeats: those of numpy's and Python's generators.

The loop seeds torch's generators for each step, and no others: what else a method draws differs
after a resume.
"""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from torch import nn

from unweave.training.snapshots import GENERATORS, same, snapshot

LOOKED_AT = 2  # the first steps; to compare the states of generators after each would take its time

Taken = TypeVar("Taken")


def watched(steps: Iterator[Taken], method: nn.Module) -> Iterator[Taken]:
    """The same steps. UserWarning if one of the first draws from a generator that nothing seeds."""
    warned = False
    for _ in range(LOOKED_AT):
        before = _states(method)
        try:
            taken = next(steps)
        except StopIteration:
            return
        moved = [name for name, state in _states(method).items() if not same(before[name], state)]
        if moved and not warned:
            warned = True
            warnings.warn(_moved(type(method).__name__, moved), stacklevel=2)
        yield taken
    yield from steps


def _states(method: nn.Module) -> dict[str, Any]:
    """The state of each generator: of numpy, of Python, of the files of the method and its parts."""
    legacy = np.random.get_state(legacy=False)  # noqa: NPY002 (it is looked at, not drawn from)
    found: dict[str, Any] = {"numpy.random": snapshot(legacy, set())}
    if "beartype" not in sys.modules:  # whose checks of types draw from it in any step
        found["Python's random"] = snapshot(random.getstate(), set())
    for file in sorted({type(module).__module__ for module in method.modules()}):
        for name, value in list(vars(sys.modules[file]).items()):
            if isinstance(value, GENERATORS):
                found[f"{file}.{name}"] = snapshot(value, set())
    return found


def _moved(method: str, names: list[str]) -> str:
    return (
        f"{method}.losses, or take of the data, draws from {' and '.join(names)}, which no seed of "
        "the run repeats: a resumed run will differ; draw from torch (torch.rand, "
        "torch.randn_like), which each step seeds"
    )
