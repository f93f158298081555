"""Small data and small nets, for methods that are small but move as the real ones do."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.data.images import ImageData
from unweave.data.sampling.batches import Stream, stream

SIDE, CLASSES, FACTORS, N = 8, 4, 3, 48
SHAPE = (1, SIDE, SIDE)
BATCH = 16


def pictures() -> ImageData:
    """48 images of noise in 4 classes and 6 groups of 8 frames, with 3 labelled factors of 5 values."""
    rng = np.random.default_rng(0)
    return ImageData(
        rng.integers(256, size=(N, *SHAPE), dtype=np.uint8),
        y=np.arange(N) % CLASSES,
        labels=rng.integers(5, size=(N, FACTORS)),
        factor_names=("shape", "size", "angle"),
        factor_sizes=(5, 5, 5),
        groups=np.arange(N) // 8,
        name="pictures",
    )


def vectors() -> ImageData:
    """48 vectors of 6 numbers."""
    return ImageData(
        np.random.default_rng(0).standard_normal((N, 6)).astype(np.float32), name="vectors"
    )


def batches(data: ImageData, needs: frozenset[str], seed: int = 7) -> Stream:
    """The real stream of these data, every label used."""
    return stream(data, needs, batch_size=BATCH, seed=seed, labels=0, group_size=4)


def mlp(inputs: int, outputs: int) -> nn.Sequential:
    """One hidden layer."""
    return nn.Sequential(nn.Linear(inputs, 32), nn.ReLU(), nn.Linear(32, outputs))


def encoder(outputs: int) -> nn.Sequential:
    """Images to (B, outputs)."""
    return nn.Sequential(nn.Flatten(), mlp(SIDE * SIDE, outputs))


def decoder(inputs: int) -> nn.Sequential:
    """(B, inputs) to logits of images."""
    return nn.Sequential(mlp(inputs, SIDE * SIDE), nn.Unflatten(1, SHAPE))


def critic(inputs: int) -> nn.Sequential:
    """(B, inputs) to one logit (B,)."""
    return nn.Sequential(mlp(inputs, 1), nn.Flatten(0))


def real(logits: Tensor) -> Tensor:
    """Cross-entropy of logits that should say "real"."""
    return F.softplus(-logits.float()).mean()


def fake(logits: Tensor) -> Tensor:
    """Cross-entropy of logits that should say "fake"."""
    return F.softplus(logits.float()).mean()


def one_hot(y: Tensor) -> Tensor:
    """Classes (B,) as rows (B, CLASSES)."""
    return F.one_hot(y, CLASSES).float()


def uniform(n: int, columns: int) -> Tensor:
    """(n, columns) in [-1, 1]."""
    return 2 * torch.rand(n, columns) - 1
