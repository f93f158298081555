"""Class-conditional codes: the block "class" set to a one-hot, or to a learned embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.blocks import Block, as_blocks
from unweave.methods.base import Method, NotAvailable
from unweave.tensors import plain


def classes_of(blocks: Mapping[str, Block], known: int) -> int:
    """Number of classes in the block "class": columns of a one-hot, else those `known`."""
    block = blocks.get("class")
    if block is None or block.kind != "one-hot" or block.columns.stop is None:
        return known
    return block.columns.stop - (block.columns.start or 0)


def one_each(y: Any, n: int) -> NDArray[Any]:
    """Classes (n,): y for each of them, or y (n,). ValueError for any other number of classes."""
    y = np.asarray(plain(y))
    if y.ndim and y.shape != (n,):
        found = f"shape {y.shape}"
        if y.ndim == 1:
            found = f"{len(y)} class{'es' * (len(y) != 1)}"
        raise ValueError(f"y has {found} for {n} samples: give one for all, or one for each")
    return np.broadcast_to(y, (n,))


def with_class(
    method: Method, codes: NDArray[np.float32], y: Any, count: int, device: torch.device
) -> Any:
    """The codes (n, D), changed in place, with their class set to y, or to y (n,).

    count: of classes.
    """
    blocks = as_blocks(method.blocks)
    if "class" not in blocks:
        raise NotAvailable(
            f"the codes of this run have no block 'class'; they have {', '.join(blocks)}"
        )
    y = one_each(y, len(codes))
    numbers = y.dtype.kind in "iu" or not len(y)  # [] is an array of floats
    if not numbers or y.min(initial=0) < 0 or y.max(initial=0) >= count:
        raise ValueError(
            f"y is {y.tolist()[:3]}, ...; classes are whole numbers from 0 to {count - 1}"
        )
    with torch.no_grad():
        of_class = method.class_codes(torch.from_numpy(y.astype(np.int64)).to(device))
    codes[:, blocks["class"].columns] = of_class.float().cpu().numpy()  # (n, columns)
    return codes
