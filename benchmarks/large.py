"""Images per second of the stream from a file of 6 GB that is not in the page cache, beside a small set in memory.

    OMP_NUM_THREADS=1 python benchmarks/large.py [--folder FOLDER] [--gigabytes 6]

Writes a real file of random uint8 (3, 64, 64) below FOLDER (the temporary folder unless given), deletes it afterwards.
Before each round the kernel is asked to drop the file from its cache. A training step
is stood for by a pause of some milliseconds, in which a disk can read but this process asks for nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from unweave.data.batches import stream
from unweave.data.images import ImageData

SHAPE = (3, 64, 64)
BYTES = 3 * 64 * 64
CHUNK = 8192  # images


def write(path: Path, n: int) -> None:
    """An .npy file of `n` random images, brought to the disk."""
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (n, *SHAPE)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n, CHUNK):
            file.write(rng.bytes(min(CHUNK, n - start) * BYTES))
        file.flush()
        os.fsync(file.fileno())


def drop(path: Path) -> None:
    """Ask the kernel to forget the file's pages; pages that are mapped stay, so open it afterwards."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def rate(data: ImageData, steps: int, batch_size: int, pause: float, seed: int) -> tuple[float, float]:
    """(images per second, milliseconds a step beyond the pause), by the clock on the wall."""
    at = stream(data, {"images"}, batch_size=batch_size, seed=seed)
    start = time.perf_counter()
    for step in range(steps):
        at(step)
        if pause:
            time.sleep(pause)
    spent = time.perf_counter() - start
    return steps * batch_size / spent, 1e3 * (spent / steps - pause)


def peak() -> float:
    """The most memory this process has had, in MB, with the pages of mapped files."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def anonymous() -> float:
    """The memory of this process that is its own and no file's, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def opened(path: Path) -> ImageData:
    return ImageData(np.load(path, mmap_mode="r"), name="large", about=str(path), binary=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--gigabytes", type=float, default=6.0)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=300)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        n, path = int(given.gigabytes * 1e9) // BYTES, Path(folder) / "large.npy"
        if shutil.disk_usage(folder).free < 1.2 * n * BYTES:
            raise SystemExit(f"{folder} has too little room for {given.gigabytes} GB; give --folder")
        start = time.perf_counter()
        write(path, n)
        print(f"{n:,} images of 64x64x3, {n * BYTES / 1e9:.1f} GB, written in {time.perf_counter() - start:.0f} s")
        compare(path, n, given.steps, given.batch_size)


def compare(path: Path, n: int, steps: int, batch_size: int) -> None:
    small = ImageData(np.load(path, mmap_mode="r")[:5000].copy(), name="small", binary=False)
    for seed, pause in enumerate((0.0, 0.005, 0.02)):  # rows of another seed are not in the cache
        drop(path)
        before = anonymous()
        for name in ("in memory, 5,000 images", f"on the disk, {n:,} images"):
            data = small if name.startswith("in memory") else opened(path)
            images, beyond = rate(data, steps, batch_size, pause, seed)
            print(f"pause {1e3 * pause:2.0f} ms, {name}: {images:,.0f} images/s, {beyond:.2f} ms more a batch")
            del data  # or its pages stay mapped, and are not dropped
        print(
            f"  own memory grew by {anonymous() - before:.1f} MB; peak with mapped pages {peak():,.0f} MB", flush=True
        )


if __name__ == "__main__":
    main()
