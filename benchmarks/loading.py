"""Images per second of the stream of batches, 64x64x1 uint8 in memory, one thread, beside bare indexing in the same run.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/loading.py

Each figure is the best of several rounds, in seconds of this process; `bare` is numpy's indexing with rows drawn beforehand.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from unweave.data import draw
from unweave.data.batches import Pixels, stream, to_unit
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.seeds import fold


def rate(batch: Callable[[int], object], images: int, seconds: float = 0.4, rounds: int = 7) -> float:
    """Images per second of the best round."""
    best = 0.0
    for _ in range(rounds):
        start, step = time.process_time(), 0
        while (spent := time.process_time() - start) < seconds:
            for _ in range(50):
                batch(step)
                step += 1
        best = max(best, step * images / spent)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    n = parser.parse_args().images // 100 * 100
    torch.set_num_threads(1)
    array = np.random.default_rng(0).integers(0, 256, (n, 1, 64, 64), dtype=np.uint8)
    data = FactorImages(FactorSpace(("row", "column"), (n // 100, 100)), array, binary=False)
    print(f"{n:,} images of 64x64x1, images/s")
    for batch_size in (64, 256):
        drawn = np.random.default_rng(1).integers(n, size=(1000, batch_size))
        pixels, rows = Pixels(data, "cpu"), draw.images(data, batch_size, 0)
        by_index = lambda t: pixels(rows(np.random.default_rng(fold(0, t, "batch")), t).rows)  # noqa: E731, B023
        print(f"batch {batch_size}: bare indexing {rate(lambda t: array[drawn[t % 1000]], batch_size):,.0f}")  # noqa: B023
        print(f"batch {batch_size}: drawn and read, uint8 {rate(by_index, batch_size):,.0f}")
        print(f"batch {batch_size}: float conversion alone {rate(lambda t: to_unit(by_index(0)), batch_size):,.0f}")
        for kind in ("images", "groups", "pairs", "classes"):
            at = stream(data, {kind}, batch_size=batch_size)
            print(f"batch {batch_size}: stream of {kind}, float32 {rate(at, batch_size):,.0f}")


if __name__ == "__main__":
    main()
