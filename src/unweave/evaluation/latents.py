"""Latent traversals, interventions, swaps and composition of codes; likelihood by sampling.

Codes are arrays in and out: a traversal, an intervention or an exchange gives codes (n, D), and
`run.decode(codes)` makes images of them.

    codes = run.encode(images)
    strip = run.decode(traverse(codes[0], 3, over="aggregate", codes=codes))
    first, second = swap(codes[:1], codes[1:2], [0, 4])
    new = run.decode(compose(codes[:1], (codes[1:2], [0, 4]), (codes[2:3], [1])))
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import norm
from torch import Tensor

from unweave.maths.gaussian import log_density, log_standard
from unweave.methods.base import NotAvailable
from unweave.methods.vae import VAE
from unweave.metrics.tables.silence import mean_kl
from unweave.settings import nearest

Codes = NDArray[Any]  # numbers, given in any type, returned as float32
RANGES = ("prior", "aggregate", "fixed", "min-max", "around")

TAIL = 0.01  # quantiles run from here to 1 - here


def kl_per_latent(mean: Codes, log_var: Codes) -> NDArray[np.float64]:
    """Mean KL to N(0, 1) of each latent, (D,), in nats; about 0 where a latent is not used.

    mean, log_var: (n, D). `mean_kl` of the metrics, in double precision whatever is given.
    """
    return mean_kl(np.asarray(mean, dtype=np.float64), np.asarray(log_var, dtype=np.float64))


def traverse(
    at: Codes,
    latent: int,
    *,
    over: str = "prior",
    codes: Codes | None = None,
    frames: int = 9,
    width: float = 2.0,
) -> Codes:
    """Latent traversal, (frames, D): the code `at` (D,) with one latent taking values in order.

    over: which values. "prior": quantiles .01 to .99 of N(0, 1); "aggregate": the same quantiles of
        `codes`; "min-max": equal steps over the range of `codes`; "fixed": from -width to width;
        "around": from width below the code's own value to width above.
    codes: (n, D) of many images.
    """
    at = np.asarray(at, dtype=np.float32)
    if at.ndim != 1 or not 0 <= latent < len(at):
        raise ValueError(
            f"latent is {latent} of a code of shape {at.shape}; "
            "give one code (D,) and a latent from 0"
        )
    column = None if codes is None else codes[:, latent]
    strip = np.repeat(at[None], frames, 0)  # (frames, D)
    strip[:, latent] = _values(over, float(at[latent]), column, frames, width)
    return strip


def _values(over: str, own: float, column: Any, frames: int, width: float) -> NDArray[Any]:
    """The values (frames,) of a traversal over a range.

    own: the code's value. column: (n,) of many codes, or None.
    """
    levels = np.linspace(TAIL, 1 - TAIL, frames)
    if over in ("aggregate", "min-max") and column is None:
        raise ValueError(
            f"a traversal over {over!r} takes codes, (n, D), of the images it is about"
        )
    if over == "prior":
        return norm.ppf(levels)
    if over == "aggregate":
        return np.quantile(column, levels)
    if over == "min-max":
        return np.linspace(column.min(), column.max(), frames)
    if over == "fixed":
        return np.linspace(-width, width, frames)
    if over == "around":
        return np.linspace(-width, width, frames) + own
    raise ValueError(f"there is no range {over!r}; {nearest(over, RANGES)}")


def intervene(codes: Codes, to: Mapping[int, Any]) -> Codes:
    """The codes (n, D) with some latents set: {latent: value, or values (n,)}.

    ValueError for another number of values than of codes.
    """
    changed = _table(codes, to)
    for latent, value in to.items():
        if np.ndim(value) and np.shape(value) != (len(changed),):
            raise ValueError(
                f"latent {latent} is given values of shape {np.shape(value)} "
                f"for {len(changed)} codes: give one for all, or one for each"
            )
        changed[:, latent] = value
    return changed


def swap(first: Codes, second: Codes, latents: Sequence[int]) -> tuple[Codes, Codes]:
    """Both tables of codes (n, D) with the given latents exchanged row by row."""
    ours = _table(first, latents)
    theirs = _table(second, latents)
    if ours.shape != theirs.shape:
        raise ValueError(
            f"codes of shapes {ours.shape} and {theirs.shape} cannot be exchanged row by row"
        )
    columns = list(latents)
    kept = ours[:, columns].copy()
    ours[:, columns] = theirs[:, columns]
    theirs[:, columns] = kept
    return ours, theirs


def compose(codes: Codes, *givers: tuple[Codes, Sequence[int]]) -> Codes:
    """The codes (n, D) with some latents from other images' codes: recombined properties.

    givers: (their codes (n, D), or (1, D) for all, and the latents that come from them), any number
    of pairs; a latent can be given once. Where latent 0 is size, and 2 and 4 are colour, small
    black grapes and big red apples make a small black apple:

        run.decode(compose(run.encode(apples), (run.encode(grapes), [0, 2, 4])))
    """
    made = _table(codes, ())
    given = set[int]()  # latents that were taken already
    for theirs, latents in givers:
        twice = given & set(latents)
        if twice:
            raise ValueError(f"latent {min(twice)} is given by two images; each comes from one")
        giver = _table(theirs, latents)
        if giver.shape[1] != made.shape[1] or len(giver) not in (1, len(made)):
            raise ValueError(
                f"codes of shape {giver.shape} cannot give latents to {made.shape}; "
                "give as many, or one"
            )
        made[:, list(latents)] = giver[:, list(latents)]
        given |= set(latents)
    return made


def _table(codes: Codes, latents: Any) -> Codes:
    """A copy of codes as a float32 table (n, D).

    ValueError if one of the latents is not a column of it.
    """
    codes = np.array(codes, dtype=np.float32, ndmin=2)
    wrong = [k for k in latents if not 0 <= k < codes.shape[1]]
    if wrong:
        raise ValueError(f"latent {wrong[0]} is not one of the {codes.shape[1]}, counted from 0")
    return codes


@torch.no_grad()
def log_likelihood(
    vae: VAE, x: Tensor, *, samples: int = 100, rotation: Tensor | None = None
) -> Tensor:
    """Log p(x) (B,) in nats by importance weighting (Burda et al., 2016, eq. 8).

    In expectation it is a lower bound. rotation: (D, D), orthogonal, of the latents of an entangled
    model: its posterior is sampled and decoded.
    """
    q = vae.encode(x)
    if q.log_var is None:
        raise NotAvailable("a code that is a point has no likelihood")
    weights = []
    for _ in range(samples):
        own = q.sample()  # (B, D)
        log_q = log_density(own, q.mean, q.log_var).sum(1)
        z = own
        decoded = own
        if rotation is not None:
            z = own @ rotation.T  # q has the same density there, since a rotation keeps volumes
            decoded = z @ rotation
        # (B,): log p(z) + log p(x|z)
        log_p = log_standard(z).sum(1) - vae.likelihood(vae.decoder(decoded), x)
        weights.append(log_p - log_q)
    # (samples, B) -> (B,): log of the mean importance weight
    return torch.stack(weights).logsumexp(0) - math.log(samples)
