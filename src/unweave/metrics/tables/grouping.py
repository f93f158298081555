"""Table of groups for interventional metrics: as a user gave them, or drawn from rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unweave.metrics.tables.axes import in_double
from unweave.metrics.tables.checks import check_active, check_codes, live_latents
from unweave.metrics.tables.grouped_codes import GroupedCodes
from unweave.metrics.tables.groups import (
    FIT_GROUPS,
    TEST_GROUPS,
    Groups,
    Side,
    comparable,
    draw,
    scarce,
    sides,
)
from unweave.seeds import fold

if TYPE_CHECKING:
    from unweave.metrics.tables.table import Table


@dataclass(frozen=True, eq=False)
class GroupTable(GroupedCodes):
    """Groups to fit on and groups to test on, made by `GroupTable.of` or `drawn_from`; its fields
    are those of `GroupedCodes`.
    """

    @staticmethod
    def of(
        groups: Groups,
        test: Any,
        reference: Any,
        protocol: str = "unweave",
        seed: int = 0,
        active: Any = None,
    ) -> GroupTable:
        """Check groups that a user gave; without `test`, a seeded third of them is kept for
        testing.
        """
        flat, fit, tested, d = sides(groups, test, protocol, seed)
        scale = flat
        if reference is not None:
            scale = in_double(check_codes(reference, "reference codes"), protocol)
        if scale.shape[1:] != (d,):
            raise ValueError(
                f"reference has shape {scale.shape}; expected (N, {d}), the latents of the groups"
            )
        keep, notes = live_latents(scale, check_active(active, d), protocol)
        # the factors of the groups to fit on are numbered from 0, and -1 is one that only test
        # groups have
        height = int(max(fit.fixed.max(initial=0), tested.fixed.max(initial=0))) + 1
        varying, fit_fixed = np.unique(fit.fixed, return_inverse=True)
        place = np.full(height, -1)
        place[varying] = np.arange(len(varying))
        flat, scale = comparable(flat[:, keep], scale[:, keep], protocol)
        return GroupTable(
            flat,
            Side(fit.members, fit_fixed),
            Side(tested.members, place[tested.fixed]),
            scale,
            protocol=protocol,
            seed=seed,
            latents=tuple(map(int, keep)),
            varying=tuple(map(int, varying)),
            width=d,
            height=height,
            notes=notes,
        )

    @staticmethod
    def drawn_from(table: Table, *, pairs: bool) -> GroupTable:
        """Groups of 64 drawn from rows (of 64 pairs if every pair shares its own value); kept in
        the table.
        """
        name = "groups"
        if pairs:
            name = "pairs"
        if name not in table.cache:
            table.cache[name] = GroupTable._drawn(table, name, pairs)
        return table.cache[name]

    @staticmethod
    def _drawn(table: Table, name: str, pairs: bool) -> GroupTable:
        rng = table.rng("groups", name)
        other = table
        if table.test is not None:
            other = table.test
        fit = draw(table, table.most(FIT_GROUPS), pairs, rng)
        test = draw(other, table.most(TEST_GROUPS), pairs, rng)
        codes = table.codes
        factors = table.factors
        if other is not table:
            # test rows stand after the rows to fit on
            codes = np.concatenate([codes, other.codes])
            factors = np.concatenate([factors, other.factors])
            test = Side(test.members + table.n, test.fixed)
        codes, reference = comparable(codes, table.codes, table.protocol, table.weights)
        return GroupTable(
            codes,
            fit,
            test,
            reference,
            f"groups drawn from {table.n} rows by seed {table.seed}",
            factors,
            rows=table,
            pairs=pairs,
            weights=table.weights,
            protocol=table.protocol,
            seed=table.seed,
            latents=table.latents,
            varying=table.varying,
            width=table.width,
            height=table.height,
            notes=table.notes + scarce(table),
            kinds=table.kinds,
        )

    def halves(self, i: int) -> tuple[GroupTable, GroupTable]:
        """Half as many groups drawn from each of two random halves of the rows; of given groups,
        two random halves.
        """
        if self.rows is not None:
            # into a cache that goes with the half, since groups are large
            halves = (replace(half, cache={}) for half in self.rows.halves(i))
            first, second = (GroupTable.drawn_from(half, pairs=self.pairs) for half in halves)
            return first, second
        rng = np.random.default_rng(fold(self.seed, "halves of groups", i))
        fit, test = (np.array_split(rng.permutation(n), 2) for n in (self.n, len(self.test.fixed)))
        return self.take(fit[0], test[0]), self.take(fit[1], test[1])
