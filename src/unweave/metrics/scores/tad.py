"""Total attribute disentanglement (Yeats et al., 2022): which binary attributes does one latent
alone predict?
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.correlations import ranks
from unweave.metrics.estimators.information import runner_up
from unweave.metrics.estimators.quantiles import quantiles
from unweave.metrics.estimators.row_weights import weights_of
from unweave.settings import Setting

CAPTURED = 0.75
SHARED = 0.2


@metric(
    measures=("compactness",),
    range=(0.0, math.inf),
    invariant=("permutation", "sign", "scale", "dead latents", "outlier"),
    falls=("rotation",),
)
def tad(
    table: Table,
    *,
    captured: Annotated[
        float, Setting("area from which an attribute counts", low=0.5, high=1)
    ] = CAPTURED,
    shared: Annotated[
        float, Setting("share that another attribute may tell", low=0, high=1)
    ] = SHARED,
) -> Measured:
    """TAD, from 0 to half the number of attributes, higher is better.

    A_jk is the area under the ROC curve of latent j as a score of attribute k, in whichever
    direction is right. TAD is the sum over attributes of the best minus the second best A_jk, over
    those whose best is at least `captured` and that no other attribute gives away: max over l of
    I(a_k; a_l) / H(a_k) is at most `shared`.

    parts: `captured`, how many attributes count; of every factor `gap`, `area` (the best),
        `given_away`, and `best`, its latent. matrix: A, (D, K).

    Source: Yeats et al. 2022 (NashAE), section 4.3, and the authors' thresholds .75 and .2.
    **Departures**: a factor with more than two values is made the attribute "above its median", so
    that any table has a score. Known failure: the sum grows with the number of attributes, so
    compare within one data set only; an attribute just below a threshold counts nothing; categories
    in no order have no meaningful median.
    """
    known, yes = attributes(table.factors, table.weights)
    w = table.row_weights()
    areas = areas_of_latents(table.codes, known, yes, w)  # (D, K)
    from_others = given_away(known, yes, w)  # (K,)
    best, second = runner_up(areas)
    if len(areas) == 1:
        second = np.full(len(best), 0.5)  # chance
    undefined = np.isnan(best)
    chosen = np.array(table.latents)[np.nan_to_num(areas).argmax(0)]
    # (K,): the gaps of the attributes that count
    counts = (best >= captured) & (from_others <= shared)
    gap = np.where(counts, best - second, 0.0)
    value = math.nan
    if not undefined.all():
        value = float(np.nansum(gap))
    reason = ""
    if undefined.any():
        reason = "an attribute has one value only"
    return Measured(
        value,
        "area under the ROC curve of single latents",
        {"captured": float(counts.sum())},
        factors={
            "gap": np.where(undefined, np.nan, gap),
            "area": best,
            "given_away": from_others,
            "best": np.where(undefined, np.nan, chosen),
        },
        matrix=areas,
        reason=reason,
    )


def attributes(
    factors: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Binary attributes of factors: where known and whether true, bool (N, K); the higher of two
    values, or above the median.
    """
    known = ~np.isnan(factors)
    yes = np.zeros(factors.shape, bool)
    for k, column in enumerate(factors.T):
        values = np.unique(column[known[:, k]])
        if len(values) < 2:
            continue
        middle = values[0]
        if len(values) > 2:
            middle = quantiles(column[known[:, k]], 0.5, weights_of(weights, known[:, k]))
        # a median at the largest value would leave no row above it
        if not middle < values[-1]:
            middle = values[-2]
        yes[:, k] = known[:, k] & (column > middle)
    return known, yes


def areas_of_latents(
    codes: np.ndarray, known: np.ndarray, yes: np.ndarray, w: np.ndarray
) -> np.ndarray:
    """The larger of the areas under the curve of each latent and of its negative, (D, K); NaN for
    one-valued attributes.
    """
    complete = bool(known.all())  # then the codes are ranked once for all attributes
    areas = np.full((codes.shape[1], known.shape[1]), math.nan)
    ranked = ranks(codes, w)
    for k, rows in enumerate(known.T):
        holds = yes[rows, k]
        mass = w[rows]
        ups = mass[holds].sum()
        downs = mass[~holds].sum()
        if ups > 0 and downs > 0:
            ordered = ranked
            if not complete:
                ordered = ranks(codes[rows], mass)
            # (D,): a rank is the weight of all rows below; the rows that hold make ups^2 / 2 of
            # the sum among themselves
            area = ((mass * holds) @ ordered - ups**2 / 2) / (ups * downs)
            areas[:, k] = np.maximum(area, 1 - area)
    return areas


def given_away(known: np.ndarray, yes: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The largest share I(a_k; a_l) / H(a_k) of each attribute k that another attribute l predicts,
    (K,).
    """
    from scipy.special import xlogy

    # (2, 2, K, K): joint probabilities of the values of attributes k and l
    sides = [(known & ~yes).astype(float), (known & yes).astype(float)]
    p = np.stack([np.stack([(w[:, None] * a).T @ b for b in sides]) for a in sides])
    p /= np.maximum(p.sum((0, 1)), 1e-300)
    # (K, K): H(a_k) and H(a_l) over the rows where both are known, and H(a_k, a_l)
    of_k = p.sum(1)
    of_l = p.sum(0)
    own = -xlogy(of_k, of_k).sum(0)
    other = -xlogy(of_l, of_l).sum(0)
    joint = -xlogy(p, p).sum((0, 1))
    share = np.divide(own + other - joint, own, out=np.zeros_like(own), where=own > 0)
    np.fill_diagonal(share, 0)
    return np.maximum(share.max(1), 0)
