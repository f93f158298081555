"""Time and memory of opening a published data set again, with files as large as the published ones.

    OMP_NUM_THREADS=1 python benchmarks/opening.py [NAME...] [--folder DIR]

The files of each set are written in the published format and size (with artificial pixels), opened once, which unpacks
them, and opened again in a new process, several times: median seconds, and the peak resident size above that of the
imports. One set at a time, so the disk needs room for the largest one: MPI3D's images are on it twice, 26 GB.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from scipy.io import savemat

from unweave.data.datasets.mnist import CLOTHES
from unweave.data.datasets.nvidia3d import FALCOR, ISAAC
from unweave.data.datasets.shapes3d import NAMES as SHAPES
from unweave.data.factors import FactorSpace
from unweave.data.sources.files import SOURCES

LINKS = 50_000  # of one file; file systems stop at some 65,000
OPEN = """
import sys, time
import h5py, numpy, PIL.Image, unweave.data
from unweave.data import load
import unweave.data.datasets.{module}

def size(line):
    return next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith(line)) / 1024

open("/proc/self/clear_refs", "w").write("5")  # from here on the largest size is counted anew
before, start, spent = size("VmRSS"), time.perf_counter(), time.process_time()
data = load(sys.argv[1], root=sys.argv[2])
data.take([0, len(data) - 1])
most = size("VmHWM") - before
print(time.perf_counter() - start, time.process_time() - spent, most, len(data))
"""


def dsprites(folder: Path) -> None:
    space = FactorSpace(("shape", "scale", "orientation", "x", "y"), (3, 6, 40, 32, 32))
    classes = np.concatenate(
        [np.zeros((len(space), 1), np.int64), space.factors_at(np.arange(len(space)))], 1
    )
    np.savez_compressed(
        folder / SOURCES["dsprites"].file,
        imgs=np.zeros((len(space), 64, 64), np.uint8),
        latents_classes=classes,
    )


def shapes3d(folder: Path) -> None:
    space = FactorSpace(SHAPES, (10, 10, 10, 8, 4, 15))
    with h5py.File(folder / "3dshapes.h5", "w") as file:
        images = file.create_dataset(
            "images", (len(space), 64, 64, 3), np.uint8, chunks=(512, 64, 64, 3)
        )
        images[0] = 1
        file.create_dataset(
            "labels", data=space.factors_at(np.arange(len(space))).astype(np.float64)
        )


def mpi3d_toy(folder: Path) -> None:
    images = np.lib.format.open_memmap(
        folder / "images.npy", "w+", np.uint8, (1_036_800, 64, 64, 3)
    )
    np.savez(folder / "mpi3d_toy.npz", images=images)
    (folder / "images.npy").unlink()


def cars3d(folder: Path) -> None:
    savemat(
        folder / "car_000_mesh.mat",
        {"im": np.zeros((128, 128, 3, 24, 4), np.uint8)},
        do_compression=True,
    )
    for car in range(1, 183):
        os.link(folder / "car_000_mesh.mat", folder / f"car_{car:03}_mesh.mat")


def smallnorb(folder: Path) -> None:
    grid = FactorSpace(
        ("category", "instance", "elevation", "azimuth", "lighting"), (5, 5, 9, 18, 6)
    )
    for stem, instances in (("smallnorb-5x46789x9x18x6x2x96x96-training", (4, 6, 7, 8, 9)),
                            ("smallnorb-5x01235x9x18x6x2x96x96-testing", (0, 1, 2, 3, 5))):  # fmt: skip
        rows = grid.factors_at(np.arange(len(grid))).astype("<i4")
        rows[:, 1] = np.array(instances)[rows[:, 1]]
        rows[:, 3] *= 2
        arrays = {
            "cat": rows[:, 0].copy(),
            "info": rows[:, 1:].copy(),
            "dat": np.zeros((len(rows), 2, 96, 96), "u1"),
        }
        for kind, array in arrays.items():
            sizes = [*array.shape, *[1] * max(3 - array.ndim, 0)]
            magic = 0x1E3D4C55 if kind == "dat" else 0x1E3D4C54
            content = struct.pack(f"<ii{len(sizes)}i", magic, array.ndim, *sizes) + array.tobytes()
            (folder / f"{stem}-{kind}.mat.gz").write_bytes(gzip.compress(content, 1))


def celeba(folder: Path) -> None:
    n = 202_599
    rng = np.random.default_rng(0)
    names = [f"{i + 1:06}.jpg" for i in range(n)]
    (folder / "img_align_celeba").mkdir()
    linked(folder / "img_align_celeba", names, (178, 218))
    signs = rng.choice(["-1", " 1"], (n, 40))
    lines = [str(n), " ".join(f"Attribute_{k}" for k in range(40))]
    lines += [f"{name} {' '.join(row)}" for name, row in zip(names, signs, strict=True)]
    (folder / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    (folder / "identity_CelebA.txt").write_text(
        "".join(f"{name} {i % 10177}\n" for i, name in enumerate(names))
    )
    (folder / "list_eval_partition.txt").write_text(
        "".join(f"{name} {i % 3}\n" for i, name in enumerate(names))
    )


def falcor3d(folder: Path) -> None:
    rendered(folder, "train-rec.labels", FactorSpace(FALCOR, (5, 6, 6, 6, 6, 6, 6)))


def isaac3d(folder: Path) -> None:
    rendered(folder, "labels.npy", FactorSpace(ISAAC, (3, 8, 5, 4, 4, 4, 6, 4, 4)))


def rendered(folder: Path, table: str, space: FactorSpace) -> None:
    (folder / "images").mkdir()
    linked(folder / "images", [f"{row:06}.png" for row in range(len(space))], (128, 128))
    with (folder / table).open("wb") as file:
        np.save(
            file,
            (space.factors_at(np.arange(len(space))) / (np.array(space.sizes) - 1)).astype(
                np.float32
            ),
        )


def linked(folder: Path, names: list[str], size: tuple[int, int]) -> None:
    """Hard links from many names to one picture."""
    for i, name in enumerate(names):
        if i % LINKS == 0:
            Image.new("RGB", size, (i // LINKS, 90, 160)).save(folder / name)
        else:
            os.link(folder / names[i - i % LINKS], folder / name)


def fashion_mnist(folder: Path) -> None:
    for part, n in (("train", 60_000), ("t10k", 10_000)):
        pixels = np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels = (np.arange(n) % len(CLOTHES)).astype(np.uint8)
        for kind, array in (("images-idx3", pixels), ("labels-idx1", labels)):
            header = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(
                gzip.compress(header + array.tobytes(), 1)
            )


def own_folder(folder: Path) -> None:
    """A user's own data: 20,000 pictures in class folders and a table of factors."""
    names = [f"{'ab'[i % 2]}/{i:05}.png" for i in range(20_000)]
    for part in "ab":
        (folder / part).mkdir()
    linked(folder, names, (96, 80))
    rows = "".join(f"{name},{i % 7},{i % 11}\n" for i, name in enumerate(names))
    (folder / "factors.csv").write_text("file,left,right\n" + rows)


