"""Quantiles of the distance of each latent from its mean, among the rows with each value of a factor.

A high quantile is decided by the few rows at either end of a latent. These are sorted out once for
all factors: a row between both ends is no farther from a mean than the farther one of them, so where
the quantile is found among the ends and lies beyond that distance, no other row needs to be read.
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.estimators.cells import pieces
from unweave.metrics.estimators.quantiles import around_quantile, quantile_of_rows
from unweave.metrics.estimators.row_weights import weights_of

REACH = 2.0  # rows at each end, of those that lie beyond the quantile: all may be at one end
SPARE = 16  # and some more, for few rows


def quantiles_within(
    latents: np.ndarray, v: np.ndarray, share: float, weights: np.ndarray | None
) -> list[np.ndarray]:
    """For each factor of v (N, K), -1 where unknown, a quantile (values that occur, D) of latents (D, N).

    share: of the distances |z_j - E[z_j | v_k]| that lie below the quantile.
    """
    if weights is not None:
        return [
            np.stack([_of_rows(latents, rows, share, weights) for rows in _members(column)])
            for column in v.T
        ]
    ends = _Ends(latents, share)
    means = _means(latents, v)
    return [ends.quantiles(column, of_levels) for column, of_levels in zip(v.T, means, strict=True)]


def quantile_of_distances(
    latents: np.ndarray, share: float, weights: np.ndarray | None
) -> np.ndarray:
    """A quantile of the distance of each latent from its mean, (D, n) -> (D,)."""
    distances = np.abs(latents - np.average(latents, 1, weights)[:, None])
    return quantile_of_rows(distances, share, weights)


def _members(column: np.ndarray) -> list[np.ndarray]:
    """The rows of each value that occurs."""
    found = [np.flatnonzero(column == value) for value in range(column.max() + 1)]
    return [rows for rows in found if len(rows)]


def _of_rows(
    latents: np.ndarray, rows: np.ndarray, share: float, weights: np.ndarray | None
) -> np.ndarray:
    return quantile_of_distances(latents.take(rows, 1), share, weights_of(weights, rows))


def _means(latents: np.ndarray, v: np.ndarray) -> list[np.ndarray]:
    """Mean of each latent over the rows with each value, (values, D) for each factor; 0 where none has."""
    sizes = v.max(0).astype(np.int64) + 1
    found = []
    for some in pieces(sizes, len(v)):
        # (values, N): which rows have each value
        occurs = np.concatenate(
            [
                column == np.arange(size)[:, None]
                for column, size in zip(v.T[some], sizes[some], strict=True)
            ]
        ).astype(np.float64)
        means = (occurs @ latents.T) / np.maximum(occurs.sum(1), 1)[:, None]
        found += np.split(means, np.cumsum(sizes[some])[:-1])
    return found


class _Ends:
    """The rows at both ends of each latent, (D, S), and what lies between them.

    rows: padded with N. values: of these rows. low, high: (D,), between which all other rows lie.
    """

    def __init__(self, latents: np.ndarray, share: float) -> None:
        d, n = latents.shape
        self.latents = latents
        self.share = share
        count = min(math.ceil(REACH * (1 - share) * n) + SPARE, n - 1)
        # one place after the other: numpy takes four times as long to find two at once
        self.low = np.partition(latents, count, axis=1)[:, count]
        self.high = np.partition(latents, n - 1 - count, axis=1)[:, n - 1 - count]
        at_ends = np.flatnonzero((latents < self.low[:, None]) | (latents > self.high[:, None]))
        latent = at_ends // n
        counts = np.bincount(latent, minlength=d)
        place = np.arange(len(at_ends)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.rows = np.full((d, counts.max()), n)
        self.rows[latent, place] = at_ends - latent * n
        self.values = np.zeros(self.rows.shape)
        self.values[latent, place] = latents.ravel()[at_ends]
        self._distances = np.empty(self.rows.shape)  # in use again and again

    def quantiles(self, column: np.ndarray, means: np.ndarray) -> np.ndarray:
        """Quantiles (values that occur, D) for one factor (N,), whose values have means (values, D)."""
        counts = np.bincount(column[column >= 0], minlength=len(means))
        values = np.flatnonzero(counts)
        of_value = np.empty((len(values), len(self.latents)))
        sure = np.zeros(of_value.shape, bool)
        if len(values) * self.rows.shape[1] < len(column) / 2:  # else the ends save nothing
            at_ends = np.append(column, -1)[self.rows]  # (D, S)
            for i, value in enumerate(values):
                of_value[i], sure[i] = self._among(
                    at_ends == value, means[value], int(counts[value])
                )
        for unread, here, value in zip(~sure, of_value, values, strict=True):
            if unread.any():
                latents = self.latents if unread.all() else self.latents[unread]
                here[unread] = _of_rows(latents, np.flatnonzero(column == value), self.share, None)
        return of_value

    def _among(
        self, inside: np.ndarray, means: np.ndarray, n: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The quantiles (D,) of n rows, those at the ends that are `inside` (D, S); and which are sure to be right."""
        size = inside.shape[1]
        if int(self.share * (n - 1)) - n + size < 0:
            return np.empty(len(means)), np.zeros(len(means), bool)
        distances = np.subtract(self.values, means[:, None], out=self._distances)
        np.abs(distances, out=distances)
        distances *= inside  # others are 0, which none is below
        below, above, rest = around_quantile(distances, self.share, of=n)
        between = np.maximum(np.abs(self.low - means), np.abs(self.high - means))
        return below + rest * (above - below), below >= between
