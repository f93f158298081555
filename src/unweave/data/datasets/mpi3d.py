"""MPI3D, a robot arm that moves an object: rendered (toy, realistic), photographed (real, complex).

M. Gondal et al. (2019), "On the transfer of inductive bias from simulation to the real world: a new
disentanglement dataset". toy, realistic and real have 1,036,800 images of one shape, so only the
file's name tells them apart.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.files.mapped import mapped
from unweave.data.files.npy import UNREADABLE, header
from unweave.data.images import FactorImages
from unweave.data.sources.files import wanted

NAMES = (
    "object_color", "object_shape", "object_size",
    "camera_height", "background_color", "horizontal_axis", "vertical_axis",
)  # fmt: skip
# of all but the object's colour and shape
SCENE_VALUES = (
    ("small", "large"),
    ("top", "center", "bottom"),
    ("purple", "sea green", "salmon"),
    range(40),
    range(40),
)
SCENE = tuple(map(len, SCENE_VALUES))
KINDS = ("categorical", "categorical", "ordered", "ordered", "categorical", "ordered", "ordered")
COLOURS = ("white", "green", "red", "blue", "brown", "olive")
SHAPES = ("cone", "cube", "cylinder", "hexagonal", "pyramid", "sphere")
DAILY_COLOURS = ("yellow", "green", "olive", "red")
DAILY_SHAPES = ("coffee-cup", "tennis-ball", "croissant", "beer-cup")
CHUNK = 2048


def mpi3d_toy(root: str | Path | None = None) -> FactorImages:
    """Simply drawn; from mpi3d_toy.npz."""
    return _read("mpi3d-toy", root, COLOURS, SHAPES)


def mpi3d_realistic(root: str | Path | None = None) -> FactorImages:
    """Realistically drawn; from mpi3d_realistic.npz."""
    return _read("mpi3d-realistic", root, COLOURS, SHAPES)


def mpi3d_real(root: str | Path | None = None) -> FactorImages:
    """Photographed; from mpi3d_real.npz."""
    return _read("mpi3d-real", root, COLOURS, SHAPES)


def mpi3d_complex(root: str | Path | None = None) -> FactorImages:
    """Photographed, objects of daily life; from real3d_complicated_shapes_ordered.npz."""
    return _read("mpi3d-complex", root, DAILY_COLOURS, DAILY_SHAPES)


def _read(
    name: str, root: str | Path | None, colours: tuple[str, ...], shapes: tuple[str, ...]
) -> FactorImages:
    """The images of one of the four files.

    colours, shapes: the values of these factors of the object.
    """
    path = wanted(name, root)
    try:
        with zipfile.ZipFile(path) as archive:
            key = "images.npy"
            with cast(BufferedIOBase, archive.open(key)) as stream:
                dtype, shape, by_column = header(stream)
        if dtype != np.uint8 or len(shape) != 4 or shape[3] != 3 or by_column or 0 in shape:
            raise ValueError(f"it holds {dtype} images {shape}; expected uint8 (N, H, W, 3)")
        space = _space(shape[0], colours, shapes)

        def chunks() -> Iterator[NDArray[np.uint8]]:
            with (
                zipfile.ZipFile(path) as archive,
                cast(BufferedIOBase, archive.open(key)) as stream,
            ):
                header(stream)
                while part := stream.read(CHUNK * math.prod(shape[1:])):
                    images = np.frombuffer(part, np.uint8).reshape(-1, *shape[1:])
                    yield images.transpose(0, 3, 1, 2)  # (n, H, W, 3) -> (n, 3, H, W)

        array, about = mapped(path, (shape[0], 3, shape[1], shape[2]), chunks)
    except UNREADABLE as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    return FactorImages(space, array, name=name, about=about, binary=False)


def _space(n: int, colours: tuple[str, ...], shapes: tuple[str, ...]) -> FactorSpace:
    """The grid of n images: as many colours as shapes, as in all four published files."""
    objects, rest = divmod(n, math.prod(SCENE))
    each = math.isqrt(objects)
    if rest or each * each != objects or not 1 <= each <= len(colours):
        raise ValueError(
            f"it holds {n:,} images; expected {len(colours) ** 2 * math.prod(SCENE):,}"
        )
    values = [colours[:each], shapes[:each], *SCENE_VALUES]
    return FactorSpace(NAMES, (each, each, *SCENE), [np.array(v) for v in values], KINDS)
