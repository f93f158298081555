"""Image similarity: squared error and structural similarity (SSIM)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter


def squared(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Squared error of each image, (n,), summed over pixels."""
    return ((a.astype(np.float64) - b) ** 2).sum((1, 2, 3))


def ssim(a: NDArray[Any], b: NDArray[Any], window: int = 7) -> NDArray[np.float64]:
    """Structural similarity of pairs of images (n, C, H, W) in [0, 1]: (n,), 1 if equal.

    Wang et al. (2004), equation 13, with uniform windows and constants (0.01)^2 and (0.03)^2.
    """

    def mean(x: NDArray[Any]) -> NDArray[np.float64]:
        return uniform_filter(x.astype(np.float64), size=(1, 1, window, window))

    # Means, variances and covariance of the window around each pixel, (n, C, H, W).
    mean_a = mean(a)
    mean_b = mean(b)
    var_a = mean(a**2) - mean_a**2
    var_b = mean(b**2) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    luminance = mean_a**2 + mean_b**2 + 1e-4
    contrast = var_a + var_b + 9e-4
    similarity = (2 * mean_a * mean_b + 1e-4) * (2 * covariance + 9e-4) / (luminance * contrast)
    return similarity.mean((1, 2, 3))
