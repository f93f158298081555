"""One-shot classification of identities that training never showed, as Hosoya (2019) tests contents.

An identity is a combination of values of some factors, e.g. of shape and scale. Held out are those that the grid of a
run's data has and its rows have not. One image of each is labelled; the others go to the nearest labelled one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.convert.scale import to_unit
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.settings import nearest

Distance = Literal["euclidean", "cosine"]
IMAGES = 200  # of each identity
DRAWS = 200  # of the labelled images


def accuracy(run: Run, *, identity: Sequence[str], block: str = "content", distance: Distance = "euclidean") -> float:
    """The share, from 0 to 1, of images of held-out identities that are nearest to the labelled one of their own.

    identity: the factors that make one. block: the columns of the posterior's mean that are compared; all of them where
    the method knows no blocks (vae). Over 200 images of each identity, 200 draws of the labelled ones.
    """
    images, y = held_out(run.data, identity)
    return by_nearest(run.encode(images)[:, _columns(run, block)], y, distance)


def by_pixels(run: Run, *, identity: Sequence[str], distance: Distance = "euclidean") -> float:
    """The same of the pixels of the same images: it knows nothing of the run but what was held out."""
    images, y = held_out(run.data, identity)
    return by_nearest(to_unit(images, np.float64).reshape(len(images), -1), y, distance)


def times_pixels(run: Run, *, identity: Sequence[str], block: str = "content") -> float:
    """`accuracy` over that of raw pixels, both by Euclidean distance."""
    return accuracy(run, identity=identity, block=block) / by_pixels(run, identity=identity)


def held_out(data: Dataset, identity: Sequence[str], n: int = IMAGES) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Images (I * n, C, H, W) of the I identities that the data lack, and the identity (I * n,) of each from 0.

    The other factors are those of rows of the data, drawn anew for each image. ValueError unless two identities or more
    are lacking.
    """
    own = [data.factors.index(name) for name in identity]
    v = data.factors_at(np.arange(len(data)))
    seen = set(map(tuple, np.unique(v[:, own], axis=0).tolist()))
    every = itertools.product(*(range(data.factors.sizes[k]) for k in own))
    lacking = np.array([values for values in every if values not in seen])
    if len(lacking) < 2:
        raise ValueError(
            f"the data ({data.about}) lack {len(lacking)} combinations of {', '.join(identity)}; hold out two or more: "
            f"shift=without:{identity[0]}=0"
        )
    y = np.repeat(np.arange(len(lacking)), n)
    asked = v[np.random.default_rng(fold(0, "held out identities")).integers(len(v), size=len(y))]
    asked[:, own] = lacking[y]
    return data.images(asked), y


def by_nearest(
    codes: NDArray[Any], y: NDArray[np.int64], distance: Distance = "euclidean", draws: int = DRAWS
) -> float:
    """The share of codes (N, D) nearest to the labelled one of their class (N,), mean over draws of one code a class.

    The labelled ones themselves are not counted; of equally near ones the first class is taken.
    """
    classes, rng = np.unique(y), np.random.default_rng(fold(0, "labelled"))
    codes = np.asarray(codes, dtype=np.float64)
    if distance == "cosine":
        codes = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    of = [np.flatnonzero(y == value) for value in classes]
    shares = []
    for _ in range(draws):
        labelled = np.array([rng.choice(rows) for rows in of])
        points = codes[labelled]
        squared = (points**2).sum(1) - 2 * codes @ points.T  # distances, less what all have in common
        right = classes[squared.argmin(1)] == y
        right[labelled] = False
        shares.append(right.sum() / (len(y) - len(classes)))
    return float(np.mean(shares))


def _columns(run: Run, block: str) -> slice:
    if block in run.blocks or set(run.blocks) == {"code"}:
        return run.blocks[block].columns if block in run.blocks else slice(None)
    raise ValueError(f"there is no block {block!r}; {nearest(block, run.blocks)}")
