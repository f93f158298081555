"""Samples by class: each row is a class, each column one draw of the rest of the code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unweave.report import pictures
from unweave.report.facts import class_names
from unweave.report.pictures import Picture
from unweave.report.views import Absent, Views, able
from unweave.runs.run import Run

CLASSES, DRAWS = 12, 12  # shown at most


@dataclass(frozen=True)
class ClassSheet:
    """A strip of samples for each class, by name. rest: what the columns share. more: classes that are not shown."""

    strips: list[tuple[str, Picture]]
    rest: str
    more: int


def class_sheet(views: Views) -> ClassSheet:
    """The sheet of a run. Absent if its code has no block "class", or if it makes no images."""
    views.pictures()
    run = views.run
    if "class" not in run.blocks:
        raise Absent("The code of this method has no block for the class.")
    try:
        rest, words = views.prior[:DRAWS], "a draw of the prior"
    except Absent:
        rest, words = views.codes[:DRAWS], "the code of an image"
    count = run.classes
    shown = range(min(count, CLASSES))
    known = list(class_names(run, CLASSES)) if run.method.classes_named else []
    strips = []
    for k in shown:
        name = known[k] if k < len(known) else f"class {k}"
        frames = able(partial(_decoded, run, rest, k))
        strips.append((name, pictures.grid(frames, len(frames), f"samples of {name}")))
    return ClassSheet(strips, words, count - len(strips))


def _decoded(run: Run, rest: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    return run.decode(run.with_class(rest, k))
