"""InfoMEC (Hsu et al., 2023): modularity, compactness and explicitness, each by information."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.classifiers import log_loss, logistic, quietly, standardise
from unweave.metrics.information import BINS, beyond_chance, information, informative, too_few
from unweave.metrics.kinds import factor_levels, shared_levels
from unweave.metrics.mig import mean

NEIGHBOURS = 10
FLOOR = 0.8


@metric(
    measures=("modularity", "compactness", "explicitness"),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "infomec"),
    error="jackknife",
    corrected=True,
)
def infomec(table: Table, *, bins: int | None = None) -> Measured:
    """InfoMEC; the value is InfoM, and InfoC and InfoE are in the parts. From 0 to 1, higher is better.

    With M_jk = I(z_j; v_k) / H(v_k): InfoM is the mean over latents of max_k M_jk / sum_k M_jk, InfoC the mean over
    factors of max_j M_jk / sum_j M_jk, both rescaled so that equal shares score 0 and one share 1. InfoE is the mean
    over factors of 1 - H(v_k | z) / H(v_k), where H(v_k | z) is the log loss of a logistic regression.

    parts: `InfoM`, `InfoC`, `InfoE`, and each per latent or factor. matrix: M.

    Source: Hsu et al. 2023, section 4. **Departures**: chance-corrected histogram, where the authors take nearest
    neighbours for continuous codes, which give noise an InfoM of .6; InfoE is the log loss on test rows. Under protocol
    infomec: 10 nearest neighbours with a seed, latents kept whose range is above a 20th of the largest, and a balanced
    logistic regression without penalty, in sample. A latent that shares no more information than chance is left out of
    all three (unless none shares more); in the authors' code one without any makes InfoM NaN.
    """
    if reason := too_few(table, bins):
        return Measured(math.nan, "", reason=reason)
    official = table.protocol == "infomec"
    normalised, estimator = _nearest_neighbours(table) if official else _histogram(table, bins)
    counted = (normalised != 0).any(1) if official else informative(table)
    modular, compact = shares(normalised), shares(normalised[counted].T)
    modular[~counted] = math.nan
    explicit = _explicitness(table, official) if table.whole else np.full(len(table.varying), math.nan)
    pieces = {"InfoM": mean(modular), "InfoC": mean(compact), "InfoE": mean(explicit)}
    reasons = [
        "one factor: no InfoM" if len(table.varying) < 2 else "",
        "one latent: no InfoC" if counted.sum() < 2 else "",
        beyond_chance(table, ~counted),
    ]
    return Measured(
        pieces["InfoM"],
        estimator,
        pieces,
        {"InfoM_per_latent": modular},
        {"InfoC_per_factor": compact, "InfoE_per_factor": explicit},
        normalised,
        "; ".join(reason for reason in reasons if reason),
        cheap=not official,
        pairwise=True,
    )


def shares(rows: np.ndarray) -> np.ndarray:
    """For each row its largest share, rescaled from [1/columns, 1] to [0, 1]; NaN for rows of zeros or one column.

    Estimates scatter about 0 and may be negative: the sum of a row keeps them, so that noise cancels, but is at least
    four fifths of the sum of sizes, so that a row of nothing but noise has no share above 1.

    >>> shares(np.array([[1.0, 1.0], [3.0, 1.0], [2.0, 0.0]]))
    array([0. , 0.5, 1. ])
    """
    columns = rows.shape[1]
    if columns < 2:
        return np.full(len(rows), math.nan)
    total = np.maximum(np.nansum(rows, 1), FLOOR * np.nansum(np.abs(rows), 1))
    largest = np.nanmax(rows, 1, initial=0) / np.where(total > 0, total, np.nan)
    return np.clip((largest - 1 / columns) / (1 - 1 / columns), 0, 1)


def _histogram(table: Table, bins: int | None) -> tuple[np.ndarray, str]:
    found = information(table, bins)
    return found.uncut / np.where(found.factors > 0, found.factors, np.nan), found.estimator


def _nearest_neighbours(table: Table) -> tuple[np.ndarray, str]:
    """M by the estimator of the authors: exact counts if every code is discrete, else nearest neighbours."""
    from sklearn.feature_selection import mutual_info_classif

    v, found = factor_levels(table), information(table)
    if (found.bins < BINS).all():
        return found.mutual / found.factors, "plug-in mutual information of discrete codes"
    spread = np.ptp(table.codes, axis=0)
    active = spread > spread.max() / 20
    mutual = np.zeros((len(active), v.shape[1]))
    z = standardise(table.codes)[0][:, active]
    for k, column in enumerate(v.T):
        known = column >= 0
        with quietly():
            mutual[active, k] = mutual_info_classif(
                z[known], column[known], n_neighbors=NEIGHBOURS, random_state=table.seed
            )
    normalised = mutual / np.where(found.factors > 0, found.factors, np.nan)
    normalised[~active] = 0
    return normalised, f"{NEIGHBOURS} nearest neighbours, {active.sum()} of {len(active)} latents active"


def _explicitness(table: Table, official: bool) -> np.ndarray:
    """1 - H(v|z) / H(v) of every factor, at least 0; on test rows, or in sample as the authors have it."""
    fit, test = (table, table) if official else table.sides()
    v_fit, v_test = shared_levels(fit, test)
    z_fit, z_test = standardise(fit.codes, test.codes)
    explicit = np.full(v_fit.shape[1], math.nan)
    for k in range(v_fit.shape[1]):
        known = v_fit[:, k] >= 0
        classes, counts = np.unique(v_fit[known, k], return_counts=True)
        asked = np.isin(v_test[:, k], classes)
        if len(classes) < 2 or not asked.any():
            continue
        balance = (known.sum() / (len(classes) * counts))[np.searchsorted(classes, v_fit[known, k])]
        w = balance if official else None if fit.weights is None else fit.weights[known]
        model = logistic(z_fit[known], v_fit[known, k], w, table.protocol, table.seed, np.inf if official else 1.0)
        labels = np.searchsorted(classes, v_test[asked, k])
        tested = balance if official else None if test.weights is None else test.weights[asked]
        prior = np.ones(len(classes)) if official else np.bincount(np.searchsorted(classes, v_fit[known, k]), w)
        blind = log_loss(labels, np.broadcast_to(prior / prior.sum(), (len(labels), len(classes))), tested)
        explicit[k] = max(0.0, 1 - log_loss(labels, model.predict_proba(z_test[asked]), tested) / blind)
    return explicit
