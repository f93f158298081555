"""Swaps against the true image: the style of one image with the content of another.

The error of the decoded image shows each way to cheat: a code that is ignored, one that contains
the other, and a decoder that blurs. Mathieu et al. (2016) and Gabbay and Hoshen (2020) show such
images; the comparison with the true one needs data that can be rendered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin

from unweave.data.base import Dataset
from unweave.data.classes import factor_number
from unweave.data.convert.scale import to_unit
from unweave.data.sampling.listed_cells import ListedCells
from unweave.evaluation.latents import compose
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.likeness import squared
from unweave.reproduction.measures.seen import held_out_or_all
from unweave.runs.run import Run
from unweave.seeds import fold

ROWS = 1_000
NAMED = 20_000  # true images that name a swapped one


def error(
    run: Run, *, content: Sequence[str], block: str = "content", n: int = ROWS, seed: int = 0
) -> float:
    """Squared error of swapped images over that of the mean of their targets.

    It is 0 or more, lower is better, and 1 for a decoder that knows neither code. content: the
    factors that the block stands for; all others are style. The images are of the run's held-out
    rows, where it has some. ValueError if the run has no such block or the data no such factor, or
    if they cannot be rendered.
    """
    _, made, targets = _swapped(run, content, block, n, seed)
    true = to_unit(targets)
    blank = np.broadcast_to(true.mean(0), true.shape)  # the mean target, for every image
    return float(squared(made, true).mean() / squared(blank, true).mean())


def accuracy(
    run: Run, *, content: Sequence[str], block: str = "content", n: int = ROWS, seed: int = 0
) -> float:
    """Share of swapped images whose nearest true image has the content of the second: 0 to 1.

    content: the factors that the block stands for. The true images are those of the run's data,
    held-out ones too, 20,000 at most: a true image is always named rightly. ValueError
    as for `error`.
    """
    given, made, _ = _swapped(run, content, block, n, seed)
    rng = np.random.default_rng(fold(seed, "named"))
    rows = rng.permutation(len(run.data))[:NAMED]
    known = to_unit(run.data.take(rows)).reshape(len(rows), -1)
    nearest = pairwise_distances_argmin(made.reshape(n, -1), known)  # (n,) places in rows
    own = [factor_number(run.data, name) for name in content]
    named = run.data.factors_at(rows[nearest])[:, own]
    return float((named == given[:, own]).all(1).mean())


def _swapped(
    run: Run, content: Sequence[str], block: str, n: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.generic]]:
    """Factors (n, K) of the images that give the content, and swapped and true images (n, C, H, W)."""
    data = held_out_or_all(run)
    style, given, targets = pairs(data, content, n, seed)
    codes = run.encode(data.take(style))  # (n, D)
    every = range(codes.shape[1])[columns_of(run, block)]
    made = run.decode(compose(codes, (run.encode(data.take(given)), list(every))))
    return data.factors_at(given), made, targets


def within_clips(run: Run, *, block: str = "content", n: int = ROWS, seed: int = 0) -> float:
    """Squared error of frames decoded with the block of another frame of their clip.

    Over that of showing the other frame: 0 or more, lower is better, 1 for a decoder that copies.
    Of held-out clips, where there are some. ValueError if the data have no clips.
    """
    data = held_out_or_all(run)
    if data.groups is None:
        raise ValueError(f"{data.name} has no clips to take two frames of")
    frames = ListedCells(data.groups).keep(2)
    rng = np.random.default_rng(fold(seed, "swap"))
    given, target = frames.members(rng, frames.cells(rng, n), 2).T
    codes = run.encode(data.take(target))
    every = range(codes.shape[1])[columns_of(run, block)]
    made = run.decode(compose(codes, (run.encode(data.take(given)), list(every))))
    true = to_unit(data.take(target))
    return float(squared(made, true).mean() / squared(to_unit(data.take(given)), true).mean())


def pairs(
    data: Dataset, content: Sequence[str], n: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.generic]]:
    """Rows (n,) of style and of content images, and their true combinations (n, C, H, W)."""
    own = [factor_number(data, name) for name in content]
    rng = np.random.default_rng(fold(seed, "swap"))
    style = rng.integers(len(data), size=n)
    given = rng.integers(len(data), size=n)
    wanted = data.factors_at(style)  # (n, K)
    wanted[:, own] = data.factors_at(given)[:, own]
    return style, given, data.whole.images(wanted)
