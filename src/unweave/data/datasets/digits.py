"""scikit-learn's digits: 1,797 handwritten digits of 8x8 in 17 grey levels, in the package itself.

E. Alpaydin, C. Kaynak (1998), Optical recognition of handwritten digits, UCI machine learning
repository (test part).
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from PIL import Image

from unweave.data.images import ImageData
from unweave.settings import Setting


def digits(
    root: Any = None, *, size: Annotated[int, Setting("pixels a side; 8 as they are", low=8)] = 8
) -> ImageData:
    """The digits with their classes; enlarged bilinearly if `size` is above 8.

    `root` is not used.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    x = np.rint(found.images * (255 / 16)).astype(np.uint8)  # (N, 8, 8), from 0 to 16
    if size != 8:
        side = (size, size)
        pictures = [Image.fromarray(image).resize(side, Image.Resampling.BILINEAR) for image in x]
        x = np.stack([np.asarray(picture) for picture in pictures])
    y = found.target.astype(np.int64)
    names = tuple("0123456789")
    return ImageData(
        x[:, None], y=y, class_names=names, name="digits", about="scikit-learn", binary=False
    )
