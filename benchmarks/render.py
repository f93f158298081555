"""Speed of rendering images from their factors, in images per second, on one core.

python benchmarks/render.py [NAME...]
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from unweave.data import load
from unweave.data.images import FactorImages


def images_per_second(images: FactorImages, batch: int, seconds: float = 1.0) -> float:
    """The best rate over stretches of 20 ms, which other programs disturb least."""
    rng = np.random.default_rng(0)
    batches = [images.sample_factors(batch, rng) for _ in range(max(1, 1024 // batch))]
    for v in batches:
        images.images(v)  # what is made once, tables and views, is not counted
    best = 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        drawn = 0
        start = time.perf_counter()
        while time.perf_counter() - start < 0.02:
            for v in batches:
                drawn += len(images.images(v))
        best = max(best, drawn / (time.perf_counter() - start))
    return best


def main(names: list[str]) -> None:
    print(f"{'data set':20}{'batch 64':>12}{'batch 256':>12}   images/s, one core")
    for name in names or RENDERED:
        images = load(name)
        print(
            f"{name:20}"
            + "".join(f"{images_per_second(images, batch):12,.0f}" for batch in (64, 256))
        )


RENDERED = [
    *(
        "dsprites",
        "color-dsprites",
        "noisy-dsprites",
        "scream-dsprites",
        "abstract-dsprites",
        "continuous-dsprites",
    ),
    *("cdsprites", "scene3d", "faces", "avatars"),
]

if __name__ == "__main__":
    main(sys.argv[1:])
