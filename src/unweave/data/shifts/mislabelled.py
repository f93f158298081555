"""Labels that are wrong at random: the images stay, and what a method and a metric are told of them does not fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import Rows
from unweave.data.images import FactorImages
from unweave.data.render.noise import uniform


class Mislabelled(FactorImages):
    """A `FactorImages` whose `observed_factors` gives another value than the image shows, with a probability, of chosen
    factors.

    The wrong value is uniform over the others; a factor of one value is never wrong. It is a function of the seed and
    the row of the grid: an image has one label, however often it is drawn, and no table is kept.

    Who is told: supervision (labelled rows), classes made of a factor, groups, views, triplets and classes that are
    drawn by factors, and the tables of the metrics. Who sees the truth: `factors_at`, `images`, `sample_factors` and with them
    pairs and clips, which are made by changing factors and not by reading labels; interventions, as those of the dlib
    protocols; shifts that choose rows; traversals and contact sheets.

    Args:
        true: the images. which: places of the factors that can be wrong. fraction: the probability, 0 to 1.
        seed: of the errors. about: one line on where it came from.
    """

    labels_are_true = False

    def __init__(self, true: FactorImages, which: Sequence[int], fraction: float, seed: int, about: str) -> None:
        self.true, self.fraction, self.seed, self.about = true, fraction, seed, about
        self.factors, self.name, self.array = true.factors, true.name, true.array
        self._draw, self._binary = true._draw, true._binary
        self.white = true.white
        self.floats = true.floats
        self.which = np.isin(np.arange(len(true.factors.sizes)), which) & (np.array(true.factors.sizes) > 1)
        self.layer: int = true.layer + 1 if isinstance(true, Mislabelled) else 0  # the same seed twice errs twice

    def observed_factors(self, rows: Rows) -> NDArray[np.int64]:
        """The factor tuples (n, K) that are given out for the rows (n,)."""
        v, sizes = self.true.observed_factors(rows), np.array(self.factors.sizes)
        drawn = uniform(self.seed, f"mislabelled {self.layer}", np.asarray(rows), 2 * len(sizes))
        chance, other = np.split(drawn, 2, axis=1)
        wrong = self.which & (chance < self.fraction)
        return np.where(wrong, (v + 1 + (other * (sizes - 1)).astype(np.int64)) % sizes, v)
