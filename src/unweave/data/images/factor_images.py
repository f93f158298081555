"""Images of every combination of known factors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.factors import FactorSpace, Rows
from unweave.data.images.rows import rows_of, taken

Draw = Callable[[NDArray[np.int64]], NDArray[np.uint8]]


class FactorImages(Dataset):
    """Images of every combination of known factors, in an array or rendered on demand.

    Args:
        factors: the grid. Row r shows the factor tuple `factors.factors_at(r)`.
        images: uint8 (N, C, H, W) in the order of the grid, in memory or memory-mapped; or a
            function from factor indices (n, K) to such images (n, C, H, W), the same for the same
            indices.
        name: of the data set. about: one line on where it came from, e.g. "rendered".
        binary: whether every pixel is 0 or 255; looked up in some rows if None.
        white: the number of white in images that came with more than 8 bits, e.g. 12 or 16.
        floats: the numbers of black and white in images that came as floats; None for others.
        ones_are_white: the array holds 0 and 1, and `take` gives 0 and 255.
        probed: how many images the fingerprint covers, if not all; fewer if rendering is slow.
    """

    array: NDArray[np.uint8] | None
    grid: FactorSpace

    def __init__(
        self,
        factors: FactorSpace,
        images: NDArray[np.uint8] | Draw,
        *,
        name: str = "arrays",
        about: str = "in memory",
        binary: bool | None = None,
        white: int = 255,
        floats: tuple[int, int] | None = None,
        ones_are_white: bool = False,
        probed: int = Dataset.probed,
    ) -> None:
        self.grid = factors
        self.name = name
        self.about = about
        self.binary = binary
        self.white = white
        self.floats = floats
        self.ones_are_white = ones_are_white
        self.probed = probed
        if callable(images):
            self.array = None
            self._draw = images
            return
        self.array = images
        self._draw = lambda v: self.take(factors.rows(v))
        if rows_of(images).dtype != np.uint8 or len(images) != len(factors):
            found = f"{len(images)} rows of {images.dtype}"
            raise ValueError(
                f"{factors} needs {len(factors)} images of uint8; the array holds {found}"
            )

    def __len__(self) -> int:
        return len(self.grid)

    def images(self, indices: Rows) -> NDArray[np.uint8]:
        """The images (n, C, H, W), 0 to 255, of the factor indices (n, K)."""
        return self._draw(self.grid.check(indices))

    def take(self, rows: Rows) -> NDArray[np.uint8]:
        """The images (n, C, H, W) of the rows (n,) of the grid."""
        if self.array is not None:
            return taken(self.array, rows, self.ones_are_white).view(np.uint8)
        return self._draw(self.grid.factors_at(rows))
