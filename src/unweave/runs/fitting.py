"""Which methods a data set can train: each is made on its facts, and its batches are planned."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache

import torch

from unweave.data.base import Dataset
from unweave.data.sampling.batches import stream
from unweave.methods import names
from unweave.methods.resolve import resolve
from unweave.runs.facts import with_labels
from unweave.types import DataInfo

# What a method may need and what it gains by it, from the most that has to be known to the least
KINDS = {
    "labels": "few labels: some images name their class or factors, "
    "and columns take these meanings",
    "classes": "the class of every image: what a class shares is separated "
    "from what varies within it",
    "views": "views of one thing: what they share is separated from the side that it is seen from",
    "clips": "clips: what stays the same in a clip is separated from what moves",
    "triplets": "two images of one class and one of another: what a class shares is separated "
    "from the rest",
    "pairs": "pairs of images that differ in few factors: columns that differ are found "
    "to be those factors",
    "groups": "groups of images that share something: what is shared is separated from the rest",
    "images": "images alone: nothing says which of many equally good codes is found; "
    "compare several seeds",
}
# data of which all is known
EVERYTHING = DataInfo(1000, (1, 64, 64), 10, ("shape", "size"), (3, 6), labels=10)


@dataclass(frozen=True)
class Fit:
    """Whether a method can be trained on data.

    kind: what it needs, of `KINDS`. reason: why it cannot be trained on them, "" if it can.
    """

    method: str
    kind: str
    reason: str


def fits(data: Dataset) -> list[Fit]:
    """Every method, in the order of the registry."""
    return [Fit(name, kind_of(name), _reason(name, data)) for name in names()]


@lru_cache
def kind_of(method: str) -> str:
    """What a method needs on data of which everything is known, of `KINDS`."""
    needs = _needs(method, EVERYTHING)
    kind = next(kind for kind in KINDS if kind in needs)
    if kind == "images" and _refused(method, dataclasses.replace(EVERYTHING, classes=0)):
        return "classes"  # its batches are of images, and it takes the class of each
    return kind


def _reason(method: str, data: Dataset) -> str:
    """Why a method of default settings cannot be trained on the data, "" if it can."""
    try:
        stream(data, _needs(method, with_labels(data)), labels=0)
    except ValueError as error:
        return str(error)
    return ""


def _refused(method: str, info: DataInfo) -> bool:
    try:
        _needs(method, info)
    except ValueError:
        return True
    return False


def _needs(method: str, info: DataInfo) -> frozenset[str]:
    """What a method of default settings needs. ValueError if it cannot be made on such data."""
    with torch.device("meta"):  # no weights are drawn
        return resolve(method, {}, info).make(info).needs or frozenset({"images"})
