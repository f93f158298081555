"""Samples by class and analogies: each row is a class, each column has one rest of the code.

The rest is a draw of the prior, or the style of an image (the analogies of Kingma et al., 2014).
"""

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
    _refuse_without_class(views)
    try:
        rest = views.prior[:DRAWS]  # (DRAWS, D)
        origin = "a draw of the prior"
    except Absent:
        rest = views.codes[:DRAWS]
        origin = "the code of an image"
    return ClassSheet(_strips(views.run, rest), origin, _hidden(views.run))


def analogies(views: Views) -> ClassSheet:
    """Images of the data, and each of them decoded in every class: the class is set, the style stays.

    Raises Absent as `class_sheet`, and if images are not encoded or the code is the class alone.
    """
    _refuse_without_class(views)
    if len(views.inferred) < 2:
        raise Absent("The code of an image has nothing beside the class.")
    images = views.images(DRAWS)
    codes = able(lambda: views.run.encode(images))
    heading = pictures.grid(images, len(images), "images of the data")
    strips = [("images", heading), *_strips(views.run, codes)]
    return ClassSheet(strips, "the image at its top", _hidden(views.run))


def _refuse_without_class(views: Views) -> None:
    views.pictures()
    if "class" not in views.run.blocks:
        raise Absent("The code of this method has no block for the class.")


def _strips(run: Run, rest: NDArray[np.float32]) -> list[tuple[str, Picture]]:
    """Codes (n, D) decoded in each class, by its name."""
    names = [f"class {k}" for k in range(min(run.classes, CLASSES))]
    if run.method.classes_named:
        known = list(class_names(run, CLASSES))
        names[: len(known)] = known[: len(names)]
    strips = []
    for k, name in enumerate(names):
        frames = able(partial(_decoded, run, rest, k))
        strips.append((name, pictures.grid(frames, len(frames), f"samples of {name}")))
    return strips


def _hidden(run: Run) -> int:
    """Number of classes that are not shown."""
    return max(run.classes - CLASSES, 0)


def _decoded(run: Run, rest: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Images (n, C, H, W) of codes (n, D) with their class set to k."""
    return run.decode(run.with_class(rest, k))
