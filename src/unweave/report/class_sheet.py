"""Class-conditional samples: each row is a class, each column one draw of the rest of the code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unweave.report import pictures
from unweave.report.absent import Absent, able
from unweave.report.facts import class_names
from unweave.report.pictures import Picture
from unweave.report.views import Views
from unweave.runs.run import Run

CLASSES = 12  # shown at most
DRAWS = 12  # in a row


@dataclass(frozen=True)
class ClassSheet:
    """A strip of samples for each class, by name.

    rest: where the rest of the code comes from. more: number of classes that are not shown.
    """

    strips: list[tuple[str, Picture]]
    rest: str
    more: int


def class_sheet(views: Views) -> ClassSheet:
    """The sheet of a run. Raises Absent if its code has no block "class" or it makes no images."""
    views.pictures()
    run = views.run
    if "class" not in run.blocks:
        raise Absent("The code of this method has no block for the class.")
    try:
        rest = views.prior[:DRAWS]  # (DRAWS, D)
        origin = "a draw of the prior"
    except Absent:
        rest = views.codes[:DRAWS]
        origin = "the code of an image"
    names = [f"class {k}" for k in range(min(run.classes, CLASSES))]
    if run.method.classes_named:
        known = list(class_names(run, CLASSES))
        names[: len(known)] = known[: len(names)]
    strips = []
    for k, name in enumerate(names):
        frames = able(partial(_decoded, run, rest, k))
        strips.append((name, pictures.grid(frames, len(frames), f"samples of {name}")))
    return ClassSheet(strips, origin, run.classes - len(strips))


def _decoded(run: Run, rest: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Images (n, C, H, W) of codes (n, D) with their class set to k."""
    return run.decode(run.with_class(rest, k))
