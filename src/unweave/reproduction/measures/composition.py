"""Compositional generalisation: held-out combinations of factors, composed from known codes.

For a held-out image and one factor f, two training images are drawn at random: a base that differs
from it in f alone, and a giver that has the same f. The code of the base, with the latents that
belong to f from the giver, is decoded and compared with the true image. The baseline is the
training image nearest to the true one.
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
    """Images (n, C, H, W) in [0, 1] of n held-out combinations.

    true: as in the data. made: composed. nearest: the training images nearest to the true ones.
    donor: the training images that differ in one factor alone. rebuilt: reconstructions of the true
    ones. factor: (n,), index of the factor that came from a second image.
    """

    true: Images
    made: Images
    nearest: Images
    donor: Images
    rebuilt: Images
    factor: NDArray[np.int64]

    def value(self, part: Part = "ratio") -> float:
        """One number; errors are squared, summed over pixels and averaged over images.

        ratio: error of the composed over that of the nearest image, below 1 where composing is
        better. median: the same ratio of medians. nearer: share of composed images with the smaller
        error. similarity: SSIM of the composed less that of the nearest, above 0 where composing is
        better. reconstruction, donor: the error of the reconstruction, and of the training image
        that differs in one factor, over that of the nearest.
        """
        made = squared(self.made, self.true)  # (n,)
        nearest = squared(self.nearest, self.true)
        if part == "nearer":
            return float((made < nearest).mean())
        if part == "similarity":
            return float((ssim(self.made, self.true) - ssim(self.nearest, self.true)).mean())
        if part == "median":
            return float(np.median(made) / np.median(nearest))
        of = {"ratio": self.made, "reconstruction": self.rebuilt, "donor": self.donor}[part]
        return float(squared(of, self.true).mean() / nearest.mean())


def composition(
    run: Run, *, held_out: str, factors: Sequence[str], part: Part = "ratio", n: int = 600
) -> float:
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
    """Composed images of n held-out combinations.

    run: trained on a shift of the data ("seen"). held_out: the shift, as text, of the data that
    were held out. factors: those that come from a second image, in turn. owners: the factor of each
    latent, (D,); found from the training images if None.

    Raises ValueError if the run's data have no factors, if held-out combinations were seen, or if
    no seen image differs from a target in one of the factors alone.
    """
    seen = opened(run)
    unseen = opened(run, held_out)
    # Held-out combinations at random: factors v (n, K).
    rng = np.random.default_rng(fold(seed, "compositions"))
    v = unseen.factors_at(rng.choice(len(unseen), size=min(n, len(unseen)), replace=False))
    leaked = seen.find(v) >= 0
    if leaked.any():
        raise ValueError(
            f"{leaked.sum()} of {len(v)} combinations of {held_out!r} were seen in training; "
            "hold them out"
        )
    bases, givers, factor = _donors(seen, v, [seen.factors.index(name) for name in factors], rng)
    if owners is None:
        owners = owners_of(run, seen)
    # Codes (n, D) of the bases, with the latents of the factor from the givers.
    codes = run.encode(seen.take(bases))
    given = run.encode(seen.take(givers))
    for k in np.unique(factor):
        rows = factor == k
        codes[rows] = compose(codes[rows], (given[rows], np.flatnonzero(owners == k).tolist()))
    true = unseen.images(v)
    return Compositions(
        true=to_unit(true),
        made=run.decode(codes),
        nearest=to_unit(seen.take(_nearest(seen, true))),
        donor=to_unit(seen.take(bases)),
        rebuilt=run.reconstruct(true),
        factor=factor,
    )


def _donors(
    seen: Dataset, v: NDArray[np.int64], order: Sequence[int], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of two seen images for each target v (n, K), and their factor, (n,) each.

    The first differs from the target in that factor alone, the second has the same value of it. The
    factors take turns; the next one is used where all images that differ in one alone are held out.
    """
    every = seen.factors_at(np.arange(len(seen)))  # (N, K)
    found = []
    for i, target in enumerate(v):
        for k in np.roll(order, -i):
            # The target with every value of factor k, (values, K).
            others = np.repeat(target[None], seen.factors.sizes[k], 0)
            others[:, k] = np.arange(len(others))
            rows = seen.find(others)  # (values,), -1 for combinations that were not seen
            if (rows >= 0).any():
                base = rng.choice(rows[rows >= 0])
                giver = rng.choice(np.flatnonzero(every[:, k] == target[k]))
                found.append((base, giver, k))
                break
        else:
            names = ", ".join(seen.factors.names[k] for k in order)
            raise ValueError(
                f"no seen image differs from {target.tolist()} in one of {names} alone; "
                "hold out less"
            )
    bases, givers, factor = np.array(found).T
    return bases, givers, factor


def _nearest(seen: Dataset, images: NDArray[np.generic]) -> NDArray[np.int64]:
    """The row (n,) of the seen image with the smallest squared error to each image (n, C, H, W)."""
    x = to_unit(images).reshape(len(images), -1)  # (n, P), P = C * H * W
    least = np.full(len(x), np.inf)
    row = np.zeros(len(x), dtype=np.int64)
    for start in range(0, len(seen), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(seen)))
        some = to_unit(seen.take(rows)).reshape(-1, x.shape[1])  # (M, P)
        # Squared distances (n, M) without |x|^2, which does not change the order.
        distance = (some**2).sum(1) - 2 * x @ some.T
        best = distance.argmin(1)
        closer = distance[np.arange(len(x)), best] < least
        least = np.where(closer, distance.min(1), least)
        row = np.where(closer, best + start, row)
    return row
