"""Light as bytes: what renderers compute in 0 to 1, rounded to levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_bytes(light: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Light of any shape as 0 to 255, rounded, a half upwards; below 0 is 0, above 1 is 255.

    >>> as_bytes(np.array([-1.0, 0.0, 0.3, 0.5, 1.0, 2.0]))
    array([  0,   0,  77, 128, 255, 255], dtype=uint8)
    """
    return (255 * light.clip(0, 1) + 0.5).astype(np.uint8)
