"""InfoMEC (Hsu et al., 2023): modularity, compactness and explicitness, each by information."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import (
    quietly,
    standardise,
)
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.explicitness import explicitness
from unweave.metrics.estimators.information import (
    Bins,
    beyond_chance,
    information,
    informative,
    too_few,
)
from unweave.metrics.tables.kinds import factor_levels
from unweave.settings import Setting

NEIGHBOURS = 10
FLOOR = 0.8


@metric(
    measures=("modularity", "compactness", "explicitness"),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "infomec"),
    error="jackknife",
    uses=("test",),
)
def infomec(
    table: Table,
    *,
    bins: Bins = None,
    discrete: Annotated[bool, Setting("every value of a code is a category")] = False,
) -> Measured:
    """InfoMEC; the value is InfoM, and InfoC and InfoE are in the parts. From 0 to 1, higher is
    better.

    With M_jk = I(z_j; v_k) / H(v_k): InfoM is the mean over latents of max_k M_jk / sum_k M_jk,
    InfoC the mean over factors of max_j M_jk / sum_j M_jk, both rescaled so that equal shares score
    0 and one share 1. InfoE is the mean over factors of 1 - H(v_k | z) / H(v_k), where H(v_k | z)
    is the log loss of a logistic regression.

    discrete: every value of a code is a category (a codebook's entry): counted as it is, and one
        column of its own for the logistic regression. By default codes are numbers.
    parts: `InfoM`, `InfoC`, `InfoE`, and each per latent or factor. matrix: M.

    Source: Hsu et al. 2023, section 4. **Departures**: chance-corrected histogram, where the
    authors take nearest neighbours for continuous codes, which give noise an InfoM of .6; InfoE is
    the log loss on test rows; a latent that shares no more information than chance is left out of
    InfoM and InfoC (unless none shares more). Protocol infomec is theirs: plug-in counts of
    discrete codes, 10 nearest neighbours (with a seed) of others; active are the latents that vary,
    of continuous ones those whose range is above a 20th of the largest; InfoC counts all active
    ones, and one that shares no information by this estimate leaves InfoM undefined; a logistic
    regression with balanced classes and without penalty is scored by its plain log loss, in sample,
    beside that of equal chances.
    """
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    official = table.protocol == "infomec"
    if official and (bins is not None or table.weights is not None):
        raise ValueError(
            "protocol infomec has no bins and no weights, since its estimators know neither; leave them out"
        )
    if official and not discrete:
        normalised, estimator = _by_neighbours(table)
    else:
        normalised, estimator = _by_counts(table, bins, discrete)
    counted = _active(table, discrete) if official else informative(table)
    modular = shares(normalised)  # (D,)
    modular[~counted] = math.nan
    compact = shares(normalised[counted].T)  # (K,)
    explicit = np.full(len(table.varying), math.nan)
    if table.whole:
        explicit = explicitness(table, official, discrete)
    silent = official and len(table.varying) > 1 and bool(np.isnan(modular[counted]).any())
    pieces = {
        "InfoM": math.nan if silent else mean(modular),
        "InfoC": mean(compact),
        "InfoE": mean(explicit),
    }
    reasons = _reasons(table, counted, silent, official)
    return Measured(
        pieces["InfoM"],
        estimator,
        pieces,
        {"InfoM_per_latent": modular},
        {"InfoC_per_factor": compact, "InfoE_per_factor": explicit},
        normalised,
        "; ".join(reasons),
        cheap=not official,
        pairwise=True,
    )


def _reasons(table: Table, counted: np.ndarray, silent: bool, official: bool) -> list[str]:
    """Notes on what is undefined or left out. counted: (D,) bool. silent: whether an active latent
    is without information.
    """
    reasons = []
    if len(table.varying) < 2:
        reasons.append("one factor: no InfoM")
    if counted.sum() < 2:
        reasons.append("one latent: no InfoC")
    if silent:
        reasons.append("an active latent shares no information by this estimate: InfoM is 0 / 0")
    left_out = beyond_chance(table, ~counted)
    if left_out and not official:
        reasons.append(left_out)
    return reasons


def shares(rows: np.ndarray) -> np.ndarray:
    """For each row its largest share, rescaled from [1/columns, 1] to [0, 1]; NaN for rows of zeros
    or one column.

    Estimates scatter about 0 and may be negative: the sum of a row keeps them, so that noise
    cancels, but is at least four fifths of the sum of sizes, so that a row of nothing but noise has
    no share above 1.

    >>> shares(np.array([[1.0, 1.0], [3.0, 1.0], [2.0, 0.0]]))
    array([0. , 0.5, 1. ])
    """
    columns = rows.shape[1]
    if columns < 2:
        return np.full(len(rows), math.nan)
    total = np.maximum(np.nansum(rows, 1), FLOOR * np.nansum(np.abs(rows), 1))
    largest = np.nanmax(rows, 1, initial=0) / np.where(total > 0, total, np.nan)
    return np.clip((largest - 1 / columns) / (1 - 1 / columns), 0, 1)


def _by_counts(table: Table, bins: int | None, discrete: bool) -> tuple[np.ndarray, str]:
    """M from a contingency table, and the estimator in words."""
    if not discrete:
        found = information(table, bins)
        return _over(found.uncut, found.factors), found.estimator
    z = np.stack([np.unique(column, return_inverse=True)[1] for column in table.codes.T], 1)
    found = from_indices(
        z, factor_levels(table), table.weights, corrected=table.protocol == "unweave"
    )
    return _over(found.uncut, found.factors), f"{found.estimator} of discrete codes"


def _by_neighbours(table: Table) -> tuple[np.ndarray, str]:
    """M of continuous codes by the estimator of the authors, 0 for latents that are not active."""
    from sklearn.feature_selection import mutual_info_classif

    v = factor_levels(table)
    active = _active(table, discrete=False)
    mutual = np.zeros((len(active), v.shape[1]))
    z = standardise(table.codes)[0][:, active]
    for k, column in enumerate(v.T):
        known = column >= 0
        if not (np.bincount(column[known]) > 1).any():  # the estimator leaves out what occurs once
            mutual[active, k] = math.nan
            continue
        with quietly():
            mutual[active, k] = mutual_info_classif(
                z[known], column[known], n_neighbors=NEIGHBOURS, random_state=table.seed
            )
    how = f"{NEIGHBOURS} nearest neighbours by seed {table.seed}, {active.sum()} of {len(active)} latents active"
    return _over(mutual, information(table).factors), how


def _active(table: Table, discrete: bool) -> np.ndarray:
    """Which latents the authors keep, (D,) bool: those that vary, of continuous ones those that
    vary enough.
    """
    spread = np.ptp(table.codes, axis=0)
    return spread > (0 if discrete else spread.max() / 20)


def _over(mutual: np.ndarray, entropies: np.ndarray) -> np.ndarray:
    """Information (D, K) over entropies (K,), NaN where an entropy is 0."""
    return mutual / np.where(entropies > 0, entropies, np.nan)
