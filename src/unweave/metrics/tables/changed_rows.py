"""Changed copies of a table of rows: blocks and halves for an error; permuted, rotated and perfect
codes for floors.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from unweave.metrics.estimators.classifiers import in_robust_units
from unweave.metrics.tables.axes import rotated
from unweave.metrics.tables.rows import Rows, as_made
from unweave.seeds import fold

if TYPE_CHECKING:  # beartype, under which the tests run, checks functions alone and knows no Self
    from typing import Self

BLOCKS = 20


@dataclass(frozen=True, eq=False)
class ChangedRows(Rows):
    """Rows of which such copies can be made."""

    def without(self, *blocks: int) -> Self:
        """The table without some of 20 blocks of rows, which are drawn by seed; test rows likewise.

        What stays is split into rows to fit on and rows to test on as it was: a new split would be
        a new draw.
        """
        order = np.random.default_rng(fold(self.seed, "blocks of rows")).permutation(self.n)
        stays = ~np.isin(order % BLOCKS, blocks)  # (N,)
        kept = np.flatnonzero(stays)
        test = self.test
        if test is not None:
            test = test.without(*blocks)
        table = self._kept(replace(self.rows(kept), test=test), "without", blocks)
        table.cache["taken from"] = (self, self.rows(np.flatnonzero(~stays)))
        if test is None:
            # the rows of each side that stay, by their numbers in the smaller table
            fit, tested = (np.searchsorted(kept, side[stays[side]]) for side in self._split())
            table.cache["split"] = (fit, tested)
        return table

    def halves(self, i: int) -> tuple[Self, Self]:
        """The rows in two random halves, drawn anew for every i; test rows likewise.

        A half is a table of half the size in all that is random: a metric that uses `most(n)` rows
        or draws uses half as many, by a stream of its own (`rng`). So the variance of what it gives
        is twice that of the whole table's.
        """
        order = np.random.default_rng(fold(self.seed, "halves of rows", i)).permutation(self.n)
        tests = (None, None) if self.test is None else self.test.halves(i)
        found = []
        for side, (index, test) in enumerate(zip(np.array_split(order, 2), tests, strict=True)):
            half = replace(self.rows(np.sort(index)), test=test, half=(i, side))
            found.append(self._kept(half, "half", i, side))
        first, second = found
        return first, second

    def permuted(self, i: int) -> Self:
        """The same codes beside permuted rows of factors; without factors, every column of codes
        permuted by itself.
        """

        def stream() -> np.random.Generator:
            return np.random.default_rng(fold(self.seed, "permuted factors", i))

        test = self.test
        if test is not None:
            test = test.permuted(i)
        if not self.height:
            return replace(self._shuffled(stream), test=test)
        # codes keep their bins, and factors take theirs along
        order = stream().permutation(self.n)
        bins = dict(self.bins)
        if "factors" in bins:
            bins["factors"] = bins["factors"][order]
        changed = replace(self, factors=self.factors[order], test=test, bins=bins)
        table = self._kept(changed, "permuted", i)
        # every latent counts, or chance would decide how many do
        table.cache["informative"] = np.ones(len(self.latents), bool)
        table.cache.pop("shared", None)
        return table

    def _shuffled(self, stream: Callable[[], np.random.Generator]) -> Self:
        """Every column of codes permuted by itself. Its bins are too, unless they depend on the
        rows' weights.
        """

        def shuffled(columns: np.ndarray) -> np.ndarray:
            return stream().permuted(columns, axis=0)

        bins = {}
        if self.weights is None:
            bins = {name: shuffled(kept) for name, kept in self.bins.items() if name != "factors"}
        made = functools.cache(lambda: shuffled(self.codes))
        return replace(self, made=made, log_var=None, whole=False, cache={}, bins=bins)

    def rotated(self) -> Self:
        """The codes after one random rotation, the same for test rows; in deviations, so that no
        unit decides what turns.
        """
        sides = [self.codes]
        if self.test is not None:
            sides.append(self.test.codes)
        turned = rotated(*in_robust_units(*sides, weights=self.weights), seed=self.seed)
        test = self.test
        if test is not None:
            test = replace(test, made=as_made(turned[1]), cache={}, bins={})
        cache = self.cache.setdefault("rotated", {})
        return replace(
            self,
            made=as_made(turned[0]),
            log_var=None,
            test=test,
            whole=False,
            cache=cache,
            bins={},
        )

    def ceiling(self) -> Self | None:
        """The factors themselves as codes, over the rows where all are known; None if there are too
        few.
        """
        known = np.flatnonzero(~np.isnan(self.factors).any(1))
        test = self.test
        if test is not None:
            test = test.ceiling()
        if len(known) < 2 or not self.height or (self.test is not None and test is None):
            return None
        cut = self.rows(known)
        cache = self.cache.setdefault("ceiling", {})
        perfect = replace(
            cut,
            made=as_made(cut.factors),
            log_var=None,
            test=test,
            whole=False,
            cache=cache,
            bins={},
        )
        return replace(perfect, latents=self.varying, width=self.height)
