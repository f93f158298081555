import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from unweave.cli import main

TINY = '''
"""A stranger's data set, method, part and metric, beside the user and not in the package."""
from typing import Annotated

import numpy as np
import torch
from torch import nn

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.methods.base import Method, NotAvailable, Player
from unweave.metrics.base import Measured, metric
from unweave.settings import Setting
from unweave.types import Losses, Posterior


def images(root, *, levels: Annotated[int, Setting("values of each factor", low=2)] = 4):
    factors = FactorSpace(("row", "column"), (levels, levels))
    def draw(v):
        x = np.zeros((len(v), 1, 8, 8), np.uint8)
        x[np.arange(len(v)), 0, v[:, 0], v[:, 1]] = 255
        return x
    return FactorImages(factors, draw, name="tiny", about=f"{levels} x {levels} dots")


def unlabelled(root):
    return ImageData(np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8), name="unlabelled")


class Mine(Method):
    def __init__(self, shape: tuple[int, ...], *, strength: Annotated[float, Setting("of it, nats", low=0)] = 1.0,
                 breaks_at: Annotated[int, Setting("step of the first NaN", low=0)] = 1000):
        super().__init__()
        self.encoder, self.strength, self.breaks_at = nn.Linear(64, 2), strength, breaks_at

    def losses(self, batch, step):
        loss = self.strength * self.encoder(batch.x.flatten(1)).square().mean()
        yield Losses({"model": loss * (float("nan") if step >= self.breaks_at else 1)}, {"square": loss})

    def encode(self, x):
        return Posterior(self.encoder(x.flatten(1)))


class Blind(Mine):
    def encode(self, x):
        raise NotAvailable("Blind sees nothing")


class Wrong(Method):
    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def losses(self, batch, step):
        raise ValueError("expected something else")


@metric(measures=("usefulness",))
def rows(table):
    """The number of rows, in thousands."""
    return Measured(table.n / 1000, "counted")


def same(root):
    """One factor, of which only one value is there."""
    x = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    return ImageData(x, labels=np.ones((40, 1)), factor_names=("row",), name="same")
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with a stranger's module `tiny.py`, which no other test sees."""
    (tmp_path / "tiny.py").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "tiny", raising=False)
    yield tmp_path
    sys.modules.pop("tiny", None)


@pytest.fixture
def unweave(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`unweave(*words) -> (exit code, stdout, stderr)`, in this process."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(map(str, words)))
        return code, *capsys.readouterr()

    return run
