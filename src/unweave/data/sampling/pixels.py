"""Images of rows as tensors on a device: from memory, from the disk ahead of their step, or rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unweave.data.base import Dataset
from unweave.data.files.pages import Pages
from unweave.data.sampling.prefetch import Prefetch
from unweave.data.sampling.single import Drawn

DrawAt = Callable[[int], Drawn]


class Pixels:
    """Images of rows as tensors on a device, with the set's values: uint8, or float32 of vectors.

    An array that fits into half of a GPU's free memory is copied there once; otherwise rows are
    read from memory or the disk, or rendered, and copied batch by batch.
    """

    def __init__(self, data: Dataset, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self.data = data
        array = data.whole.array
        self.resident: Tensor | None = None
        self.pages: Pages | None = None
        if array is not None and self._fits(array):
            self.resident = torch.tensor(array, device=self.device)
            if data.whole.ones_are_white:
                self.resident = self.resident.ne(0).to(torch.uint8).mul_(255)
        else:
            self.pages = Pages.of(array)

    def _fits(self, array: NDArray[Any]) -> bool:
        """Whether the device is a GPU that has twice the memory of an array free."""
        return self.device.type == "cuda" and array.nbytes < _free(self.device) // 2

    def prefetched(self, drawn: DrawAt, among: NDArray[np.int64] | None = None) -> DrawAt:
        """The same draws, with prefetch of the rows of a mapped file.

        among: the rows that draws are places in.
        """
        if self.pages is None:
            return drawn

        def places(rows: NDArray[np.int64]) -> NDArray[np.int64]:
            if among is not None:
                rows = among[rows]
            return self._places(rows)

        return Prefetch(drawn, self.pages, places)

    def __call__(self, rows: NDArray[np.int64]) -> Tensor:
        """Images (B, C, H, W) or (B, M, C, H, W), or vectors, of the rows (B,) or (B, M)."""
        places = self._places(rows)
        if self.resident is not None:
            found = self.resident.index_select(0, self.tensor(places))
        elif self.pages is not None:
            found = self.tensor(self.pages.read(self.data.whole.take, places))
        else:
            found = self.tensor(self.data.whole.take(places))
        if rows.ndim > 1:  # (B * M, ...) -> (B, M, ...)
            return found.unflatten(0, rows.shape)
        return found

    def _places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows, flattened, as places in the data behind the view."""
        return self.data.places(rows.reshape(-1))

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """The array as a tensor on the device."""
        return torch.from_numpy(array).to(self.device, non_blocking=True)

    def column(
        self, array: NDArray[Any] | None, rows: NDArray[np.int64] | slice = slice(None)
    ) -> Tensor | None:
        """These rows of a column that data or draws may lack, as a tensor on the device."""
        if array is None:
            return None
        return self.tensor(array[rows])


def _free(device: torch.device) -> int:
    return int(torch.cuda.mem_get_info(device)[0])
