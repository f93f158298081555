"""Data sets with wrong labels at random: the images stay, the labels do not fit them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.factors import Factors, FactorSpace, Rows
from unweave.data.fingerprint import Fingerprint
from unweave.data.render.noise import uniform
from unweave.types import DataInfo


class Mislabelled(Dataset):
    """Data set on a grid whose `observed_factors` are wrong with a probability, for chosen factors.

    The wrong value is uniform over the others; a factor of one value is never wrong. It is a
    function of the seed and the row of the grid: an image has one label, however often it is drawn,
    and no table is stored.

    Wrong labels reach: supervision (labelled rows), classes made of a factor, groups, views,
    triplets and classes that are drawn by factors, and the tables of the metrics. True factors are
    used by: `factors_at`, `images`, `sample_factors` and with them pairs and clips, which are made
    by changing factors and not by reading labels; interventions, as those of the dlib protocols;
    shifts that choose rows; traversals and contact sheets.

    Args:
        true: the data set. which: places of the factors that can be wrong. fraction: the
            probability, 0 to 1.
        seed: of the errors. about: one line on where it came from.
    """

    labels_are_true = False
    grid: FactorSpace

    def __init__(
        self, true: Dataset, which: Sequence[int], fraction: float, seed: int, about: str
    ) -> None:
        self.true = true
        self.fraction = fraction
        self.seed = seed
        self.about = about
        self.name = true.name
        self.white = true.white
        self.floats = true.floats
        self.grid = true.factors
        self.array = true.array
        self.ones_are_white = true.ones_are_white
        self.y = true.y
        self.class_names = true.class_names
        self.groups = true.groups
        self.pairs = true.pairs
        sizes = np.array(self.grid.sizes)
        self.which = np.isin(np.arange(len(sizes)), which) & (sizes > 1)
        # a part of the seed, so that errors on top of errors differ although the seed is the same
        self.layer = true.layers_of_errors
        self.layers_of_errors = self.layer + 1

    def __len__(self) -> int:
        return len(self.true)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W) of the rows (n,)."""
        return self.true.take(rows)

    def images(self, indices: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W) of the factor indices (n, K), which they show."""
        return self.true.images(indices)

    def observed_factors(self, rows: Rows) -> Factors:
        """The labels (n, K) of the rows (n,), some of them wrong."""
        v = self.true.observed_factors(rows)
        sizes = np.array(self.grid.sizes)
        # (n, 2 K) -> (n, K) each: whether a label is wrong, and which other value it has then
        drawn = uniform(self.seed, f"mislabelled {self.layer}", np.asarray(rows), 2 * len(sizes))
        chance, other = np.split(drawn, 2, axis=1)
        wrong = self.which & (chance < self.fraction)
        # a step of 1 to size - 1 round the circle of values
        step = 1 + (other * (sizes - 1)).astype(np.int64)
        return np.where(wrong, (v + step) % sizes, v)

    @cached_property
    def info(self) -> DataInfo:
        """The facts of the data set with true labels."""
        return self.true.info

    def digest(self, *, whole: bool = False) -> str:
        """Hash of the digest of the data set with true labels, and of the errors."""
        found = Fingerprint(whole=whole)
        found.add(self.true.digest(whole=whole), self.which, self.fraction, self.seed, self.layer)
        return found.hex()
