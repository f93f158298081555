"""Images of factor combinations that training never showed, composed from codes of images that it did.

For a held-out image and one factor f two seen images are drawn: one that differs from it in f alone, and one that shares
f with it and is otherwise any. The code of the first, with the latents that belong to f from the second, is decoded and
compared with the true image, as is the seen image that is nearest to it, of all there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.convert.scale import to_unit
from unweave.evaluation.latents import compose
from unweave.reproduction.measures.likeness import squared, ssim
from unweave.reproduction.measures.owners import owners_of
from unweave.reproduction.measures.seen import opened
from unweave.runs.run import Run
from unweave.seeds import fold

Part = Literal["ratio", "median", "nearer", "similarity", "reconstruction", "donor"]
Images = NDArray[np.float32]
AT_ONCE = 4096  # seen images that are compared at a time


@dataclass(frozen=True)
class Compositions:
    """Images (n, C, H, W) in [0, 1] of n held-out combinations; `factor` (n,) is the one that came from a second image.

    true: as the data have them. made: composed. nearest: the seen images nearest to the true ones. donor: the seen
    images that differ in the factor alone. rebuilt: the true ones, encoded and decoded.
    """

    true: Images
    made: Images
    nearest: Images
    donor: Images
    rebuilt: Images
    factor: NDArray[np.int64]

    def value(self, part: Part = "ratio") -> float:
        """One number; errors are squared, summed over pixels and averaged over images.

        ratio: error of the made over that of the nearest seen, below 1 where composing is better than looking up.
        median: the same ratio of medians. nearer: the share of made images with the smaller error.
        similarity: SSIM of the made less that of the nearest, above 0 where better. reconstruction, donor: the error of
        the rebuilt image, and of the seen one that differs in one factor, over that of the nearest.
        """
        made, nearest = squared(self.made, self.true), squared(self.nearest, self.true)
        if part == "nearer":
            return float((made < nearest).mean())
        if part == "similarity":
            return float((ssim(self.made, self.true) - ssim(self.nearest, self.true)).mean())
        if part == "median":
            return float(np.median(made) / np.median(nearest))
        of = {"ratio": self.made, "reconstruction": self.rebuilt, "donor": self.donor}[part]
        return float(squared(of, self.true).mean() / nearest.mean())


def composition(run: Run, *, held_out: str, factors: Sequence[str], part: Part = "ratio", n: int = 600) -> float:
    """One number of `compositions`; see `Compositions.value` for the parts."""
    return compositions(run, held_out=held_out, factors=factors, n=n).value(part)


def compositions(
    run: Run,
    *,
    held_out: str,
    factors: Sequence[str],
    n: int = 600,
    owners: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Compositions:
    """Images of n held-out combinations, composed.

    run: trained on a shift, which is seen. held_out: the shift, as text, of what is not. factors: those that come from a
    second image, in turn. owners: the factor of each latent, (D,); found from the seen images if None.
    ValueError if the run's data know no factors, what is held out was seen, or no seen image differs from a target in
    one of the factors alone.
    """
    seen, held = opened(run), opened(run, held_out)
    rng = np.random.default_rng(fold(seed, "compositions"))
    v = held.factors_at(rng.choice(len(held), size=min(n, len(held)), replace=False))
    if (shown := seen.find(v) >= 0).any():
        raise ValueError(f"{shown.sum()} of {len(v)} combinations of {held_out!r} were seen in training; hold them out")
    bases, givers, factor = _donors(seen, v, [seen.factors.index(name) for name in factors], rng)
    owners = owners_of(run, seen) if owners is None else owners
    codes, given = run.encode(seen.take(bases)), run.encode(seen.take(givers))
    for k in np.unique(factor):
        rows = factor == k
        codes[rows] = compose(codes[rows], (given[rows], np.flatnonzero(owners == k).tolist()))
    true = held.images(v)
    nearest, donor = (to_unit(seen.take(rows)) for rows in (_nearest(seen, true), bases))
    return Compositions(to_unit(true), run.decode(codes), nearest, donor, run.reconstruct(true), factor)


def _donors(
    seen: Dataset, v: NDArray[np.int64], order: Sequence[int], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of seen images: one differs from v (n, K) in one factor alone, one shares it; and that factor, (n,) each.

    The factors take turns; the next one steps in where all images that differ in that factor alone are held out.
    """
    every, found = seen.factors_at(np.arange(len(seen))), []
    for i, target in enumerate(v):
        for k in np.roll(order, -i):
            others = np.repeat(target[None], seen.factors.sizes[k], 0)
            others[:, k] = np.arange(len(others))
            rows = seen.find(others)
            if (rows >= 0).any():
                found.append((rng.choice(rows[rows >= 0]), rng.choice(np.flatnonzero(every[:, k] == target[k])), k))
                break
        else:
            names = ", ".join(seen.factors.names[k] for k in order)
            raise ValueError(f"no seen image differs from {target.tolist()} in one of {names} alone; hold out less")
    bases, givers, factor = np.array(found).T
    return bases, givers, factor


def _nearest(seen: Dataset, images: NDArray[np.generic]) -> NDArray[np.int64]:
    """The row (n,) of the seen image with the smallest squared error to each image, of all of them."""
    asked = to_unit(images).reshape(len(images), -1)
    least, row = np.full(len(asked), np.inf), np.zeros(len(asked), dtype=np.int64)
    for start in range(0, len(seen), AT_ONCE):
        some = to_unit(seen.take(np.arange(start, min(start + AT_ONCE, len(seen))))).reshape(-1, asked.shape[1])
        apart = (some**2).sum(1) - 2 * asked @ some.T  # less what all of them have in common
        best = apart.argmin(1)
        closer = apart[np.arange(len(asked)), best] < least
        least, row = np.where(closer, apart.min(1), least), np.where(closer, best + start, row)
    return row
