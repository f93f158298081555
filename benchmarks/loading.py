"""Speed of the stream of batches, 64x64x1 uint8 in memory, one thread, against bare indexing in the same run.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/loading.py

Each figure is the best of several rounds, in seconds of this process; `bare` is numpy's indexing with rows drawn beforehand.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.sampling import single
from unweave.data.sampling.batches import Pixels, stream
from unweave.seeds import fold
from unweave.types import to_unit

KINDS = ("images", "groups", "pairs", "classes")


def rate(
    batch: Callable[[int], object], images: int, seconds: float = 0.4, rounds: int = 7
) -> float:
    """Images per second of the best round."""
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        spent = 0.0
        step = 0
        while spent < seconds:
            for _ in range(50):
                batch(step)
                step += 1
            spent = time.process_time() - start
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
        for name, batch in ways(data, array, batch_size).items():
            print(f"batch {batch_size}: {name} {rate(batch, batch_size):,.0f}", flush=True)


def ways(
    data: FactorImages, array: NDArray[np.uint8], batch_size: int
) -> dict[str, Callable[[int], object]]:
    """{name: function of the step that is timed} for each line of the table."""
    drawn = np.random.default_rng(1).integers(len(array), size=(1000, batch_size))
    pixels = Pixels(data, "cpu")
    rows = single.images(data, batch_size, 0)
    still = pixels(drawn[0])
    return {
        "bare indexing": lambda step: array[drawn[step % 1000]],
        "drawn and read, uint8": lambda step: pixels(
            rows(np.random.default_rng(fold(0, step, "batch")), step).rows
        ),
        "conversion to float32 alone": lambda step: to_unit(still),
    } | {
        f"stream of {kind}, float32": stream(data, {kind}, batch_size=batch_size) for kind in KINDS
    }


if __name__ == "__main__":
    main()
