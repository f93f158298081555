"""Groups of rows for interventional metrics: to fit on and to test on, their summaries, and their
changed copies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from unweave.metrics.estimators.classifiers import in_robust_units
from unweave.metrics.tables.any_table import AnyTable
from unweave.metrics.tables.axes import rotated
from unweave.metrics.tables.groups import Side, comparable
from unweave.seeds import fold

IN_CACHE = 128_000  # numbers of groups that are summarised at once: a megabyte

if TYPE_CHECKING:  # beartype, under which the tests run, checks functions alone and knows no Self
    from typing import Self

    from unweave.metrics.tables.table import Table


@dataclass(frozen=True, eq=False)
class GroupedCodes(AnyTable):
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

    @property
    def n(self) -> int:
        """Number of groups to fit on."""
        return len(self.fit.fixed)

    @property
    def rows_behind(self) -> int:
        """Number of rows, or of given groups, that vary from sample to sample."""
        if self.rows is None:
            return self.n
        return self.rows.n

    def undefined(self) -> str:
        """Why nothing can be measured here, or ''."""
        if not self.latents:
            return "no latent varies"
        if not len(self.test.fixed):
            return "no groups to test on"
        if len(self.varying) < 2:
            return "one factor: nothing to tell apart"
        return ""

    def audible(self) -> Self:
        """All latents: nothing is known of posteriors here."""
        return self

    def without_factors(self) -> Self:
        """Groups are of factors: ValueError."""
        raise ValueError("a metric of codes alone was given groups; it needs codes (N, D)")

    def without(self, *blocks: int) -> Self:
        """Groups drawn anew from fewer rows would be another draw: ValueError."""
        raise ValueError("groups have no blocks of rows: their error is by halves")

    def grouped(self, *, pairs: bool) -> Self:
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
        # (g, L) members -> (g, L, D) codes -> (g, D), some groups at a time
        pieces = np.array_split(side.members, max(1, min(len(side.members), numbers // IN_CACHE)))
        return np.concatenate([of(self.codes[piece]) for piece in pieces])

    def take(self, fit: np.ndarray, test: np.ndarray) -> Self:
        """Some of the groups of each side."""
        cache = {name: (a[fit], b[test]) for name, (a, b) in self.cache.items()}
        return replace(self, fit=self.fit.take(fit), test=self.test.take(test), cache=cache)

    def permuted(self, i: int) -> Self:
        """The same groups with permuted labels."""
        rng = np.random.default_rng(fold(self.seed, "permuted groups", i))
        fit = Side(self.fit.members, rng.permutation(self.fit.fixed))
        test = Side(self.test.members, rng.permutation(self.test.fixed))
        return replace(self, fit=fit, test=test)

    def _of(self, codes: np.ndarray, reference: np.ndarray) -> Self:
        """The same groups of other codes."""
        codes, reference = comparable(codes, reference, self.protocol, self.weights)
        return replace(self, codes=codes, reference=reference, cache={})

    def rotated(self) -> Self:
        """The codes after one random rotation, in deviations of the reference, so that no unit
        decides what turns.
        """
        units = in_robust_units(self.reference, self.codes, weights=self.weights)
        reference, codes = rotated(*units, seed=self.seed)
        return self._of(codes, reference)

    def ceiling(self) -> Self | None:
        """The same groups with the factors as codes; None where the factors are not known."""
        if self.factors is None or np.isnan(self.factors).any():
            return None
        reference = self.factors[: len(self.reference)]  # of the rows to fit on, which come first
        return replace(self._of(self.factors, reference), latents=self.varying, width=self.height)
