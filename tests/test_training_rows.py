"""Which rows a method is trained on: `Batch.index` counts them and `n` is their number, whatever view the data are."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from tests.configs import rewrite
from torch import Tensor, nn

import unweave
from unweave import data as datasets
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.methods.base import Method
from unweave.runs.folder import Folder
from unweave.runs.run import load_run, parted
from unweave.runs.train import resume
from unweave.settings import Setting
from unweave.types import Batch, Losses, Posterior

SPACE = FactorSpace(("row", "column", "grey"), (6, 5, 4))
SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "latents": 3,
}


def draw(v: np.ndarray) -> np.ndarray:
    """One lit pixel, so that no two combinations of factors look alike."""
    images = np.zeros((len(v), 1, 6, 5), np.uint8)
    images[np.arange(len(v)), 0, v[:, 0], v[:, 1]] = 60 * (v[:, 2] + 1)
    return images


class CodeOfEachRow(Method):
    """A learned code for every row, as of LORD; it remembers the image of each row it was shown."""

    def __init__(self, n: int, *, kind: Annotated[str, Setting("of batch")] = "images") -> None:
        super().__init__()
        self.code, self.kind = nn.Embedding(n, 1), kind
        self.register_buffer("image", torch.full((n, 30), math.nan))

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(self.kind.split("+"))

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        for shown in (batch, batch.labelled):
            if shown is not None:
                self.remember(shown.index.reshape(-1), shown.x.reshape(shown.index.numel(), -1))
        yield Losses({"model": self.code(batch.index).square().mean()})

    def remember(self, rows: Tensor, x: Tensor) -> None:
        known = ~self.image[rows, 0].isnan()
        assert torch.equal(self.image[rows][known], x[known]), "a row showed two images"
        self.image[rows] = x

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(x.flatten(1)[:, :2])


def board() -> FactorImages:
    return FactorImages(SPACE, draw, name="board")


def pictures() -> ImageData:
    v = SPACE.factors_at(np.arange(len(SPACE)))
    return ImageData(
        draw(v),
        y=v[:, 0],
        groups=v[:, 1],
        labels=v,
        factor_names=SPACE.names,
        factor_sizes=SPACE.sizes,
    )


SOURCES = {
    "images": pictures,
    "grid": board,
    "part of a grid": lambda: datasets.load(board(), shift="only:row=0-3"),
    "correlated factors": lambda: datasets.load(
        board(), shift="correlated:row,column,strength=0.3"
    ),
    "imbalanced factor": lambda: datasets.load(board(), shift="imbalanced:row,ratio=9"),
}


@pytest.mark.parametrize(
    "kind", ["images", "groups", "pairs", "triplets", "views", "classes", "images+labels"]
)
@pytest.mark.parametrize("holdout", [0.0, 0.25])
@pytest.mark.parametrize("name", SOURCES)
def test_index_and_n_are_of_the_rows_that_are_trained_on(name, holdout, kind, tmp_path) -> None:
    source = SOURCES[name]()
    options = {"labels": 10} if "labels" in kind else {}
    how = {
        "batch_size": 24,
        "log_every": 5,
        "out": tmp_path,
        "batch_options": options,
        "holdout": holdout,
    }
    run = unweave.train(CodeOfEachRow, source, kind=kind, steps=15, **how)
    seen, held = parted(source, run.config.loop)
    assert run.info.n == len(seen) == len(source) - (0 if held is None else len(held))
    shown = ~run.method.image[:, 0].isnan().numpy()
    assert shown.mean() > 0.4
    images = seen.take(np.flatnonzero(shown)).reshape(shown.sum(), -1) / np.float32(255)
    np.testing.assert_array_equal(run.method.image.numpy()[shown], images)
    assert torch.equal(load_run(run.path).method.code.weight, run.method.code.weight)


def test_information_has_the_ceiling_of_the_training_rows(tmp_path) -> None:
    how = {"estimator": "stratified", "steps": 1, "batch_size": 8, "holdout": 0.8, "out": tmp_path}
    run = unweave.train("beta-tcvae", pictures(), **how, **SMALL)
    assert run.method.regulariser.n == run.info.n < 60
    apart = Posterior(torch.arange(16.0)[:, None].expand(16, 3) * 100, torch.full((16, 3), -9.0))
    run.method.encode = lambda x: apart
    terms = next(run.method.losses(Batch(torch.rand(16, 1, 6, 5)), 0)).terms
    assert float(terms["mutual information"]) <= math.log(run.info.n) + 1e-4


def test_an_older_run_goes_on_with_the_n_it_was_made_with(tmp_path) -> None:
    """Such a run kept the number of all rows, also where some were held out."""
    path = unweave.train(
        "beta-tcvae", pictures(), steps=1, batch_size=8, holdout=0.5, out=tmp_path, **SMALL
    ).path
    old = Path(shutil.copytree(path, tmp_path / "old"))

    def change(config):
        assert config["data"].pop("rows") == 120
        config["data"]["info"]["n"] = 120
        config["loop"]["steps"] = 3

    rewrite(old, change)
    (old / "done").unlink()
    assert resume(old, data=pictures()).method.regulariser.n == 120
    assert load_run(old).info.n == 120


def test_a_resumed_run_tells_other_data_by_all_their_rows(tmp_path) -> None:
    path = unweave.train(
        "vae", pictures(), steps=1, batch_size=8, holdout=0.5, out=tmp_path, **SMALL
    ).path
    assert resume(path, data=pictures()).info.n == run_rows(path) - len(load_held(path))
    with pytest.raises(ValueError, match="the data have changed: 60 images"):
        resume(path, data=ImageData(draw(SPACE.factors_at(np.arange(60)))))


def run_rows(path: Path) -> int:
    return Folder(path).config.data.rows


def load_held(path: Path) -> Any:
    return parted(pictures(), Folder(path).config.loop)[1]
