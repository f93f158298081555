"""Leakage between the blocks of a code: linear probes of each factor from each block, and chance.

Probes are scored on rows that they were not fitted on. A code whose style predicts the content, or
whose style contains the class, is not disentangled, whatever the names of its blocks are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unweave import data as datasets
from unweave.blocks import Block
from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.kinds import declared
from unweave.methods.base import NotAvailable
from unweave.metrics.estimators.classifiers import accuracy, logistic, quietly, standardise
from unweave.metrics.tables.kinds import kinds_of
from unweave.seeds import fold

if TYPE_CHECKING:
    from unweave.runs.run import Run

ROWS = 3_000
MOST = 256  # columns of a block that a probe reads, those of the largest variance
RIDGE = 1.0  # penalty of the regression, on standardised codes


class Leak(NamedTuple):
    """Score of a probe on held-out rows, accuracy of a categorical factor or R2; and at chance."""

    score: float
    chance: float


def leaks_of(
    run: Run, data: Any = None, *, n: int = ROWS, seed: int = 0, kinds: Any = None
) -> dict[str, dict[str, Leak]]:
    """{block: {factor: Leak}} of a run, on n images of its data, the held-out ones if any.

    data, kinds: other data, and the kinds of their factors, as of `evaluate`. ValueError if the
    code is one block, or if no factor of the data is known; NotAvailable of a run that encodes
    clips, whose frames know each other.
    """
    if run.method.encodes == "clips":
        raise NotAvailable("its codes are of clips, and the probe is of single images")
    inferred = [name for name, block in run.blocks.items() if block.kind != "noise"]
    if len(inferred) < 2:
        raise ValueError(
            f"the code of this run is one block, {inferred[0]}: there is no other to leak into"
        )
    if n < 3:
        raise ValueError(f"n is {n}; a probe takes 3 rows or more")
    source = run.data if run.held is None else run.held
    if data is not None:
        source = datasets.load(data)
    rng = np.random.default_rng(fold(seed, "rows to probe"))
    rows = rng.choice(len(source), min(n, len(source)), replace=False)
    factors = known_factors(source, rows)
    if factors is None:
        raise ValueError(
            f"a probe needs the factors or classes of {source.name}, and none are known"
        )
    names = source.factor_names or ("class",)
    codes = run.encode(source.take(rows))
    return leaks(codes, run.blocks, factors, names, known_kinds(source, kinds), seed=seed)


def leaks(
    codes: NDArray[Any],
    blocks: Mapping[str, Block],
    factors: NDArray[Any],
    names: Sequence[str],
    kinds: Any = None,
    *,
    seed: int = 0,
) -> dict[str, dict[str, Leak]]:
    """{block: {factor: Leak}} of codes (N, D) beside factors (N, K), NaN where unknown.

    Blocks of noise are left out. A logistic regression predicts a categorical factor, a ridge
    regression any other, from two thirds of the rows.
    """
    codes = np.asarray(codes, dtype=np.float64)
    factors = np.asarray(factors, dtype=np.float64)
    found_kinds, _ = kinds_of(factors, declared(kinds, factors.shape[1], names))
    order = np.random.default_rng(fold(seed, "order of the probe")).permutation(len(codes))
    found: dict[str, dict[str, Leak]] = {}
    for name, block in blocks.items():
        if block.kind == "noise":
            continue
        own = _widest(codes[order][:, list(block.places(codes.shape[1]))])  # (N, d)
        columns = zip(names, factors[order].T, found_kinds, strict=True)
        found[name] = {factor: _probe(own, v, kind, seed) for factor, v, kind in columns}
    return found


def _widest(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The columns of codes (N, D) with the largest variance, at most 256, in their own order."""
    widest = np.argsort(-codes.var(0), kind="stable")[:MOST]
    return codes[:, np.sort(widest)]


def _probe(codes: NDArray[np.float64], v: NDArray[np.float64], kind: str, seed: int) -> Leak:
    """Fit and test a probe of one factor (N,) from one block (N, d).

    NaN where the fitted rows have one value only.
    """
    known = np.isfinite(v)
    codes = codes[known]
    v = v[known]
    # two thirds to fit, the rest to test on
    cut = len(v) * 2 // 3
    fitted = v[:cut]
    tested = v[cut:]
    if len(np.unique(fitted)) < 2 or not len(tested):
        return Leak(np.nan, np.nan)
    z, z_tested = standardise(codes[:cut], codes[cut:])
    if kind == "categorical":
        values, index = np.unique(fitted, return_inverse=True)
        # chance: always the commonest of the fitted values
        commonest = values[np.bincount(index).argmax()]
        predicted = values[logistic(z, index, None, "unweave", seed).predict(z_tested)]
        chance = accuracy(tested, np.full(len(tested), commonest))
        return Leak(accuracy(tested, predicted), chance)
    from sklearn.linear_model import Ridge

    with quietly():
        predicted = Ridge(alpha=RIDGE).fit(z, fitted).predict(z_tested)
    # R2 = 1 - squared errors / squared deviations from the mean, undefined if that is constant
    spread = float(((tested - tested.mean()) ** 2).sum())
    missed = float(((tested - predicted) ** 2).sum())
    if not spread > 0:
        return Leak(np.nan, 0.0)
    return Leak(1 - missed / spread, 0.0)
