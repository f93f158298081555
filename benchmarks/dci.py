"""Speed of DCI: scikit-learn's gradient boosting as disentanglement_lib runs it, against ours.

    python benchmarks/dci.py            10,000 training and 5,000 test rows, 10 codes, the five dSprites factors
    python benchmarks/dci.py --quick    the two factors with few levels
    python benchmarks/dci.py --tables   three tables of overlapping clusters made with scikit-learn: values only

Each prints both times, their ratio, and the differences of D and C. Codes are noisy, nonlinear and partly mixed functions
of the factors, two of them constant. Run it on an idle machine: ours has 2 threads, scikit-learn one.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.ensemble import GradientBoostingClassifier

from unweave.metrics.estimators.boosting import fit_factors

DSPRITES = (3, 6, 40, 32, 32)  # shape, scale, orientation, x, y
TABLES = {
    "blobs-1000": (1_000, (4, 6)),
    "blobs-4000": (4_000, (12, 5, 8)),
    "blobs-10000": (10_000, (40, 10)),
}
Array = NDArray[np.float64]


def dsprites_codes(n: int, seed: int = 0) -> tuple[Array, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    v = np.stack([rng.integers(0, size, n) for size in DSPRITES], 1)
    shape, scale, turn, x, y = (v / (np.array(DSPRITES) - 1) * 2 - 1).T
    angle = np.pi * (turn + 1)
    codes = [
        2 * x + 0.25 * np.tanh(2 * y),
        1.5 * np.tanh(1.5 * y) + 0.3 * x * scale,
        np.sin(angle) * (1 + 0.3 * scale),
        np.cos(angle),
        scale + 0.4 * (shape == 1) + 0.2 * shape,
        0.8 * shape + 0.3 * np.sin(2 * angle),
        x * y,
        0.3 * y + 0.3 * np.cos(2 * angle),
        0 * x,
        0 * x,
    ]
    noise = np.array([0.12, 0.1, 0.15, 0.15, 0.2, 0.3, 0.3, 0.5, 0.05, 1.0])
    return np.stack(codes, 1) + noise * rng.standard_normal((n, len(codes))), v


def blob_table(n: int, levels: tuple[int, ...], seed: int = 0) -> tuple[Array, NDArray[np.int64]]:
    """Codes (n, 2 K + 1): two columns of overlapping clusters per factor and one of noise, slightly mixed."""
    blobs = [
        make_blobs(n, 2, centers=c, cluster_std=1.5, random_state=seed + k)
        for k, c in enumerate(levels)
    ]
    rng = np.random.default_rng(seed)
    codes = np.concatenate([*(x for x, _ in blobs), rng.standard_normal((n, 1))], 1)
    mixing = np.eye(codes.shape[1]) + 0.1 * rng.standard_normal((codes.shape[1],) * 2)
    return codes @ mixing, np.stack([y for _, y in blobs], 1)


def dci(importance: Array) -> tuple[float, float]:
    """Disentanglement and completeness of an importance matrix (D, K), disentanglement_lib's formulas."""
    p = importance + 1e-11
    by_code = p / p.sum(1, keepdims=True)  # (D, K): rows sum to 1
    by_factor = p / p.sum(0)  # (D, K): columns sum to 1
    d = 1 + (by_code * np.log(by_code)).sum(1) / np.log(p.shape[1])
    c = 1 + (by_factor * np.log(by_factor)).sum(0) / np.log(p.shape[0])
    return float(d @ importance.sum(1) / importance.sum()), float(
        c @ importance.sum(0) / importance.sum()
    )


def compare(name: str, codes: Array, v: NDArray[np.int64], train: int, threads: int) -> None:
    start = _clocks()
    ours = fit_factors(codes[:train], v[:train], threads=threads)
    ours_hits = [
        [fit.predict(z) == y[:, k] for k, fit in enumerate(ours)]
        for z, y in _parts(codes, v, train)
    ]
    seconds = _clocks() - start
    print(
        f"{name}: ours {seconds[0]:.1f} s with {threads} threads, {seconds[1]:.1f} s of CPU",
        flush=True,
    )
    start = _clocks()
    theirs = [GradientBoostingClassifier(random_state=0).fit(codes[:train], y) for y in v[:train].T]
    their_hits = [
        [fit.predict(z) == y[:, k] for k, fit in enumerate(theirs)]
        for z, y in _parts(codes, v, train)
    ]
    their_seconds = _clocks() - start
    ratio = their_seconds / seconds
    print(f"{name}: scikit-learn {their_seconds[0]:.1f} s, {their_seconds[1]:.1f} s of CPU")
    print(f"  ratio {ratio[0]:.1f}, of CPU {ratio[1]:.1f}")
    mine = dci(np.stack([fit.importances for fit in ours], 1))
    other = dci(np.stack([fit.feature_importances_ for fit in theirs], 1))
    for letter, a, b in zip("DC", mine, other, strict=True):
        print(f"  {letter} ours {a:.4f} scikit-learn {b:.4f} difference {a - b:+.4f}")
    for part, a, b in zip(("train", "test"), ours_hits, their_hits, strict=False):
        print(
            f"  accuracy, {part} rows: ours {np.mean(a):.4f} scikit-learn {np.mean(b):.4f}",
            flush=True,
        )


def _clocks() -> Array:
    """Wall and CPU seconds; only the second means something on a busy machine."""
    return np.array([time.perf_counter(), time.process_time()])


def _parts(codes: Array, v: NDArray[np.int64], train: int) -> list[tuple[Array, NDArray[np.int64]]]:
    halves = [(codes[:train], v[:train]), (codes[train:], v[train:])]
    return [half for half in halves if len(half[0])]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only the factors with 3 and 6 levels")
    parser.add_argument(
        "--tables", action="store_true", help="the three tables of clusters instead"
    )
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.tables:
        for name, (n, levels) in TABLES.items():
            compare(name, *blob_table(n, levels), n, args.threads)
    else:
        codes, v = dsprites_codes(15_000)
        compare("dsprites", codes, v[:, :2] if args.quick else v, 10_000, args.threads)


if __name__ == "__main__":
    main()
