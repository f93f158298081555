"""The table that metrics read: codes beside factors, checked and cleaned at the door.

Latents that never vary and factors that never vary are taken out when a table is made, so that no metric meets them,
and are put back as NaN in the parts of the score (`put_back`). What several metrics need (bins, information, fits) is
kept in `cache`, so the second metric on a table is cheaper than the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from unweave.kinds import declared
from unweave.metrics.estimators.classifiers import in_robust_units
from unweave.metrics.tables.axes import flatten, flatten_log_var, in_double, principal_axes, random_rotation
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
from unweave.metrics.tables.kinds import factor_levels, kinds_of
from unweave.metrics.tables.silence import ACTIVE, all_silent, mean_kl, some_silent
from unweave.seeds import fold

BLOCKS = 20
FIT_ROWS, TEST_ROWS = 10_000, 5_000


@dataclass(frozen=True)
class Measured:
    """What a metric found in one table, before errors and floors.

    value: NaN with a `reason` where it is undefined. estimator: how it was computed, in a few words.
    pieces: scalar parts. latents, factors: parts with one value per latent (D,) or factor (K,) of the table.
    matrix: (D, K). n: rows used, 0 for all. cheap: False where an option made a cheap metric costly.
    pairwise: whether much of the variance is of pairs of rows (shares of noise), which the jackknife counts twice.
    """

    value: float
    estimator: str
    pieces: dict[str, float] = field(default_factory=dict)
    latents: dict[str, np.ndarray] = field(default_factory=dict)
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    matrix: np.ndarray | None = None
    reason: str = ""
    n: int = 0
    cheap: bool = True
    pairwise: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """Codes (N, D) beside factors (N, K): only latents and factors that vary. Make one with `Table.of`.

    latents, varying: which columns of the given arrays these are. width, height: how many columns were given.
    weights: (N,) above 0, of mean 1; None if all are equal.
    factors: float, NaN where unknown; (N, 0) if none were given. test: the rows to test on, if they were given apart.
    kinds: what kind each of these factors is, (K,); see `unweave.metrics.tables.kinds`.
    cache: what several metrics need (information, fits). bins: indices per row, of codes (N, D) and "factors" (N, K).
    whole: False for a changed copy that serves an error or a floor, for which costly parts need not be found.
    half: which half of the rows this is, for an error; () if it is none.
    kl: (D,), mean KL of each latent's posteriors in nats, where log_var was given, also to metrics that do not use it.
    silence: why no latent is left that says anything, or ''.
    """

    codes: np.ndarray
    factors: np.ndarray
    protocol: str = "unweave"
    seed: int = 0
    log_var: np.ndarray | None = None
    weights: np.ndarray | None = None
    test: Table | None = None
    latents: tuple[int, ...] = ()
    varying: tuple[int, ...] = ()
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    whole: bool = True
    half: tuple[int, ...] = ()
    kl: np.ndarray | None = None
    silence: str = ""
    cache: dict[Any, Any] = field(default_factory=dict)
    bins: dict[Any, np.ndarray] = field(default_factory=dict)

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
            heard = weights > 0  # a row of weight 0 is one that is not there
            z, v, log_var = z[heard], v[heard], None if log_var is None else log_var[heard]
            weights = relative(weights[heard])
        keep, dead = live_latents(z, check_active(active, z.shape[1]), protocol)
        varying, constant = varying_factors(v)
        every_row = v if tested is None else np.concatenate([v, tested[1]])
        kinds, doubts = kinds_of(every_row, declared(kinds, v.shape[1]))
        axes = principal_axes(z[:, keep])
        table = Table(
            flatten(z[:, keep], axes),
            v[:, varying],
            protocol,
            seed,
            None if log_var is None else flatten_log_var(log_var[:, keep], axes),
            weights,
            latents=tuple(map(int, keep)),
            varying=tuple(map(int, varying)),
            width=z.shape[1],
            height=v.shape[1],
            notes=dead + constant + doubts + weighty(weights),
            kinds=tuple(kinds[k] for k in varying),
            kl=None if log_var is None else mean_kl(z[:, keep], log_var[:, keep], weights),
        )
        if tested is not None:
            codes, factors = flatten(in_double(tested[0][:, keep], protocol), axes), tested[1][:, varying]
            other = replace(table, codes=codes, factors=factors, log_var=None, weights=None, cache={}, bins={})
            table = replace(table, test=other)
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
        own = Table.of(self.codes, factors, test, self.log_var, None, self.weights, protocol, self.seed, kinds)
        latents = tuple(self.latents[j] for j in own.latents)
        shape = replace(own, latents=latents, varying=self.varying, width=self.width, height=self.height)
        kl = None if self.kl is None else self.kl[list(own.latents)]
        return replace(shape, notes=self.notes + own.notes, kl=kl)

    def audible(self) -> Table:
        """The latents that say something, by their KL; all of them if it is not known or the protocol is another's."""
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

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def rows_behind(self) -> int:
        """Number of rows that vary from sample to sample."""
        return self.n

    def row_weights(self) -> np.ndarray:
        """Weights of the rows, (N,), which are 1 where none were given."""
        return np.ones(self.n) if self.weights is None else self.weights

    def undefined(self) -> str:
        """Why nothing can be measured here, or ''."""
        if self.silence:
            return self.silence
        if not self.latents:
            return "no latent varies" if self.width else "no latent is active"
        if self.height and not self.varying:
            return "no factor varies"
        return "one row only" if self.n < 2 else ""

    def rows(self, index: np.ndarray) -> Table:
        """Some of the rows, in the same bins."""
        return replace(
            self,
            codes=self.codes[index],
            factors=self.factors[index],
            log_var=None if self.log_var is None else self.log_var[index],
            weights=None if self.weights is None else self.weights[index],
            whole=False,
            cache={},
            bins={name: kept[index] for name, kept in self.bins.items()},
        )

    def _kept(self, table: Table, *key: Any) -> Table:
        """A changed copy, whose results are kept under this key for the next metric that asks for the same copy."""
        cache = self.cache.setdefault(key, {})
        cache |= {name: self.cache[name] for name in ("informative", "shared") if name in self.cache}
        return replace(table, cache=cache, whole=False)

    def sides(self) -> tuple[Table, Table]:
        """Rows to fit on and rows to test on: those given, or two thirds and one third of all by `seed`.

        Rows that were not split by the user are at most 10,000 to fit and 5,000 to test, and half of it in a half.
        """
        if self.test is not None:
            return self, self.test
        if "sides" not in self.cache:
            fit, test = self._split()
            self.cache["sides"] = self.rows(fit), self.rows(test)
        return self.cache["sides"]

    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        """Which rows are to fit on and which to test on."""
        if "split" not in self.cache:
            order = np.random.default_rng(fold(self.seed, "rows to fit on")).permutation(self.n)
            cut = math.ceil(self.n * 2 / 3)
            fit, test = order[:cut][: self.most(FIT_ROWS)], order[cut:][: self.most(TEST_ROWS)]
            self.cache["split"] = np.sort(fit), np.sort(test)
        return self.cache["split"]

    def split_note(self) -> str:
        """How the rows were split, for a score's estimator."""
        fit, test = self.sides()
        how = "as given" if self.test is not None else f"split by seed {self.seed}"
        return f"{fit.n} rows fitted, {test.n} tested, {how}"

    def without(self, *blocks: int) -> Table:
        """The table without some of 20 blocks of rows, which are drawn by seed; test rows likewise.

        What stays is split into rows to fit on and rows to test on as it was: a new split would be a new draw.
        """
        block = np.random.default_rng(fold(self.seed, "blocks of rows")).permutation(self.n) % BLOCKS
        stays = ~np.isin(block, blocks)
        kept = np.flatnonzero(stays)
        test = None if self.test is None else self.test.without(*blocks)
        table = self._kept(replace(self.rows(kept), test=test), "without", blocks)
        if test is None:
            fit, tested = (np.searchsorted(kept, side[stays[side]]) for side in self._split())
            table.cache["split"] = fit, tested
        return table

    def halves(self, i: int) -> tuple[Table, Table]:
        """The rows in two random halves, drawn anew for every i; test rows likewise.

        A half is a table of half the size in all that is random: a metric that uses `most(n)` rows or draws uses half as
        many, by a stream of its own (`rng`). So the variance of what it gives is twice that of the whole table's.
        """
        order = np.random.default_rng(fold(self.seed, "halves of rows", i)).permutation(self.n)
        tests = (None, None) if self.test is None else self.test.halves(i)
        first, second = (
            self._kept(replace(self.rows(np.sort(index)), test=test, half=(i, side)), "half", i, side)
            for side, (index, test) in enumerate(zip(np.array_split(order, 2), tests, strict=True))
        )
        return first, second

    def most(self, n: int) -> int:
        """The most rows, samples or groups that a metric uses, which are n for a whole table and n / 2 for a half."""
        return math.ceil(n / 2) if self.half else n

    def rng(self, *what: str) -> np.random.Generator:
        """A stream of random numbers by the seed and the name of what is drawn, which is another for every half."""
        return np.random.default_rng(fold(self.seed, *what, *self.half))

    def permuted(self, i: int) -> Table:
        """The same codes beside permuted rows of factors; without factors, every column of codes permuted by itself."""
        rng = np.random.default_rng(fold(self.seed, "permuted factors", i))
        test = None if self.test is None else self.test.permuted(i)
        if not self.height:
            shuffled = rng.permuted(self.codes, axis=0)
            return replace(self, codes=shuffled, log_var=None, test=test, whole=False, cache={}, bins={})
        order = rng.permutation(self.n)
        bins = {name: kept[order] if name == "factors" else kept for name, kept in self.bins.items()}
        table = self._kept(replace(self, factors=self.factors[order], test=test, bins=bins), "permuted", i)
        table.cache["informative"] = np.ones(len(self.latents), bool)
        table.cache.pop("shared", None)
        return table

    def rotated(self) -> Table:
        """The codes after one random rotation, the same for test rows; in deviations, so that no unit decides what turns."""
        turn = random_rotation(len(self.latents), self.seed)
        sides = [self.codes] if self.test is None else [self.codes, self.test.codes]
        turned = [z @ turn for z in in_robust_units(*sides, weights=self.weights)]
        test = None if self.test is None else replace(self.test, codes=turned[1], cache={}, bins={})
        cache = self.cache.setdefault("rotated", {})
        return replace(self, codes=turned[0], log_var=None, test=test, whole=False, cache=cache, bins={})

    def ceiling(self) -> Table | None:
        """The factors themselves as codes, over the rows where all are known; None if there are too few."""
        known = np.flatnonzero(~np.isnan(self.factors).any(1))
        test = None if self.test is None else self.test.ceiling()
        if len(known) < 2 or not self.height or (self.test is not None and test is None):
            return None
        cut = self.rows(known)
        cache = self.cache.setdefault("ceiling", {})
        perfect = replace(cut, codes=cut.factors, log_var=None, test=test, whole=False, cache=cache, bins={})
        return replace(perfect, latents=self.varying, width=self.height)

    def put_back_matrix(self, matrix: np.ndarray | None) -> np.ndarray | None:
        """A matrix (D, K) of this table on the columns that were given, NaN where one was set aside."""
        if matrix is None or matrix.shape != (len(self.latents), len(self.varying)):
            return matrix
        full = np.full((self.width, self.height), np.nan)
        full[np.ix_(self.latents, self.varying)] = matrix
        return full


def relative(weights: np.ndarray) -> np.ndarray | None:
    """Weights in units of their mean; None if they are all the same, which says nothing.

    >>> print(relative(np.array([1.0, 3.0])), relative(np.array([2.0, 2.0])))
    [0.5 1.5] None
    """
    return weights / weights.mean() if np.ptp(weights) > 0 else None
