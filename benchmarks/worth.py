"""Information of each factor of a rendered set about the pixels: nats of binary cross-entropy per image.

    python benchmarks/worth.py [SHIFT...]

first: what the factor saves if no other is known. last: what it saves if all others are known. A factor with a small
"first" is learned late, or not at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unweave.data import load
from unweave.data.convert.scale import to_unit

SETS = {  # of the recipes: the room, and the cube of the recipe ada
    "only:floor_hue=0-4,wall_hue=0-4,object_hue=0-4,orientation=7": 0,
    "only:floor_hue=0-3,wall_hue=0-3,object_hue=0-7,shape=0,orientation=10": 20,
}


def entropy(mean: NDArray[np.float32]) -> float:
    """Cross-entropy of pixels with these means (..., P), as the best constant predicts them, summed over P; nats."""
    p = mean.clip(1e-6, 1 - 1e-6)
    return float(-(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(-1).mean())


def worth(shift: str, levels: int) -> Iterator[tuple[str, float, float]]:
    """(factor, first, last) of every factor of scene3d that varies."""
    data = load("scene3d", size=32, levels=levels, shift=shift)
    rows = np.arange(len(data))
    x = to_unit(data.take(rows)).reshape(len(rows), -1)  # (N, P)
    v = data.factors_at(rows)  # (N, K)
    for k, name in enumerate(data.factors.names):
        values = np.unique(v[:, k])
        if len(values) == 1:
            continue
        apart = np.mean([entropy(x[v[:, k] == value].mean(0)) for value in values])
        # Means (N / values, P) over rows that differ in this factor alone.
        order = np.lexsort([v[:, k], *np.delete(v, k, 1).T])
        together = x[order].reshape(-1, len(values), x.shape[1]).mean(1)
        yield name, entropy(x.mean(0)) - float(apart), entropy(together) - entropy(x)


if __name__ == "__main__":
    for shift in sys.argv[1:] or SETS:
        print(shift)
        for name, first, last in worth(shift, SETS.get(shift, 0)):
            print(f"  {name:12}first {first:7.1f}   last {last:7.1f}")
