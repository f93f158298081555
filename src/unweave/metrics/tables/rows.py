"""Rows that metrics read: codes beside factors, selections of them, and their split to fit and to
test.

What several metrics need (bins, information, fits) is kept in `cache`, so the second metric on a
table is cheaper than the first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unweave.metrics.estimators.row_weights import or_ones, weights_of
from unweave.metrics.tables.any_table import AnyTable
from unweave.seeds import fold

if TYPE_CHECKING:  # beartype, under which the tests run, checks functions alone and knows no Self
    from typing import Self

FIT_ROWS = 10_000
TEST_ROWS = 5_000


def as_made(codes: np.ndarray) -> Callable[[], np.ndarray]:
    """Codes that are there, as the field `made` of a table."""
    return lambda: codes


@dataclass(frozen=True, eq=False)
class Rows(AnyTable):
    """Codes (N, D) beside factors (N, K): only latents and factors that vary. Make one with
    `Table.of`.

    Further fields are those of `AnyTable`.

    made: the codes, which copies for an error make when they are first read: what was counted of the
        whole table need not be counted again.

    weights: (N,) above 0, of mean 1; None if all are equal.
    factors: float, NaN where unknown; (N, 0) if none were given. test: the rows to test on, if they
        were given apart.
    cache: what several metrics need (information, fits). bins: indices per row, of codes (N, D) and
        "factors" (N, K).
    whole: False for a changed copy that serves an error or a floor, for which costly parts need not
        be found.
    half: which half of the rows this is, for an error; () if it is none.
    kl: (D,), mean KL of each latent's posteriors in nats, where log_var was given, also to metrics
        that do not use it.
    silence: why no latent is left that carries information, or ''.
    """

    made: Callable[[], np.ndarray]
    factors: np.ndarray
    log_var: np.ndarray | None = None
    weights: np.ndarray | None = None
    test: Self | None = None
    whole: bool = True
    half: tuple[int, ...] = ()
    kl: np.ndarray | None = None
    silence: str = ""
    cache: dict[Any, Any] = field(default_factory=dict)
    bins: dict[Any, np.ndarray] = field(default_factory=dict)

    @property
    def codes(self) -> np.ndarray:
        """(N, D)."""
        return self.made()

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.factors)

    @property
    def rows_behind(self) -> int:
        """Number of rows that vary from sample to sample."""
        return self.n

    def row_weights(self) -> np.ndarray:
        """Weights of the rows, (N,), which are 1 where none were given."""
        return or_ones(self.weights, self.n)

    def undefined(self) -> str:
        """Why nothing can be measured here, or ''."""
        if self.silence:
            return self.silence
        if not self.latents and not self.width:
            return "no latent is active"
        if not self.latents:
            return "no latent varies"
        if self.height and not self.varying:
            return "no factor varies"
        if self.n < 2:
            return "one row only"
        return ""

    def rows(self, index: np.ndarray) -> Self:
        """Some of the rows, in the same bins."""
        log_var = self.log_var
        if log_var is not None:
            log_var = log_var[index]
        return replace(
            self,
            made=functools.cache(lambda: self.codes[index]),
            factors=self.factors[index],
            log_var=log_var,
            weights=weights_of(self.weights, index),
            whole=False,
            cache={},
            bins={name: kept[index] for name, kept in self.bins.items()},
        )

    def _kept(self, table: Self, *key: Any) -> Self:
        """A changed copy, whose results are kept under this key for the next metric that needs
        the same copy.
        """
        cache = self.cache.setdefault(key, {})
        # which latents count is found once, from the whole table
        for name in ("informative", "shared"):
            if name in self.cache:
                cache[name] = self.cache[name]
        return replace(table, cache=cache, whole=False)

    def most(self, n: int) -> int:
        """The most rows, samples or groups that a metric uses, which are n for a whole table and n
        / 2 for a half.
        """
        if self.half:
            return math.ceil(n / 2)
        return n

    def rng(self, *what: str) -> np.random.Generator:
        """A stream of random numbers by the seed and the name of what is drawn, which is another
        for every half.
        """
        return np.random.default_rng(fold(self.seed, *what, *self.half))

    def sides(self) -> tuple[Self, Self]:
        """Rows to fit on and rows to test on: those given, or two thirds and one third of all by
        `seed`.

        Rows that were not split by the user are at most 10,000 to fit and 5,000 to test, and half
        of it in a half.
        """
        if self.test is not None:
            return self, self.test
        if "sides" not in self.cache:
            fit, test = self._split()
            self.cache["sides"] = (self.rows(fit), self.rows(test))
        return self.cache["sides"]

    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        """Which rows are to fit on and which to test on."""
        if "split" not in self.cache:
            order = np.random.default_rng(fold(self.seed, "rows to fit on")).permutation(self.n)
            # two thirds and one third, of which no more than these are enough
            cut = math.ceil(self.n * 2 / 3)
            fit = order[:cut][: self.most(FIT_ROWS)]
            test = order[cut:][: self.most(TEST_ROWS)]
            self.cache["split"] = (np.sort(fit), np.sort(test))
        return self.cache["split"]

    def split_note(self) -> str:
        """How the rows were split, for a score's estimator."""
        fit, test = self.sides()
        how = "as given"
        if self.test is None:
            how = f"split by seed {self.seed}"
        return f"{fit.n} rows fitted, {test.n} tested, {how}"
