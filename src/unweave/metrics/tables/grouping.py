"""Table of groups for interventional metrics: groups to fit on and to test on, and its changed
copies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from unweave.metrics.estimators.classifiers import in_robust_units
from unweave.metrics.tables.any_table import AnyTable
from unweave.metrics.tables.axes import in_double, random_rotation
from unweave.metrics.tables.checks import check_active, check_codes, live_latents
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

IN_CACHE = 128_000  # numbers of groups that are summarised at once: a megabyte

if TYPE_CHECKING:
    from unweave.metrics.tables.table import Table


@dataclass(frozen=True, eq=False)
class GroupTable(AnyTable):
    """Groups to fit on and groups to test on, with the codes that give every latent its scale.

    codes: (N, D) of latents that vary; both sides index them. reference: (N', D), with weights
        (N',) or None. Under the library's own protocol both are `comparable`. origin: how the
        groups were made.
    factors: (N, K) of the codes' rows, where they are known. `fixed` counts factors that vary, as
        `varying` does.
    rows: the table that the groups were drawn from. pairs: whether each pair of members shares a
        value of its own.
    """

    redrawn: ClassVar[bool] = True

    codes: np.ndarray
    fit: Side
    test: Side
    reference: np.ndarray
    origin: str = "groups as given"
    factors: np.ndarray | None = None
    rows: Table | None = None
    pairs: bool = False
    weights: np.ndarray | None = None
    cache: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

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
            raise ValueError(f"reference has shape {scale.shape}; expected (N, {d}), the latents of the groups")
        keep, notes = live_latents(scale, check_active(active, d), protocol)
        # the factors of the groups to fit on are numbered from 0; one that only test groups have is -1
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
        name = "pairs" if pairs else "groups"
        if name not in table.cache:
            table.cache[name] = GroupTable._drawn(table, name, pairs)
        return table.cache[name]

    @staticmethod
    def _drawn(table: Table, name: str, pairs: bool) -> GroupTable:
        rng = table.rng("groups", name)
        other = table if table.test is None else table.test
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

    @property
    def n(self) -> int:
        """Number of groups to fit on."""
        return len(self.fit.fixed)

    @property
    def rows_behind(self) -> int:
        """Number of rows, or of given groups, that vary from sample to sample."""
        return self.n if self.rows is None else self.rows.n

    def undefined(self) -> str:
        """Why nothing can be measured here, or ''."""
        if not self.latents:
            return "no latent varies"
        if not len(self.test.fixed):
            return "no groups to test on"
        return "one factor: nothing to tell apart" if len(self.varying) < 2 else ""

    def audible(self) -> GroupTable:
        """All latents: nothing is known of posteriors here."""
        return self

    def without_factors(self) -> GroupTable:
        """Groups are of factors: ValueError."""
        raise ValueError("a metric of codes alone was given groups; it needs codes (N, D)")

    def without(self, *blocks: int) -> GroupTable:
        """Groups drawn anew from fewer rows would be another draw: ValueError."""
        raise ValueError("groups have no blocks of rows: their error is by halves")

    def grouped(self, *, pairs: bool) -> GroupTable:
        """Themselves: members 2l and 2l + 1 count as a pair."""
        return self

    def summaries(self, of: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """`of` groups of codes (g, L, D), one row (g, D) for each, of both sides; kept for the next
        fit.
        """
        if of.__name__ not in self.cache:
            self.cache[of.__name__] = (self._summary(self.fit, of), self._summary(self.test, of))
        return self.cache[of.__name__]

    def _summary(self, side: Side, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        numbers = side.members.size * self.codes.shape[1]
        pieces = np.array_split(side.members, max(1, min(len(side.members), numbers // IN_CACHE)))
        return np.concatenate([of(self.codes[piece]) for piece in pieces])

    def take(self, fit: np.ndarray, test: np.ndarray) -> GroupTable:
        """Some of the groups of each side."""
        cache = {name: (a[fit], b[test]) for name, (a, b) in self.cache.items()}
        return replace(self, fit=self.fit.take(fit), test=self.test.take(test), cache=cache)

    def halves(self, i: int) -> tuple[GroupTable, GroupTable]:
        """Half as many groups drawn from each of two random halves of the rows; of given groups,
        two random halves.
        """
        if self.rows is not None:
            first, second = (replace(half, cache={}) for half in self.rows.halves(i))  # groups are large: not kept
            return GroupTable.drawn_from(first, pairs=self.pairs), GroupTable.drawn_from(second, pairs=self.pairs)
        rng = np.random.default_rng(fold(self.seed, "halves of groups", i))
        fit, test = (np.array_split(rng.permutation(n), 2) for n in (self.n, len(self.test.fixed)))
        return self.take(fit[0], test[0]), self.take(fit[1], test[1])

    def permuted(self, i: int) -> GroupTable:
        """The same groups with permuted labels."""
        rng = np.random.default_rng(fold(self.seed, "permuted groups", i))
        fit = Side(self.fit.members, rng.permutation(self.fit.fixed))
        test = Side(self.test.members, rng.permutation(self.test.fixed))
        return replace(self, fit=fit, test=test)

    def _of(self, codes: np.ndarray, reference: np.ndarray) -> GroupTable:
        """The same groups of other codes."""
        codes, reference = comparable(codes, reference, self.protocol, self.weights)
        return replace(self, codes=codes, reference=reference, cache={})

    def rotated(self) -> GroupTable:
        """The codes after one random rotation, in deviations of the reference, so that no unit
        decides what turns.
        """
        turn = random_rotation(len(self.latents), self.seed)
        reference, codes = in_robust_units(self.reference, self.codes, weights=self.weights)
        return self._of(codes @ turn, reference @ turn)

    def ceiling(self) -> GroupTable | None:
        """The same groups with the factors as codes; None where the factors are not known."""
        if self.factors is None or np.isnan(self.factors).any():
            return None
        reference = self.factors[: len(self.reference)]  # of the rows to fit on, which come first
        return replace(self._of(self.factors, reference), latents=self.varying, width=self.height)
