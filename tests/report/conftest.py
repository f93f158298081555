"""Small runs to write about: real ones, trained for a dozen steps, and methods that cannot do everything."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from tests.configs import rewrite
from torch import nn

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.sampling.options import BatchConfig
from unweave.methods.base import Method
from unweave.runs import train as fit
from unweave.runs.config import DataConfig, LoopConfig, MethodConfig, RunConfig
from unweave.runs.folder import Folder
from unweave.runs.run import Run
from unweave.types import Posterior

WICKED = "<script>alert(1)</script>"


def squares(v: np.ndarray) -> np.ndarray:
    """A square of three sizes at four places in a row, in ten greys, 16 x 16."""
    images = np.zeros((len(v), 1, 16, 16), np.uint8)
    for image, (size, x, grey) in zip(images, v, strict=True):
        image[0, 4 : 6 + 2 * size, 3 * x : 3 * x + 2 + 2 * size] = 75 + 20 * grey
    return images


@pytest.fixture(scope="session")
def grid() -> FactorImages:
    return FactorImages(FactorSpace(("size", "x", "grey"), (3, 4, 10)), squares, name="squares")


@pytest.fixture(scope="session")
def run(grid, tmp_path_factory) -> Run:
    """A beta-VAE of three latents after a dozen steps."""
    small = {"encoder": "mlp", "decoder": "mlp", "latents": 3, "log_every": 2, "holdout": 0.25}
    small |= {
        "encoder.width": 16,
        "decoder.width": 16,
        "lr": 0.02,
        "beta": 0.1,
    }  # which a latent is in use after
    return fit.train(
        "beta-vae", grid, steps=12, batch_size=4, out=tmp_path_factory.mktemp("runs"), **small
    )


@pytest.fixture
def again(run, tmp_path):
    """The same run under another seed or method, as far as its config goes."""

    def make(seed: int, method: str = "beta-vae") -> Run:
        path = tmp_path / f"{method}-squares-{seed}"
        shutil.copytree(run.path, path)

        def change(config):
            config["loop"]["seed"] = seed
            config["method"]["name"] = method

        rewrite(path, change)
        return Run(Folder(path), run.method, run.data)

    return make


@pytest.fixture
def classes() -> ImageData:
    """Twelve images in two classes, one with a name that tries to run."""
    images = np.random.default_rng(0).integers(0, 256, (12, 1, 4, 4)).astype(np.uint8)
    return ImageData(
        images, y=np.arange(12) % 2, class_names=("plain", WICKED), name=WICKED, about="a & b <i>"
    )


class Known(Method):
    """Codes whose use and effect are known: pixel j of the image is the sigmoid of latent j."""

    def __init__(self, encodes: bool = True, prior: bool = True):
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.encodes, self.has_prior = encodes, prior

    def encode(self, x):
        if not self.encodes:
            return super().encode(x)
        return Posterior(x.flatten(1)[:, :3] * torch.tensor([0.0, 2.0, 1.0]))

    def decode(self, z):
        image = torch.zeros(len(z), 16)
        image[:, :3] = torch.sigmoid(z)
        return image.reshape(-1, 1, 4, 4)

    def sample_prior(self, n):
        return torch.randn(n, 3) if self.has_prior else super().sample_prior(n)


@pytest.fixture
def known_run(tmp_path):
    """A Run around a `Known` method, on noise of 4 x 4 pixels."""

    def make(data: ImageData | None = None, folder: str = "known-noise-0", **can) -> Run:
        pixels = np.random.default_rng(0).integers(0, 256, (40, 1, 4, 4)).astype(np.uint8)
        data = ImageData(pixels, name="noise") if data is None else data
        config = RunConfig(
            MethodConfig("known", {}, {}),
            DataConfig(data.name, None, None, {}, data.about, data.info),
            BatchConfig(),
            LoopConfig(steps=4),
            versions={"unweave": "0"},
        )
        return Run(Folder.create(tmp_path / folder, config), Known(**can), data)

    return make
