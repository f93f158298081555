"""Effect of the inferred kind of a factor on scores: coarsely rounded measurements, and repeated measurements.

    python benchmarks/kinds.py           prints both tables; three quarters of a minute of one core

The code is the measurement with a little noise. In the first table the factor is rounded to L values; the letter is its
inferred kind, c for a category of L values, m for a measurement in 20 bins. In the second, 3 factors of each of a number
of objects were measured once, and each was photographed k times. Scores should not jump from one column to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave import metrics

ROWS = (200, 1_000, 5_000, 20_000)
VALUES = (10, 20, 21, 30, 40, 41, 60, 100, 200, 1_000, 1_000_000)
THINGS = (30, 60, 200)
TIMES = (2, 5, 9, 11, 20, 50, 100, 200)
NAMES = ("mig", "modularity", "dcimig", "sap", "factor_vae_score")
Array = NDArray[np.float64]


def measured(n: int, seed: int = 0) -> tuple[Array, Array]:
    """Codes and factors (n, 3) of things that are each photographed once."""
    rng = np.random.default_rng(seed)
    v = rng.random((n, 3))
    return v + 0.01 * rng.standard_normal(v.shape), v


def photographed(things: int, times: int) -> tuple[Array, Array]:
    """Codes and factors (things * times, 3)."""
    rng = np.random.default_rng(1)
    v = np.repeat(rng.random((things, 3)), times, 0)
    return v + 0.01 * rng.standard_normal(v.shape), v


def show(name: str, label: str, tables: list[tuple[Array, Array]]) -> None:
    """One line of scores, each with the letter of the kind of its first factor."""
    scores = [metrics.get(name)(z, v) for z, v in tables]
    cells = [f"{float(s):6.2f}{'m' if s.kinds[0] == 'continuous' else 'c'}" for s in scores]
    print(f"{name:17}{label:>9}  " + " ".join(cells))


def main() -> None:
    """Both tables."""
    print(f"{'rounded to values':26}  " + " ".join(f"{values:7}" for values in VALUES))
    for name in NAMES:
        for n in ROWS:
            z, v = measured(n)
            show(name, f"N {n}", [(z, np.floor(v * values)) for values in VALUES])
    print(f"\n{'photographs of each thing':26}  " + " ".join(f"{times:7}" for times in TIMES))
    for name in NAMES:
        for count in THINGS:
            show(name, f"{count}", [photographed(count, times) for times in TIMES])


if __name__ == "__main__":
    main()
