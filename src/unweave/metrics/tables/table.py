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
        """Check what a user gave and set constant columns aside. Raises ValueError with one line."""
        z = in_double(check_codes(codes), protocol)
        v = np.empty((len(z), 0)) if factors is None else check_factors(factors, len(z))
        tested = None if test is None else check_test(test, z, v)
        if log_var is not None:
            log_var = check_log_var(log_var, z.shape)
        if weights is not None:
            weights = check_weights(weights, len(z))
            counted = weights > 0  # a row of weight 0 is left out
            z = z[counted]
            v = v[counted]
            log_var = None if log_var is None else log_var[counted]
            weights = relative(weights[counted])
        keep, dead = live_latents(z, check_active(active, z.shape[1]), protocol)
        varying, constant = varying_factors(v)
        every_row = (
            v if tested is None else np.concatenate([v, tested[1]])
        )  # a kind is of all rows, test rows too
        kinds, doubts = kinds_of(every_row, declared(kinds, v.shape[1]))
        axes = principal_axes(z[:, keep])
        table = Table(
            flatten(z[:, keep], axes),
            v[:, varying],
            None if log_var is None else flatten_log_var(log_var[:, keep], axes),
            weights,
            protocol=protocol,
            seed=seed,
            latents=tuple(map(int, keep)),
            varying=tuple(map(int, varying)),
            width=z.shape[1],
            height=v.shape[1],
            notes=dead + constant + doubts + weighty(weights),
            kinds=tuple(kinds[k] for k in varying),
            kl=None if log_var is None else mean_kl(z[:, keep], log_var[:, keep], weights),
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
        test = None if self.test is None else (self.test.codes, self.test.factors)
        factors = self.factors if self.height else None
        kinds = self.kinds if self.height else None
        own = Table.of(
            self.codes, factors, test, self.log_var, None, self.weights, protocol, self.seed, kinds
        )
        latents = tuple(self.latents[j] for j in own.latents)
        shape = replace(
            own, latents=latents, varying=self.varying, width=self.width, height=self.height
        )
        kl = None if self.kl is None else self.kl[list(own.latents)]
        return replace(shape, notes=self.notes + own.notes, kl=kl)

    def audible(self) -> Table:
        """The active latents, by their KL; all of them if it is not known or the protocol is
        another code base's.
        """
        if self.kl is None or self.protocol != "unweave" or (self.kl > ACTIVE).all():
            return self
        if "audible" not in self.cache:
            keep = np.flatnonzero(self.kl > ACTIVE)
            left_out = [self.latents[j] for j in np.flatnonzero(self.kl <= ACTIVE)]
            test = None if self.test is None else self.test._of(keep)
            silence = "" if len(keep) else all_silent(self.kl)
            notes = (*self.notes, some_silent(left_out))
            self.cache["audible"] = replace(self._of(keep), test=test, notes=notes, silence=silence)
        return self.cache["audible"]

    def _of(self, latents: np.ndarray) -> Table:
        """Some of the latents."""
        return replace(
            self,
            codes=self.codes[:, latents],
            log_var=None if self.log_var is None else self.log_var[:, latents],
            latents=tuple(self.latents[j] for j in latents),
            kl=None if self.kl is None else self.kl[latents],
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
        table, codes=codes, factors=factors, log_var=None, weights=None, cache={}, bins={}
    )


def relative(weights: np.ndarray) -> np.ndarray | None:
    """Weights in units of their mean; None if they are all the same, as without weights.

    >>> print(relative(np.array([1.0, 3.0])), relative(np.array([2.0, 2.0])))
    [0.5 1.5] None
    """
    if not np.ptp(weights) > 0:
        return None
    return weights / weights.mean()
