"""Mutual information of every code and every factor of a table, from bins and levels, in nats.

The library's own estimates are corrected for chance, protocols of other code bases are plug-in: see
`contingency`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from unweave.metrics.estimators.contingency import Information, from_indices
from unweave.metrics.estimators.counts import of_table
from unweave.metrics.estimators.quantiles import ends
from unweave.metrics.tables.kinds import equally_filled, factor_levels, inner_bins
from unweave.metrics.tables.table import Table
from unweave.settings import Setting

BINS = 20
SURPRISE = (
    1e-5  # probability of as much information by chance, below which a latent counts as informative
)
DOUBT = 1e-3  # and below which an informative latent counts as sharing information with a further factor
Bins = Annotated[int | None, Setting("bins of each code", low=2, high=10_000)]


def bins_of(table: Table, bins: int | None = None) -> int:
    """The number of bins: as given, or the protocol's."""
    if bins is not None:
        return bins
    return 10 if table.protocol == "laforge" else BINS


def information(table: Table, bins: int | None = None) -> Information:
    """All pairs of codes and factors; kept in the table, so that ten metrics count once."""
    bins = bins_of(table, bins)
    if ("information", bins) not in table.cache:
        corrected = table.protocol == "unweave"
        z = code_bins(table, bins)
        v = factor_levels(table)
        counts = of_table(table, bins_name(table, bins), "factors")
        found = from_indices(z, v, table.weights, corrected=corrected, counts=counts)
        table.cache["information", bins] = replace(
            found, estimator=f"{found.estimator}, {bins} bins"
        )
    return table.cache["information", bins]


def too_few(table: Table, bins: int | None = None) -> str:
    """Why this table has too few rows for a histogram, or ''."""
    bins = bins_of(table, bins)
    return f"{table.n} rows are fewer than {bins} bins" if table.n < bins else ""


def informative(table: Table) -> np.ndarray:
    """Which latents share more information with some factor than chance gives, (D,) bool; all of
    them if none does.

    A latent that shares nothing has no profile over the factors: what is estimated of it is a
    profile of noise, which no number of rows makes settle.
    """
    if "informative" not in table.cache:
        known = (by_chance_alone(table) < SURPRISE).any(1)
        table.cache["informative"] = known if known.any() else ~known
    return table.cache["informative"]


def shared(table: Table) -> np.ndarray:
    """Which latents share more information with which factors than chance gives, (D, K) bool.

    The threshold is lower for the further pairs of a latent that is informative already.
    """
    if "shared" not in table.cache:
        chance = by_chance_alone(table)
        table.cache["shared"] = (chance < DOUBT) & (chance < SURPRISE).any(1, keepdims=True)
    return table.cache["shared"]


def by_chance_alone(table: Table) -> np.ndarray:
    """Probability that unrelated columns share as much information, (D, K): a G-test.

    Among unrelated columns 2 N I has a chi-squared distribution. The library's own I is less what
    chance gives on average, the degrees of freedom, and keeps the spread of that distribution where
    cells hold few rows.
    """
    from scipy.special import chdtrc  # what scipy.stats.chi2.sf calls, without a second of imports

    found = information(table)
    excess = 2 * found.rows * found.uncut  # (D, K)
    if table.protocol == "unweave":
        excess = excess + found.freedom
    return chdtrc(np.maximum(found.freedom, 1), excess)


def beyond_chance(table: Table, left_out: np.ndarray) -> str:
    """A note on latents (D,) bool that were left out because they share no information, or ''."""
    if not left_out.any():
        return ""
    names = ", ".join(str(table.latents[j]) for j in np.flatnonzero(left_out))
    return f"latents {names} share no more information with the factors than chance"


def code_bins(table: Table, bins: int = BINS) -> np.ndarray:
    """Codes as indices of bins, (N, D), by the protocol; codes of at most 20 values are categories.

    Beside a continuous factor, whose bins are equally filled, those of the codes are too: else a
    perfect code of a Gaussian factor would share .72 of what the factor holds.
    """
    name = bins_name(table, bins)
    if name not in table.bins:
        rule = RULES[name[0]]
        columns = [rule(column, bins, table.weights) for column in table.codes.T]
        table.bins[name] = np.stack(columns, 1).astype(np.int16)  # every replicate has a copy
    return table.bins[name]


def bins_name(table: Table, bins: int) -> tuple[str, int]:
    """The name under which a table keeps the bins of its codes."""
    if table.protocol not in ("unweave", "infomec"):
        return "equal_width", bins
    by_rank = table.protocol == "unweave" and "continuous" in table.kinds
    return "between_ranks" if by_rank else "between_quantiles", bins


def between_quantiles(
    column: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> np.ndarray:
    """Equal-width bins between the 0.1 % and 99.9 % quantiles; at least one row is cut off at each
    end.

    One outlier among thousands therefore leaves the bins alone. At most 20 distinct values are
    categories.
    """
    # the first 200 rows already show whether it is worth sorting all of them
    if len(np.unique(column[: 10 * BINS])) <= BINS:
        values, index = np.unique(column, return_inverse=True)
        if len(values) <= BINS:
            return index.astype(np.int64)
    low, high = (float(end[0]) for end in ends(column[:, None], weights))
    if not high > low:
        low = float(column.min())
        high = float(column.max())
    clipped = np.clip(column.astype(np.float64), low, high)
    return inner_bins((clipped - low) * (bins / (high - low)), bins)


def between_ranks(
    column: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> np.ndarray:
    """Equally filled bins; at most 20 distinct values are categories."""
    values, place = np.unique(column, return_inverse=True)
    if len(values) <= BINS:
        return place
    return equally_filled(np.bincount(place, weights), bins)[place]


def equal_width(
    column: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> np.ndarray:
    """Equal-width bins from the smallest to the largest value, edge for edge as disentanglement_lib
    makes them.

    Whatever the weights are, since a row counts as soon as it has any.
    """
    return np.digitize(column, np.histogram_bin_edges(column, bins)[:-1]) - 1


RULES = {rule.__name__: rule for rule in (between_quantiles, between_ranks, equal_width)}


def runner_up(matrix: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Largest and second largest along an axis; 0 is the runner-up where there is one entry only."""
    ordered = np.sort(matrix, axis)
    best = ordered.take(-1, axis)
    if matrix.shape[axis] == 1:
        return best, np.zeros_like(best)
    return best, ordered.take(-2, axis)
