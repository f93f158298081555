"""Codes of a run: drawn from its prior, and decoded."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.methods import answers
from unweave.methods.base import Method, NotAvailable
from unweave.nets.evaluating import evaluating
from unweave.runs.chunks import by_chunks
from unweave.seeds import fold
from unweave.seeds.generators import seeded
from unweave.tensors import plain


def drawn(method: Method, n: int, seed: int, device: torch.device) -> NDArray[np.float32]:
    """`n` codes (n, D) from the prior, or (n, M, D) of clips. ValueError for a negative number."""
    if n < 0:
        raise ValueError(f"n is {n}; it is how many to draw, 0 or more")
    with seeded(fold(seed, "prior"), device), torch.no_grad():
        return answers.prior_codes(method, n).float().cpu().numpy()


def decoded(method: Method, codes: Any, device: torch.device) -> NDArray[np.float32]:
    """Images (n, C, H, W), or vectors (n, F), of codes (n, D).

    ValueError for codes of another number of columns than those of the prior.
    """
    codes = np.atleast_2d(np.asarray(plain(codes), dtype=np.float32))
    try:
        with evaluating(method):
            return by_chunks(lambda z: (answers.decoded(method, z),), codes, device)[0]
    except NotAvailable:
        raise
    except RuntimeError as error:  # torch's, of matrices that do not fit
        columns = _columns(method, device)
        if columns in (None, codes.shape[-1]):
            raise
        raise ValueError(
            f"codes have {codes.shape[-1]} columns; those of this run have {columns}"
        ) from error


def _columns(method: Method, device: torch.device) -> int | None:
    """The columns D of a code; None of a method without a prior."""
    try:
        return drawn(method, 1, 0, device).shape[-1]
    except NotAvailable:
        return None
