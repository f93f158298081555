"""One-shot classification of held-out identities, as Hosoya (2019) evaluates contents.

An identity is a combination of values of some factors, e.g. of shape and scale. Held-out identities
are in the grid of a run's data but not in its rows. One image of each is labelled; the others are
classified by the nearest labelled one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.convert.scale import to_unit
from unweave.reproduction.measures.columns import columns_of
from unweave.runs.run import Run
from unweave.seeds import fold

Distance = Literal["euclidean", "cosine"]
IMAGES = 200  # of each identity
DRAWS = 200  # of the labelled images


def accuracy(
    run: Run, *, identity: Sequence[str], block: str = "content", distance: Distance = "euclidean"
) -> float:
    """Accuracy, 0 to 1, of one-shot classification of held-out identities by the nearest code.

    identity: the factors that define one. block: the columns of the posterior mean that are
    compared; all of them where the method has no named blocks (vae). The mean over 200 images of
    each identity and 200 draws of the labelled ones.
    """
    images, y = held_out(run.data, identity)
    return by_nearest(run.encode(images)[:, columns_of(run, block)], y, distance)


def by_pixels(run: Run, *, identity: Sequence[str], distance: Distance = "euclidean") -> float:
    """The same accuracy with pixels in place of codes, on the same images."""
    images, y = held_out(run.data, identity)
    return by_nearest(to_unit(images, np.float64).reshape(len(images), -1), y, distance)


def times_pixels(run: Run, *, identity: Sequence[str], block: str = "content") -> float:
    """`accuracy` over that of raw pixels, both by Euclidean distance."""
    return accuracy(run, identity=identity, block=block) / by_pixels(run, identity=identity)


def held_out(
    data: Dataset, identity: Sequence[str], n: int = IMAGES
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Images (I * n, C, H, W) of the I identities that the data lack, and their numbers (I * n,).

    The other factors are those of a random row of the data for each image. Raises ValueError if
    fewer than two identities are missing.
    """
    own = [data.factors.index(name) for name in identity]
    v = data.factors_at(np.arange(len(data)))  # (N, K)
    seen = set(map(tuple, np.unique(v[:, own], axis=0).tolist()))
    every = itertools.product(*(range(data.factors.sizes[k]) for k in own))
    lacking = np.array([values for values in every if values not in seen])
    if len(lacking) < 2:
        raise ValueError(
            f"the data ({data.about}) lack {len(lacking)} combinations of {', '.join(identity)}; "
            f"hold out two or more: shift=without:{identity[0]}=0"
        )
    y = np.repeat(np.arange(len(lacking)), n)  # (I * n,)
    rng = np.random.default_rng(fold(0, "held out identities"))
    wanted = v[rng.integers(len(v), size=len(y))]  # (I * n, K)
    wanted[:, own] = lacking[y]
    return data.images(wanted), y


def by_nearest(
    codes: NDArray[Any], y: NDArray[np.int64], distance: Distance = "euclidean", draws: int = DRAWS
) -> float:
    """The share of codes (N, D) that are nearest to the labelled code of their own class y (N,).

    The mean over draws of one labelled code for each class. The labelled codes themselves are not
    counted; of equally near ones the first class is taken.
    """
    classes = np.unique(y)
    rng = np.random.default_rng(fold(0, "labelled"))
    codes = np.asarray(codes, dtype=np.float64)
    if distance == "cosine":
        codes = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    rows_of_class = [np.flatnonzero(y == value) for value in classes]
    shares = []
    for _ in range(draws):
        labelled = np.array([rng.choice(rows) for rows in rows_of_class])
        points = codes[labelled]  # (classes, D)
        # Squared distances (N, classes) without |code|^2, which does not change the order.
        squared = (points**2).sum(1) - 2 * codes @ points.T
        right = classes[squared.argmin(1)] == y  # (N,)
        right[labelled] = False
        shares.append(right.sum() / (len(y) - len(classes)))
    return float(np.mean(shares))
