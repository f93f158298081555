"""A data set in words."""

from __future__ import annotations

import numpy as np

from unweave.data.images import ImageData
from unweave.data.overview.describe import described


def test_factors_are_described_as_they_are_declared() -> None:
    x = np.zeros((6, 1, 4, 4), np.uint8)
    v = np.array([[0.0, 0.5, 3, 1.5], [1, 1.5, 4, 2.5], [2, 2.5, 3, np.nan]] * 2)
    kinds = ("categorical", "continuous", "ordered", "")
    data = ImageData(
        x, labels=v, factor_names=("shape", "size", "angle", "age"), factor_kinds=kinds
    )
    lines = [line.split(None, 1)[1] for line in described(data) if line.startswith("factor")]
    assert lines == [
        "shape: categorical, 3 values",
        "size: a measurement, 0.5 to 2.5",
        "angle: 2 values",
        "age: a measurement, 1.5 to 2.5; 2 of 6 labels missing",
    ]
