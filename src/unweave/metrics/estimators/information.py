"""What every code and every factor of a table know of each other, from bins and levels; in nats.

The library's own estimates are corrected for chance, protocols of other code bases are plug-in: see `contingency`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from unweave.metrics.estimators.contingency import Information, from_indices
from unweave.metrics.estimators.quantiles import ends
from unweave.metrics.tables.kinds import equally_filled, factor_levels, inner_bins
from unweave.metrics.tables.table import Table
from unweave.settings import Setting

BINS = 20
SURPRISE = 1e-5  # probability of as much information by chance, below which a latent is said to know a factor at all
DOUBT = 1e-3  # and below which such a latent is said to know another
Bins = Annotated[int | None, Setting("bins of each code", low=2, high=10_000)]


def bins_of(table: Table, bins: int | None = None) -> int:
    """The number of bins: as asked, or the protocol's."""
    if bins is not None:
        return bins
    return 10 if table.protocol == "laforge" else BINS


def information(table: Table, bins: int | None = None) -> Information:
    """All pairs of codes and factors; kept in the table, so that ten metrics count once."""
    bins = bins_of(table, bins)
    if ("information", bins) not in table.cache:
        corrected = table.protocol == "unweave"
        z, v = code_bins(table, bins), factor_levels(table)
        found = from_indices(z, v, table.weights, corrected=corrected)
        table.cache["information", bins] = replace(found, estimator=f"{found.estimator}, {bins} bins")
    return table.cache["information", bins]


def too_few(table: Table, bins: int | None = None) -> str:
    """Why a histogram of this table says nothing, or ''."""
    bins = bins_of(table, bins)
    return f"{table.n} rows are fewer than {bins} bins" if table.n < bins else ""


def informative(table: Table) -> np.ndarray:
    """Which latents share more information with some factor than chance gives, (D,) bool; all of them if none does.

    A latent that shares nothing has no profile over the factors: what is estimated of it is a profile of noise, which
    no number of rows makes settle.
    """
    if "informative" not in table.cache:
        known = (by_chance_alone(table) < SURPRISE).any(1)
        table.cache["informative"] = known if known.any() else ~known
    return table.cache["informative"]


def shared(table: Table) -> np.ndarray:
    """Which latents share information with which factors, (D, K) bool: where it is not what chance gives.

    A pair of a latent that is known to share some is believed sooner than the first pair of a latent.
    """
    if "shared" not in table.cache:
        chance = by_chance_alone(table)
        table.cache["shared"] = (chance < DOUBT) & (chance < SURPRISE).any(1, keepdims=True)
    return table.cache["shared"]


def by_chance_alone(table: Table) -> np.ndarray:
    """Probability that unrelated columns share as much information, (D, K): a G-test.

    Among unrelated columns 2 N I has a chi-squared distribution. The library's own I is less what chance gives on
    average, the degrees of freedom, and keeps the spread of that distribution where cells hold few rows.
    """
    from scipy.stats import chi2

    found = information(table)
    excess = 2 * found.rows * found.uncut + (found.freedom if table.protocol == "unweave" else 0)
    return chi2.sf(excess, np.maximum(found.freedom, 1))


def beyond_chance(table: Table, left_out: np.ndarray) -> str:
    """What to say of latents that were left out because they share nothing, or ''."""
    if not left_out.any():
        return ""
    names = ", ".join(str(table.latents[j]) for j in np.flatnonzero(left_out))
    return f"latents {names} share no more information with the factors than chance"


def code_bins(table: Table, bins: int = BINS) -> np.ndarray:
    """Codes as indices of bins, (N, D), by the protocol; codes of at most 20 values are categories.

    Beside a continuous factor, whose bins are equally filled, those of the codes are too: else a perfect code of a
    Gaussian factor would share .72 of what the factor holds.
    """
    rule = between_quantiles if table.protocol in ("unweave", "infomec") else equal_width
    if table.protocol == "unweave" and "continuous" in table.kinds:
        rule = between_ranks
    if (rule.__name__, bins) not in table.bins:
        table.bins[rule.__name__, bins] = np.stack([rule(column, bins, table.weights) for column in table.codes.T], 1)
    return table.bins[rule.__name__, bins]


def between_quantiles(column: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None) -> np.ndarray:
    """Equal-width bins between the 0.1 % and 99.9 % quantiles; at least one row is cut off at each end.

    One wild value among thousands therefore leaves the bins alone. At most 20 distinct values are categories.
    """
    if len(np.unique(column[: 10 * BINS])) <= BINS:
        values, index = np.unique(column, return_inverse=True)
        if len(values) <= BINS:
            return index.astype(np.int64)
    low, high = (float(end[0]) for end in ends(column[:, None], weights))
    if not high > low:
        low, high = float(column.min()), float(column.max())
    place = (np.clip(column.astype(np.float64), low, high) - low) * (bins / (high - low))
    return inner_bins(place, bins)


def between_ranks(column: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None) -> np.ndarray:
    """Equally filled bins; at most 20 distinct values are categories."""
    values, place = np.unique(column, return_inverse=True)
    return place if len(values) <= BINS else equally_filled(np.bincount(place, weights), bins)[place]


def equal_width(column: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None) -> np.ndarray:
    """Equal-width bins from the smallest to the largest value, edge for edge as disentanglement_lib makes them.

    Whatever the weights are, since a row counts as soon as it has any.
    """
    return np.digitize(column, np.histogram_bin_edges(column, bins)[:-1]) - 1


def runner_up(matrix: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Largest and second largest along an axis; 0 is the runner-up where there is one entry only."""
    ordered = np.sort(matrix, axis)
    best = ordered.take(-1, axis)
    return best, ordered.take(-2, axis) if matrix.shape[axis] > 1 else np.zeros_like(best)
