"""Notes of scores name the factors that never vary where the data name them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.images import ImageData
from unweave.evaluation.evaluate import evaluate


def test_factors_that_never_vary_are_named() -> None:
    rng = np.random.default_rng(0)
    v = np.stack([rng.integers(4, size=300), np.full(300, 2), rng.integers(3, size=300)], 1).astype(
        float
    )
    x = np.zeros((300, 1, 4, 4), np.uint8)
    x[:, 0, 0, 0] = 50 * v[:, 0]
    x[:, 0, 0, 1] = 50 * v[:, 2]
    data = ImageData(
        x, labels=v, factor_names=("shape", "size", "angle"), factor_kinds=("categorical",) * 3
    )

    def codes(images: NDArray[np.generic]) -> NDArray[np.float64]:
        return images.reshape(len(images), -1)[:, :2].astype(float)

    reason = evaluate(codes, ["mig"], data=data)["mig"].reason
    assert "factors size never vary" in reason
    assert "factors 1" not in reason
