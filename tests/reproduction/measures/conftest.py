"""A run whose codes are known: factors themselves, or factors turned."""

import numpy as np
import pytest
import torch

import unweave
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.shifts.text import shifted
from unweave.types import Posterior

SIZES = (3, 4, 8)


def draw(v):
    """Images (n, 1, 8, 8): a column of light at the place, as high as the shape says and as bright as the size.

    A pixel in the corner tells the copies of one sight apart; no code knows of it.
    """
    images = np.zeros((len(v), 1, 8, 8), dtype=np.uint8)
    for image, (shape, size, place, copy) in zip(images, v, strict=True):
        image[0, 7, 7] = 20 * copy
        image[0, : 2 + 2 * shape, place] = 60 * (size + 1)
    return images


def factors_of(x):
    """The factors (n, 3) of images, exactly."""
    x = x[:, :, :7]
    place = x[:, 0].max(1).argmax(1)
    lit = x[np.arange(len(x)), 0, :, place]
    return np.stack([((lit > 0).sum(1) - 2) / 2, lit.max(1) * 255 / 60 - 1, place], 1)


@pytest.fixture
def turn():
    """A rotation (3, 3) that leaves no factor in a latent of its own."""
    return np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """`made(shift, turn, copies)`: a run trained on a shift, whose codes are the factors, turned if there is a turn."""

    def make(shift, turn=None, copies=1):
        turn = np.eye(3) if turn is None else turn
        space = FactorSpace(("shape", "size", "place", "copy"), (*SIZES, copies))
        data = shifted(FactorImages(space, draw, name="columns", binary=False), shift)
        small = {
            "encoder": "mlp",
            "decoder": "mlp",
            "encoder.width": 8,
            "decoder.width": 8,
            "latents": 3,
        }
        run = unweave.train(
            "vae", data, steps=1, batch_size=8, out=tmp_path, overwrite=True, **small
        )

        def encode(x):
            return Posterior(torch.tensor(factors_of(x.numpy()) @ turn, dtype=torch.float32))

        def decode(z):
            v = np.clip(np.round(z.numpy() @ turn.T), 0, np.array(SIZES) - 1).astype(int)
            return torch.tensor(draw(np.c_[v, np.zeros_like(v[:, :1])]) / 255, dtype=torch.float32)

        monkeypatch.setattr(run.method, "encode", encode)
        monkeypatch.setattr(run.method, "decode", decode)
        return run

    return make
