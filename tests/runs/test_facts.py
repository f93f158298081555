"""The fact `labels`: how many images a run labels, from the first construction of its method on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from torch import nn

from unweave.data.images import ImageData
from unweave.methods.base import Method
from unweave.runs.fitting import fits
from unweave.runs.run import load_run
from unweave.runs.train import train
from unweave.types import Batch, Losses

IMAGES = np.random.default_rng(0).integers(256, size=(16, 1, 8, 8), dtype=np.uint8)


class Plain(Method):
    """Asks for the number of labels, and needs none. seen: what each construction was given."""

    seen: ClassVar[list[int]] = []

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.labels, self.line = labels, nn.Linear(1, 1)
        self.seen.append(labels)

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.line.weight.sum()})


class Supervised(Plain):
    """Needs labels, and cannot be made without one."""

    def __init__(self, labels: int) -> None:
        if labels == 0:
            raise ValueError("Supervised learns from labels")
        super().__init__(labels)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"images", "labels"})


@pytest.mark.parametrize(("options", "expected"), [({"labels": 0}, 16), ({"labels": 6}, 6)])
def test_a_method_that_needs_labels_is_never_made_with_none(
    options: dict[str, Any], expected: int, tmp_path: Path
) -> None:
    data = ImageData(IMAGES, y=np.arange(16) % 2)
    Plain.seen.clear()
    run = train(Supervised, data, steps=1, batch_size=4, out=tmp_path, batch_options=options)
    assert set(Plain.seen) == {expected}
    assert run.info.labels == load_run(run.path).method.labels == expected


def test_a_method_that_needs_none_has_none_and_is_opened_with_none(tmp_path: Path) -> None:
    data = ImageData(IMAGES, y=np.arange(16) % 2)
    run = train(Plain, data, steps=1, batch_size=4, out=tmp_path)
    assert run.method.labels == run.info.labels == load_run(run.path).method.labels == 0


def test_data_without_labels_have_none_to_give(tmp_path: Path) -> None:
    data = ImageData(IMAGES)
    assert train(Plain, data, steps=1, batch_size=4, out=tmp_path).info.labels == 0
    with pytest.raises(ValueError, match="Supervised learns from labels"):
        train(Supervised, data, steps=1, batch_size=4, out=tmp_path)


def test_what_fits_is_made_with_the_labels_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unweave.runs.fitting.names", lambda: [f"{__name__}:Supervised"])
    (labelled,) = fits(ImageData(IMAGES, y=np.arange(16) % 2))
    assert (labelled.kind, labelled.reason) == ("labels", "")
    (without,) = fits(ImageData(IMAGES))
    assert without.reason == "Supervised learns from labels"