def many_files(folder: Path) -> None:
    """200,000 different small pictures in 20 class folders."""
    rng = np.random.default_rng(0)
    for k in range(20):
        (folder / f"c{k}").mkdir()
    for i in range(200_000):
        pixels = np.full((32, 32), i % 251, np.uint8)
        pixels[8:24, 8:24] = rng.integers(0, 256, (16, 16), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"c{i % 20}" / f"{i:06}.png", compress_level=1)


def zeros_and_ones(folder: Path) -> None:
    """5 GB of zeros and ones in an .npy file."""
    images = np.lib.format.open_memmap(folder / "ones.npy", "w+", np.uint8, (1_220_703, 64, 64))
    some = np.random.default_rng(0).integers(0, 2, (4096, 64, 64), dtype=np.uint8)
    for start in range(0, len(images), len(some)):
        part = images[start : start + len(some)]
        part[:] = some[: len(part)]


SETS = {
    "dsprites": dsprites, "shapes3d": shapes3d, "mpi3d-toy": mpi3d_toy, "cars3d": cars3d, "smallnorb": smallnorb,
    "celeba": celeba, "falcor3d": falcor3d, "isaac3d": isaac3d, "fashion-mnist": fashion_mnist, "folder": own_folder,
    "many-files": many_files, "zeros-and-ones": zeros_and_ones,
}  # fmt: skip
LOADED = {
    "many-files": ("folder", "."),
    "zeros-and-ones": ("arrays", "ones.npy"),
}  # how, and what of the folder
MODULES = {
    "mpi3d-toy": "mpi3d",
    "falcor3d": "nvidia3d",
    "isaac3d": "nvidia3d",
    "fashion-mnist": "mnist",
}


def opened(name: str, folder: Path, times: int) -> Iterator[tuple[float, float, float, int]]:
    """(seconds, processor seconds, MB above the imports, images) of opening in a process of its own."""
    name, place = LOADED.get(name, (name, "."))
    for _ in range(times):
        code = OPEN.format(module=MODULES.get(name, name))
        line = [sys.executable, "-c", code, name, folder / place]
        out = subprocess.run(line, check=True, capture_output=True, text=True)
        seconds, spent, megabytes, n = out.stdout.split()[-4:]
        yield float(seconds), float(spent), float(megabytes), int(n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(SETS))
    parser.add_argument(
        "--folder", help="where the files are made (default: the system's folder for such)"
    )
    given = parser.parse_args()
    print(
        f"{'set':16}{'images':>12}{'first, s':>12}{'of CPU':>10}{'again, s':>12}{'of CPU':>10}{'MB above imports':>20}"
    )
    for name in given.names:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            SETS[name](Path(folder))
            ((first, busy, _, n),) = opened(name, Path(folder), 1)
            again = list(opened(name, Path(folder), 3))
            seconds, spent, megabytes = (
                statistics.median(row[k] for row in again) for k in (0, 1, 2)
            )
            times = f"{first:12.1f}{busy:10.1f}{seconds:12.2f}{spent:10.2f}"
            print(f"{name:16}{n:12,}{times}{megabytes:20.0f}", flush=True)


if __name__ == "__main__":
    main()
