"""dHSIC: are all latents independent together, by kernels?"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import standardise
from unweave.metrics.estimators.covariances import LONELY
from unweave.metrics.estimators.quantiles import quantiles
from unweave.metrics.estimators.row_weights import weights_of
from unweave.seeds import fold
from unweave.settings import Setting

ROWS = 2_000


@metric(
    measures=("independence",),
    range=(0.0, math.inf),
    direction="lower",
    tables="codes",
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    draws=True,
)
def dhsic(
    table: Table,
    *,
    rows: Annotated[int, Setting("rows that are compared", low=2, high=20_000)] = ROWS,
) -> Measured:
    """The dHSIC of the latents, 0 or more (below 1), lower is better; 0 only if all latents are
    independent together.

    mean over rows a, b of prod_d k_d(a, b)
        + prod over d of the mean of k_d
        - 2 mean over a of prod over d of the mean over b of k_d(a, b),

    with k_d(a, b) = exp(-(z_ad - z_bd)^2 / m_d) and m_d the median of the squared distances: the
    squared distance, between kernel embeddings, of the joint distribution to the product of its
    marginals.

    rows: how many are compared, drawn by seed; the cost is their square.

    Source: Pfister et al. 2018, definition 6 (the biased estimator) and section 5 (bandwidth).
    **Departures**: where half of the distances are 0 the median is of the others. Products of many
    kernels are small: with 10 latents even strong dependence scores below .05, so read it beside
    its null floor and never across different D.
    """
    d = len(table.latents)
    if d < 2:
        return Measured(math.nan, "", reason=LONELY)
    if table.n < 2 * d:
        return Measured(math.nan, "", reason=f"{table.n} rows are fewer than twice the {d} latents")
    rng = np.random.default_rng(fold(table.seed, "rows of dhsic"))
    chosen = np.sort(rng.permutation(table.n)[: table.most(rows)])
    w = table.row_weights()[chosen]
    w = w / w.sum()
    pair_weights = None
    if table.weights is not None:
        pair_weights = w
    (z,) = standardise(table.codes, weights=table.weights)
    z = z[chosen]
    # products over the latents of k(a, b), (N, N), of the mean of k, and of the means over b, (N,)
    together = np.ones((len(z), len(z)))
    apart = 1.0
    crossed = np.ones(len(z))
    for column in z.T:
        k = gaussian_kernel(column, pair_weights)
        of_row = k @ w
        together *= k
        apart *= float(w @ of_row)
        crossed *= of_row
    value = float(w @ together @ w + apart - 2 * w @ crossed)
    estimator = f"Gaussian kernels at the median distance, {len(z)} rows"
    if len(z) < table.n:
        estimator += f" drawn by seed {table.seed}"
    return Measured(max(value, 0.0), estimator, n=len(z))


def gaussian_kernel(column: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Gaussian kernel exp(-d^2 / median d^2) of all pairs of entries of a column, (N, N); a pair
    weighs the product of its weights.
    """
    squared = (column[:, None] - column) ** 2
    # (N (N - 1) / 2,): squared distances of different entries, and the weights of these pairs
    pairs = np.triu_indices(len(column), 1)
    apart = squared[pairs]
    w = None
    if weights is not None:
        w = np.outer(weights, weights)[pairs]
    middle = float(quantiles(apart, 0.5, w))
    if middle == 0 and apart.any():
        middle = float(quantiles(apart[apart > 0], 0.5, weights_of(w, apart > 0)))
    if middle == 0:
        middle = 1.0
    return np.exp(-squared / middle)
