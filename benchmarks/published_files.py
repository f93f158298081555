"""Files in the formats and sizes of published data sets, with artificial pixels, for `opening.py`."""

from __future__ import annotations

import gzip
import os
import struct
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


def dsprites(folder: Path) -> None:
    space = FactorSpace(("shape", "scale", "orientation", "x", "y"), (3, 6, 40, 32, 32))
    colour = np.zeros((len(space), 1), np.int64)
    classes = np.concatenate([colour, space.factors_at(np.arange(len(space)))], 1)  # (n, 6)
    images = np.zeros((len(space), 64, 64), np.uint8)
    np.savez_compressed(folder / SOURCES["dsprites"].file, imgs=images, latents_classes=classes)


def shapes3d(folder: Path) -> None:
    space = FactorSpace(SHAPES, (10, 10, 10, 8, 4, 15))
    labels = space.factors_at(np.arange(len(space))).astype(np.float64)
    shape = (len(space), 64, 64, 3)
    with h5py.File(folder / "3dshapes.h5", "w") as file:
        images = file.create_dataset("images", shape, np.uint8, chunks=(512, 64, 64, 3))
        images[0] = 1
        file.create_dataset("labels", data=labels)


def mpi3d_toy(folder: Path) -> None:
    shape = (1_036_800, 64, 64, 3)
    images = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, shape)
    np.savez(folder / "mpi3d_toy.npz", images=images)
    (folder / "images.npy").unlink()


def cars3d(folder: Path) -> None:
    images = np.zeros((128, 128, 3, 24, 4), np.uint8)
    savemat(folder / "car_000_mesh.mat", {"im": images}, do_compression=True)
    for car in range(1, 183):
        os.link(folder / "car_000_mesh.mat", folder / f"car_{car:03}_mesh.mat")


def smallnorb(folder: Path) -> None:
    names = ("category", "instance", "elevation", "azimuth", "lighting")
    grid = FactorSpace(names, (5, 5, 9, 18, 6))
    parts = {
        "smallnorb-5x46789x9x18x6x2x96x96-training": (4, 6, 7, 8, 9),
        "smallnorb-5x01235x9x18x6x2x96x96-testing": (0, 1, 2, 3, 5),
    }
    magic = {"cat": 0x1E3D4C54, "info": 0x1E3D4C54, "dat": 0x1E3D4C55}
    for stem, instances in parts.items():
        rows = grid.factors_at(np.arange(len(grid))).astype("<i4")
        rows[:, 1] = np.array(instances)[rows[:, 1]]
        rows[:, 3] *= 2
        arrays = {
            "cat": rows[:, 0].copy(),
            "info": rows[:, 1:].copy(),
            "dat": np.zeros((len(rows), 2, 96, 96), "u1"),
        }
        for kind, array in arrays.items():
            # magic number, dimensions, at least three sizes, then the entries
            sizes = [*array.shape, *[1] * max(3 - array.ndim, 0)]
            header = struct.pack(f"<ii{len(sizes)}i", magic[kind], array.ndim, *sizes)
            packed = gzip.compress(header + array.tobytes(), 1)
            (folder / f"{stem}-{kind}.mat.gz").write_bytes(packed)


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
    people = "".join(f"{name} {i % 10177}\n" for i, name in enumerate(names))
    (folder / "identity_CelebA.txt").write_text(people)
    partition = "".join(f"{name} {i % 3}\n" for i, name in enumerate(names))
    (folder / "list_eval_partition.txt").write_text(partition)


def falcor3d(folder: Path) -> None:
    rendered(folder, "train-rec.labels", FactorSpace(FALCOR, (5, 6, 6, 6, 6, 6, 6)))


def isaac3d(folder: Path) -> None:
    rendered(folder, "labels.npy", FactorSpace(ISAAC, (3, 8, 5, 4, 4, 4, 6, 4, 4)))


def rendered(folder: Path, table: str, space: FactorSpace) -> None:
    (folder / "images").mkdir()
    linked(folder / "images", [f"{row:06}.png" for row in range(len(space))], (128, 128))
    # factors from 0 to 1, (n, K)
    labels = space.factors_at(np.arange(len(space))) / (np.array(space.sizes) - 1)
    with (folder / table).open("wb") as file:
        np.save(file, labels.astype(np.float32))


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
            packed = gzip.compress(header + array.tobytes(), 1)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(packed)


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
    "dsprites": dsprites,
    "shapes3d": shapes3d,
    "mpi3d-toy": mpi3d_toy,
    "cars3d": cars3d,
    "smallnorb": smallnorb,
    "celeba": celeba,
    "falcor3d": falcor3d,
    "isaac3d": isaac3d,
    "fashion-mnist": fashion_mnist,
    "folder": own_folder,
    "many-files": many_files,
    "zeros-and-ones": zeros_and_ones,
}
