"""Single neuron classification and neuron knockout (Mahon et al., 2024): one latent alone, and all
but that one.
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import accuracy, standardise
from unweave.metrics.estimators.correlations import assign
from unweave.metrics.estimators.information import information, too_few
from unweave.metrics.estimators.quantiles import quantiles
from unweave.metrics.estimators.regressions import KERNEL_ROWS, alike, kernel_ridge
from unweave.metrics.estimators.row_weights import weights_of
from unweave.metrics.tables.kinds import shared_levels
from unweave.seeds import fold


@metric(
    measures=("compactness", "modularity"),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    falls=("rotation",),
    ranges={"nk": (-1.0, 1.0)},
    uses=("test",),
    draws=True,
)
def snc_nk(table: Table) -> Measured:
    """SNC, with NK in the parts; from 0 to 1, higher is better, and chance of SNC is the share of
    the commonest value.

    Every factor gets a latent of its own, so that the sum of mutual information is largest. SNC is
    the mean accuracy of predicting each factor from its latent alone, cut into as many equally
    filled bins as the factor has values, of which each predicts its most frequent value. NK is the
    mean loss of accuracy of a classifier of the whole code when that latent is taken out: 0 if the
    rest of the code knows the factor as well.

    parts: `snc`, `nk`, `accuracy` of the whole code, each also per factor, and `latent`, the one of
        each factor.

    Source: Mahon et al. 2024 and the authors' code. **Departures**: the classifier of whole codes
    is kernel ridge regression on indicators (see `r2`; 1,000 rows), where the authors train a
    network of 256 hidden units, which is slower and depends on its seed; accuracy is of test rows;
    a factor that is left without a latent is NaN. Known failure: SNC of a factor whose values are
    not equally frequent is below 1 even for a perfect code, since its bins are equally filled; a
    copy of a latent makes its NK 0.
    """
    reason = too_few(table)
    if reason:
        return Measured(math.nan, "", reason=reason)
    latents = assign(information(table).mutual)
    fit, test = table.sides()
    v_fit, v_test = shared_levels(fit, test)
    single, knocked = np.full((2, v_fit.shape[1]), math.nan)  # (K,) each
    whole = _accuracies(fit, test, np.arange(len(table.latents)), np.arange(v_fit.shape[1]))
    # each factor by its own latent alone, and by all but that one
    for k in np.flatnonzero(latents >= 0):
        single[k] = _binned(fit, test, v_fit[:, k], v_test[:, k], int(latents[k]))
        rest = np.delete(np.arange(len(table.latents)), latents[k])
        if len(rest):
            knocked[k] = whole[k] - _accuracies(fit, test, rest, np.array([k]))[0]
    alone = latents < 0
    reason = ""
    if alone.any():
        reason = f"{alone.sum()} factors are left without a latent"
    return Measured(
        mean(single),
        f"equally filled bins, kernel ridge; {table.split_note()}",
        {"snc": mean(single), "nk": mean(knocked), "accuracy": mean(whole)},
        factors={
            "snc_per_factor": single,
            "nk_per_factor": knocked,
            "accuracy_per_factor": whole,
            "latent": np.where(alone, math.nan, np.array(table.latents)[latents]),
        },
        n=fit.n,
        reason=reason,
    )


def _binned(fit: Table, test: Table, v: np.ndarray, v_test: np.ndarray, j: int) -> float:
    """Test accuracy of the most frequent value of v in each of equally filled bins of latent j."""
    known = v >= 0
    tested = v_test >= 0
    if not known.any() or not tested.any():
        return math.nan
    # the inner edges of as many equally filled bins as v has values, and the bin of every row
    values = len(np.unique(v[known]))
    shares = np.arange(1, values) / values
    edges = quantiles(fit.codes[known, j], shares, weights_of(fit.weights, known))
    bins, of_test = (np.searchsorted(edges, side.codes[:, j], "right") for side in (fit, test))
    # (bins, values): weight of the rows fitted, and the most frequent value of each bin
    counts = np.zeros((values, int(v.max()) + 1))
    np.add.at(counts, (bins[known], v[known]), fit.row_weights()[known])
    predicted = counts.argmax(1)[of_test[tested]]
    return accuracy(v_test[tested], predicted, weights_of(test.weights, tested))


def _accuracies(fit: Table, test: Table, latents: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Test accuracy of kernel ridge regression on indicators of the values of some factors, from
    some latents.
    """
    from threadpoolctl import threadpool_limits

    v_fit, v_test = (v[:, factors] for v in shared_levels(fit, test))
    order = np.random.default_rng(fold(fit.seed, "rows of snc_nk")).permutation(fit.n)
    rows = np.sort(order[: fit.most(KERNEL_ROWS)])
    w = fit.row_weights()[rows]
    z, z_test = standardise(fit.codes[rows][:, latents], test.codes[:, latents], weights=w)
    right = np.full(len(factors), math.nan)
    for known, columns in alike(v_fit[rows] >= 0):
        # (n, values) of each factor; all are predicted by one regression
        indicators = [
            v_fit[rows][known, k, None] == np.unique(v_fit[rows][known, k]) for k in columns
        ]
        with threadpool_limits(1):
            chances = kernel_ridge(z[known], np.hstack(indicators).astype(float), w[known], z_test)
        starts = np.cumsum([one.shape[1] for one in indicators])[:-1]
        # of_k: (test rows, values), of which the largest is the value predicted
        for k, of_k in zip(columns, np.split(chances, starts, 1), strict=True):
            tested = v_test[:, k] >= 0
            predicted = np.unique(v_fit[rows][known, k])[of_k.argmax(1)]
            w_test = weights_of(test.weights, tested)
            right[k] = accuracy(v_test[tested, k], predicted[tested], w_test)
    return right
