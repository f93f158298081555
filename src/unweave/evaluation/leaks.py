"""What each block of a code knows of each factor, by a linear probe on rows it was not fitted on, beside chance.

A code whose content is told by its style, or whose style holds the class, has not come apart, whatever each block is
called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.kinds import declared
from unweave.metrics.estimators.classifiers import accuracy, logistic, quietly, standardise
from unweave.metrics.tables.kinds import kinds_of

if TYPE_CHECKING:
    from unweave.runs.run import Run

ROWS = 3_000
MOST = 256  # columns of a block that a probe reads, those of the largest variance
RIDGE = 1.0  # penalty of the regression, on standardised codes


class Leak(NamedTuple):
    """What a probe finds: the accuracy on held-out rows of a categorical factor, else R2; and what is found by chance."""

    score: float
    chance: float


def leaks_of(run: Run, data: Any = None, *, n: int = ROWS, seed: int = 0) -> dict[str, dict[str, Leak]]:
    """{block: {factor: Leak}} of a run, on some images of its data: the held-out ones where there are some.

    ValueError if no factor of the data is known.
    """
    source = data if data is not None else run.data if run.held is None else run.held
    rows = np.random.default_rng([seed, 101]).choice(len(source), min(n, len(source)), replace=False)
    factors = known_factors(source, rows)
    if factors is None:
        raise ValueError(f"a probe needs the factors or classes of {source.name}, and none are known")
    names = run.info.factor_names if len(run.info.factor_names) == factors.shape[1] else ("class",)
    return leaks(run.encode(source.take(rows)), run.blocks, factors, names, known_kinds(source), seed=seed)


def leaks(
    codes: NDArray[Any],
    blocks: Mapping[str, Block],
    factors: NDArray[Any],
    names: Sequence[str],
    kinds: Any = None,
    *,
    seed: int = 0,
) -> dict[str, dict[str, Leak]]:
    """{block: {factor: Leak}} of codes (N, D), free of noise, beside factors (N, K), NaN where unknown; noise left out.

    A logistic regression predicts a categorical factor, a ridge regression any other, from two thirds of the rows.
    """
    codes, factors = np.asarray(codes, dtype=np.float64), np.asarray(factors, dtype=np.float64)
    found_kinds = kinds_of(factors, declared(kinds, factors.shape[1], names))[0]
    order = np.random.default_rng([seed, 102]).permutation(len(codes))
    found: dict[str, dict[str, Leak]] = {}
    for name, block in blocks.items():
        if block.kind != "noise":
            own = _widest(codes[order][:, list(block.places(codes.shape[1]))])
            pairs = zip(names, factors[order].T, found_kinds, strict=True)
            found[name] = {factor: _probe(own, v, kind, seed) for factor, v, kind in pairs}
    return found


def _widest(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    return codes[:, np.sort(np.argsort(-codes.var(0), kind="stable")[:MOST])]


def _probe(codes: NDArray[np.float64], v: NDArray[np.float64], kind: str, seed: int) -> Leak:
    """One block (N, d) and one factor (N,); both NaN where the factor never varies among the rows that are fitted."""
    known = np.isfinite(v)
    codes, v = codes[known], v[known]
    cut = len(v) * 2 // 3
    fitted, tested = v[:cut], v[cut:]
    if len(np.unique(fitted)) < 2 or not len(tested):
        return Leak(np.nan, np.nan)
    z, z_tested = standardise(codes[:cut], codes[cut:])
    if kind == "categorical":
        values, index = np.unique(fitted, return_inverse=True)
        commonest = values[np.bincount(index).argmax()]
        predicted = values[logistic(z, index, None, "unweave", seed).predict(z_tested)]
        return Leak(accuracy(tested, predicted), accuracy(tested, np.full(len(tested), commonest)))
    from sklearn.linear_model import Ridge

    with quietly():
        predicted = Ridge(alpha=RIDGE).fit(z, fitted).predict(z_tested)
    spread = float(((tested - tested.mean()) ** 2).sum())
    return Leak(1 - float(((tested - predicted) ** 2).sum()) / spread if spread > 0 else np.nan, 0.0)
