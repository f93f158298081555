"""The table that metrics of rows read: codes beside factors, checked, and without constant columns.

Latents that never vary and factors that never vary are taken out when a table is made, so that no
metric meets them, and are put back as NaN in the parts of the score (`AnyTable.put_back`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unweave.kinds import declared
from unweave.metrics.tables.axes import flatten, flatten_log_var, in_double, principal_axes
from unweave.metrics.tables.changed_rows import ChangedRows
from unweave.metrics.tables.checks import (
    check_active,
    check_codes,
    check_factors,
    check_log_var,
    check_test,
    check_weights,
    live_latents,
    varying_factors,
    weighty,
)
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.kinds import factor_levels, kinds_of
from unweave.metrics.tables.rows import as_made
from unweave.metrics.tables.silence import ACTIVE, all_silent, mean_kl, some_silent


@dataclass(frozen=True, eq=False)
class Table(ChangedRows):
    """Codes (N, D) beside factors (N, K), made by `Table.of`; its fields are those of `Rows`."""

    @staticmethod
    def of(
        codes: Any,
        factors: Any = None,
        test: Any = None,
        log_var: Any = None,
        active: Any = None,
        weights: Any = None,
        protocol: str = "unweave",
        seed: int = 0,
        kinds: Any = None,
    ) -> Table:
        """Check what a user gave, and set constant columns aside; ValueError with one line."""
        z = in_double(check_codes(codes), protocol)
        v = np.empty((len(z), 0))
        if factors is not None:
            v = check_factors(factors, len(z))
        tested = None
        if test is not None:
            tested = check_test(test, z, v)
        if log_var is not None:
            log_var = check_log_var(log_var, z.shape)
        if weights is not None:
            z, v, log_var, weights = _counted(z, v, log_var, check_weights(weights, len(z)))
        keep, dead = live_latents(z, check_active(active, z.shape[1]), protocol)
        varying, constant = varying_factors(v)
        every_row = v
        if tested is not None:
            every_row = np.concatenate([v, tested[1]])
        # a kind is of all rows, test rows too
        kinds, doubts = kinds_of(every_row, declared(kinds, v.shape[1]))
        # vector latents (N, D, d) become numbers along their axes, (N, D)
        axes = principal_axes(z[:, keep])
        kl = None
        if log_var is not None:
            kl = mean_kl(z[:, keep], log_var[:, keep], weights)
            log_var = flatten_log_var(log_var[:, keep], axes)
        table = Table(
            as_made(flatten(z[:, keep], axes)),
            v[:, varying],
            log_var,
            weights,
            protocol=protocol,
            seed=seed,
            latents=tuple(map(int, keep)),
            varying=tuple(map(int, varying)),
            width=z.shape[1],
            height=v.shape[1],
            notes=dead + constant + doubts + weighty(weights),
            kinds=tuple(kinds[k] for k in varying),
            kl=kl,
        )
        if tested is not None:
            table = replace(table, test=_test_table(table, tested, keep, varying, axes))
        factor_levels(table)  # now, of all rows, so that no part of them has levels of its own
        return table

    def under(self, protocol: str) -> Table:
        """The same rows under another protocol, which may count other latents."""
        if protocol == self.protocol:
            return self
        if not self.latents:
            return replace(self, protocol=protocol, cache={}, bins={})
        factors = None
        kinds = None
        if self.height:
            factors = self.factors
            kinds = self.kinds
        test = None
        if self.test is not None:
            test = (self.test.codes, self.test.factors)
        own = Table.of(
            self.codes, factors, test, self.log_var, None, self.weights, protocol, self.seed, kinds
        )
        return replace(
            own,
            # numbered as they were given
            latents=tuple(self.latents[j] for j in own.latents),
            varying=self.varying,
            width=self.width,
            height=self.height,
            notes=self.notes + own.notes,
            kl=_columns(self.kl, list(own.latents)),
        )

    def audible(self) -> Table:
        """The active latents, by their KL; all of them if it is not known or the protocol is
        another code base's.
        """
        if self.kl is None or self.protocol != "unweave" or (self.kl > ACTIVE).all():
            return self
        if "audible" not in self.cache:
            keep = np.flatnonzero(self.kl > ACTIVE)
            left_out = [self.latents[j] for j in np.flatnonzero(self.kl <= ACTIVE)]
            test = self.test
            if test is not None:
                test = test._of(keep)
            silence = ""
            if not len(keep):
                silence = all_silent(self.kl)
            notes = (*self.notes, some_silent(left_out))
            self.cache["audible"] = replace(self._of(keep), test=test, notes=notes, silence=silence)
        return self.cache["audible"]

    def _of(self, latents: np.ndarray) -> Table:
        """Some of the latents."""
        return replace(
            self,
            made=as_made(self.codes[:, latents]),
            log_var=_columns(self.log_var, latents),
            latents=tuple(self.latents[j] for j in latents),
            kl=_columns(self.kl, latents),
            cache={},
            bins={name: kept for name, kept in self.bins.items() if name == "factors"},
        )

    def without_factors(self) -> Table:
        """The codes alone; kept in the table."""
        alone = self.cache.setdefault("without factors", {})
        return replace(
            self, factors=np.empty((self.n, 0)), varying=(), height=0, kinds=(), cache=alone
        )

    def grouped(self, *, pairs: bool) -> GroupTable:
        """Groups of 64 rows at random that share a factor (of 64 pairs that share a value each);
        kept in the table.
        """
        return GroupTable.drawn_from(self, pairs=pairs)


def _columns(array: np.ndarray | None, latents: np.ndarray | list[int]) -> np.ndarray | None:
    """The entries of some latents in an array (..., D), where there is one."""
    if array is None:
        return None
    return array[..., latents]


def _counted(
    z: np.ndarray, v: np.ndarray, log_var: np.ndarray | None, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Codes, factors and log variances of the rows whose weight is not 0, and their `relative`
    weights.
    """
    counted = weights > 0
    if log_var is not None:
        log_var = log_var[counted]
    return z[counted], v[counted], log_var, relative(weights[counted])


def _test_table(
    table: Table,
    tested: tuple[np.ndarray, np.ndarray],
    keep: np.ndarray,
    varying: np.ndarray,
    axes: np.ndarray | None,
) -> Table:
    """The rows to test on, codes (M, D, ...) and factors (M, K), with the columns and axes of the
    rows to fit on.
    """
    codes = flatten(in_double(tested[0][:, keep], table.protocol), axes)
    factors = tested[1][:, varying]
    return replace(
        table, made=as_made(codes), factors=factors, log_var=None, weights=None, cache={}, bins={}
    )


def relative(weights: np.ndarray) -> np.ndarray | None:
    """Weights in units of their mean; None if they are all the same, as without weights.

    >>> print(relative(np.array([1.0, 3.0])), relative(np.array([2.0, 2.0])))
    [0.5 1.5] None
    """
    if not np.ptp(weights) > 0:
        return None
    return weights / weights.mean()
