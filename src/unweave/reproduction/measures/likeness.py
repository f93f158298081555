"""How alike two images are: squared error and structural similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter


def squared(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Squared error of each image, (n,), summed over pixels."""
    return ((a.astype(np.float64) - b) ** 2).sum((1, 2, 3))


def ssim(a: NDArray[Any], b: NDArray[Any], window: int = 7) -> NDArray[np.float64]:
    """Structural similarity of each pair of images in [0, 1], (n,), 1 if equal (Wang et al., 2004; uniform windows)."""

    def mean(x: NDArray[Any]) -> NDArray[np.float64]:
        return uniform_filter(x.astype(np.float64), size=(1, 1, window, window))

    ma, mb = mean(a), mean(b)
    va, vb, both = mean(a**2) - ma**2, mean(b**2) - mb**2, mean(a * b) - ma * mb
    each = (2 * ma * mb + 1e-4) * (2 * both + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
    return each.mean((1, 2, 3))
