"""What a batch holds for each member of `needs` is what the table in its docstring says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.sampling.batches import stream
from unweave.methods.base import NEEDS, Method
from unweave.runs.run import load_run
from unweave.runs.train import train
from unweave.types import Batch, Losses

N = 60
ROWS = {"(B,)": (24,), "(B, 2)": (12, 2), "(B, 3)": (8, 3), "(B, M)": (6, 4)}
IMAGES = np.random.default_rng(0).integers(256, size=(N, 1, 4, 4), dtype=np.uint8)
LABELS = np.random.default_rng(0).integers(3, size=(N, 2)).astype(float)
NAMED: dict[str, Any] = {"factor_names": ("a", "b"), "factor_sizes": (3, 3)}
GRID = FactorImages(FactorSpace(("colour", "shape", "size"), (3, 4, 5)), IMAGES, binary=False)
DATA = {  # and what is known of them
    "grid": (GRID, {"factors", "grid"}),
    "grid with classes": (with_classes(GRID, "shape"), {"factors", "grid", "classes"}),
    "classes": (ImageData(IMAGES, y=np.arange(N) % 4, groups=np.arange(N) // 10), {"classes"}),
    "labels": (ImageData(IMAGES, labels=LABELS, groups=np.arange(N) // 10, **NAMED), {"factors"}),
}


def table() -> dict[str, dict[str, str]]:
    """{need: {column: when it is there}} of the docstring."""
    lines = [
        line.strip().strip("|").split("|")
        for line in inspect.getdoc(Batch).splitlines()
        if line.startswith("|")
    ]
    (head, _, *rest) = [[cell.strip() for cell in line] for line in lines]
    return {
        need.partition(":")[0]: dict(zip(head[1:], cells, strict=True)) for need, *cells in rest
    }


def test_the_table_names_every_need() -> None:
    assert list(table()) == [*NEEDS, "labels"]


CASES = [(name, need) for name in DATA for need in (*NEEDS, "labels")]


@pytest.mark.parametrize(("name", "need"), CASES)
def test_a_batch_holds_what_the_table_says(name: str, need: str) -> None:
    data, known = DATA[name]
    shared = ("a",) if (name, need) == ("labels", "triplets") else ()
    batch = stream(data, {need}, batch_size=24, clip_length=4, labels=20, shared=shared)(1)
    assert (batch.labelled is not None) == (need == "labels")
    batch = batch.labelled or batch
    line = table()[need]
    rows = ROWS[line.pop("rows")]
    assert batch.x.shape == (*rows, 1, 4, 4)
    for column, when in line.items():
        found = getattr(batch, column)
        assert (found is not None) == (when == "always" or when in known), column
        if found is not None:
            of_factors = column in ("v", "changed")
            assert found.shape == (
                (rows[0], len(data.info.factor_names)) if of_factors else rows
            ), column


class Counts(Method):
    """Asks how many labels there are. Needs them if `supervised`."""

    supervised = True

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.labels, self.weight = labels, torch.nn.Parameter(torch.ones(()))

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"images", "labels"} if self.supervised else {"images"})

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.weight * 1})


class Unsupervised(Counts):
    """Needs no labels."""

    supervised = False


@pytest.mark.parametrize(
    ("made", "options", "number"),
    [(Counts, {"labels": 7}, 7), (Counts, {"labels": 0}, 50), (Unsupervised, {}, 0)],
)
def test_a_method_may_ask_how_many_labels_a_run_gives(
    tmp_path: Path, made: type[Counts], options: Mapping[str, int], number: int
) -> None:
    """Of 60 images 50 have labels."""
    labels = np.where(np.arange(N)[:, None] < 50, LABELS, np.nan)
    data = ImageData(IMAGES, labels=labels, **NAMED)
    run = train(made, data, out=tmp_path, steps=1, batch_size=4, batch_options=options)
    assert run.method.labels == number
    assert load_run(run.path, trust=True).method.labels == number
    assert "labels" not in run.config.hashed()["data"]["info"], "a run's name stays"
