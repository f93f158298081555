"""Training speed from a file of 6 GB that is not in the page cache, against a small set in memory.

    OMP_NUM_THREADS=1 python benchmarks/large.py [--folder FOLDER] [--gigabytes 6] [--rounds 3] [--steps 300] [--training]

Writes a real file of random uint8 (3, 64, 64) below FOLDER (the temporary folder unless given), deletes it afterwards.
Both sets are trained on in one process, a block of steps in turn, by the package's training loop and stream: beta-VAE,
conv64, batch 64, float32, and bfloat16 where "auto" means that. Before each round the file is dropped from the page
cache, and every round draws other rows, so that none is cached. Wall time is measured, since waiting for a disk takes no
processor time. A round is long enough for one of the reads without advice by which the stream tests whether it still
waits (data/files/pages.py); they become rarer. Before that, unless `--training` is given, the stream alone is measured:
from memory, cold and cached, with and without advice.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from unweave.data.files.pages import READS, Pages
from unweave.data.images import ImageData
from unweave.data.sampling.batches import stream
from unweave.methods.resolve import resolve
from unweave.training.layout import channels_last
from unweave.training.loop import Training
from unweave.training.precision import dtype_of

SHAPE = (3, 64, 64)
BYTES = 3 * 64 * 64
CHUNK = 8192  # images
SMALL = 5000
BATCH = 64
FIRST = 5  # steps of a round that are not counted
BLOCK = 20  # steps of one loop in turn with the other


def write(path: Path, n: int) -> None:
    """Write an .npy file of `n` random images, synchronised to the disk."""
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (n, *SHAPE)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n, CHUNK):
            file.write(rng.bytes(min(CHUNK, n - start) * BYTES))
        file.flush()
        os.fsync(file.fileno())


def drop(path: Path) -> None:
    """Drop the file from the page cache; mapped pages stay, so open it afterwards."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def opened(path: Path) -> ImageData:
    return ImageData(np.load(path, mmap_mode="r"), name="large", about=str(path), binary=False)


def own() -> float:
    """Anonymous memory of this process (not of mapped files), in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def loop_of(data: ImageData, precision: str, seed: int) -> Training:
    """The package's training loop after its first steps, which allocate buffers."""
    method = channels_last(resolve("beta-vae", {}, data.info).make(data.info))
    batches = stream(data, method.needs, batch_size=BATCH, seed=seed)
    loop = Training(method, batches, dtype=dtype_of(precision, torch.device("cpu")))
    for _ in loop.until(FIRST):
        pass
    return loop


def timed(loop: Training, steps: int) -> tuple[float, float]:
    """(seconds of `steps` further steps, peak anonymous memory in MB)."""
    peak = 0.0
    start = time.perf_counter()
    for _ in loop.until(loop.step + steps):
        peak = max(peak, own())
    return time.perf_counter() - start, peak


def reading(data: ImageData, steps: int, seed: int, before: int = 0) -> float:
    """Images per second of the stream alone, after `before` steps."""
    at = stream(data, {"images"}, batch_size=BATCH, seed=seed)
    for step in range(before):
        at(step)
    start = time.perf_counter()
    for step in range(before, before + steps):
        at(step)
    return steps * BATCH / (time.perf_counter() - start)


def compare_training(path: Path, small: ImageData, precision: str, rounds: int, steps: int) -> None:
    """Both loops in turns, `BLOCK` steps at a time, so that other programs on the machine disturb both alike."""
    rates: dict[str, list[float]] = {"memory": [], "disk": []}
    for seed in range(rounds):  # rows of another seed are not in the cache
        drop(path)
        loops = {
            "memory": loop_of(small, precision, seed),
            "disk": loop_of(opened(path), precision, seed),
        }
        spent = dict.fromkeys(loops, 0.0)
        peak = 0.0
        for block in range(steps // BLOCK):
            for place in sorted(loops, reverse=block % 2 == 0):
                seconds, most = timed(loops[place], BLOCK)
                spent[place] += seconds
                peak = max(peak, most)
        for place in loops:
            rates[place].append(steps // BLOCK * BLOCK * BATCH / spent[place])
        memory, disk = (rates[place][-1] for place in ("memory", "disk"))
        print(
            f"  round {seed + 1}, {precision}: {memory:,.0f} images/s from memory, {disk:,.0f} from the cold file, ratio "
            f"{disk / memory:.3f}; most own memory {peak:,.0f} MB, of both",
            flush=True,
        )
        del loops  # or the file's pages stay mapped, and are not dropped
    memory, disk = (statistics.median(rates[place]) for place in ("memory", "disk"))
    ratio = statistics.median(d / m for m, d in zip(rates["memory"], rates["disk"], strict=True))
    print(
        f"training, {precision}: {memory:,.0f} from memory, {disk:,.0f} from the cold file; ratio {ratio:.3f}"
    )


def compare_reading(path: Path, small: ImageData, rounds: int) -> None:
    """The stream alone. Cached: 1 GB of the file, read beforehand; advice has ended there by itself."""
    rates: dict[str, list[float]] = {}
    unadvised = mock.patch.object(Pages, "of", return_value=None)
    for seed in range(1000, 1000 + rounds):
        rates.setdefault("memory", []).append(reading(small, 1000, seed))
        drop(path)
        rates.setdefault("cold, advice", []).append(reading(opened(path), READS, seed))
        drop(path)
        with unadvised:
            rates.setdefault("cold, none", []).append(reading(opened(path), 50, seed))
        drop(path)
        part = ImageData(np.load(path, mmap_mode="r")[: 10**9 // BYTES], binary=False)
        part.array.sum()
        rates.setdefault("cached, advice over", []).append(reading(part, 1000, seed, READS))
        with unadvised:
            rates.setdefault("cached, none", []).append(reading(part, 1000, seed, READS))
        rates.setdefault("cached, first steps, advice", []).append(reading(part, READS, seed))
        del part
    for name, found in rates.items():
        print(f"reading, {name}: {statistics.median(found):,.0f} images/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--gigabytes", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300, help="of a round, of each loop")
    parser.add_argument("--training", action="store_true", help="leave out the stream alone")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        n = int(given.gigabytes * 1e9) // BYTES
        path = Path(folder) / "large.npy"
        if shutil.disk_usage(folder).free < 1.2 * n * BYTES:
            raise SystemExit(
                f"{folder} has too little room for {given.gigabytes} GB; give --folder"
            )
        write(path, n)
        print(f"{n:,} images of 64x64x3, {n * BYTES / 1e9:.1f} GB; in memory {SMALL:,}", flush=True)
        small = ImageData(np.load(path, mmap_mode="r")[:SMALL].copy(), name="small", binary=False)
        if not given.training:
            compare_reading(path, small, given.rounds)
        same = resolve("auto", torch.device("cpu")) is torch.float32
        for precision in ("float32",) if same else ("float32", "auto"):
            compare_training(path, small, precision, given.rounds, given.steps)


if __name__ == "__main__":
    main()
