"""Random numbers that no seed of a run repeats are warned of in its first steps, and cost nothing after them."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from unweave.data.images import ImageData
from unweave.methods.base import Method
from unweave.runs.train import train
from unweave.training import draws
from unweave.training.draws import watched
from unweave.types import Batch, Losses, Posterior

HERE = np.random.default_rng(0)
IMAGES = np.random.default_rng(0).integers(256, size=(16, 1, 8, 8), dtype=np.uint8)
SMALL: dict[str, Any] = {"batch_size": 8, "precision": "float32", "device": "cpu"}


class Noisy(Method):
    """A line whose loss has a factor at random."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(64, 2)

    def drawn(self) -> float:
        return torch.rand(()).item()

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.line(batch.x.flatten(1)).square().mean() * self.drawn()})

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.line(x.flatten(1)))


class OfNumpy(Noisy):
    def drawn(self) -> float:
        return np.random.rand()  # noqa: NPY002 (the mistake that is found)


class OfItsFile(Noisy):
    def drawn(self) -> float:
        return HERE.random()


@pytest.mark.parametrize(
    ("method", "named"),
    [
        (OfNumpy, "numpy.random"),
        (OfItsFile, f"{__name__}.HERE"),
    ],
)
def test_what_no_seed_repeats_is_warned_of_once(
    method: type[Noisy], named: str, tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="draw from torch") as caught:
        train(method, ImageData(IMAGES, name="noise"), out=tmp_path, steps=3, **SMALL)
    assert [str(warning.message) for warning in caught] == [
        f"{method.__name__}.losses, or take of the data, draws from {named}, which no seed of the "
        "run repeats: a resumed run will differ; draw from torch (torch.rand, torch.randn_like), "
        "which each step seeds"
    ]


OF_PYTHON = """
import random
import torch
from unweave.methods.base import Method
from unweave.types import Losses
class OfPython(Method):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
    def losses(self, batch, step):
        yield Losses({"model": self.weight * random.random()})
"""


def test_so_is_what_python_draws(tmp_path: Path) -> None:
    """In a process of its own: the checks of types, which the tests run under, draw from it too."""
    (tmp_path / "of_python.py").write_text(OF_PYTHON)
    words = ("of_python:OfPython", "--data", "digits", "--steps", "3", "--precision", "float32")
    ended = subprocess.run(
        [sys.executable, "-m", "unweave", "train", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        ended.stderr.count("OfPython.losses, or take of the data, draws from Python's random,") == 1
    )


def test_what_torch_draws_is_right_and_so_is_what_others_draw_between_steps(tmp_path: Path) -> None:
    def between(record: dict[str, Any]) -> None:
        np.random.rand()  # noqa: NPY002 (of the caller)

    data = ImageData(IMAGES, name="noise")
    train(Noisy, data, out=tmp_path, steps=3, log_every=1, progress=between, **SMALL)


def test_only_the_first_steps_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def counted(method: nn.Module) -> dict[str, Any]:
        looks.append(method)
        return {}

    monkeypatch.setattr(draws, "_states", counted)
    assert list(watched(iter(range(10)), Noisy())) == list(range(10))
    assert len(looks) == 4


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_run_of_few_steps_ends(steps: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(watched(iter(range(steps)), Noisy())) == list(range(steps))
