"""Quantiles of distances from a mean: from the ends of latents as from all rows."""

import numpy as np
import pytest

from unweave.metrics.estimators.deviations import quantiles_within
from unweave.metrics.estimators.quantiles import quantiles

N = 1500


def codes(kind):
    """Latents (D, N), of which some are shifted by their factor, and factors (N, K)."""
    rng = np.random.default_rng(3)
    v = np.stack([rng.integers(0, size, N) for size in (2, 2, 3, 9, 40)], 1)
    z = rng.normal(size=(6, N))
    if kind == "of factors":  # a value in the middle has no row at the ends
        z[:5] += 4 * v.T
    if kind == "skewed":
        z = rng.exponential(size=z.shape) ** 3
    if kind == "ties":
        z = z.round(1)
        z[2:4, : N // 2] = 0
        z[4] = rng.random(N) < 0.01
    if kind == "unknown":
        v[rng.random(v.shape) < 0.3] = -1
        v[v == 4] = 3  # a value that never occurs
    return z, v


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("kind", ["noise", "of factors", "skewed", "ties", "unknown"])
def test_the_ends_decide_as_all_rows_do(kind, share):
    z, v = codes(kind)
    found = quantiles_within(z, v, share, None)
    for of_factor, column in zip(found, v.T, strict=True):
        rows = [column == value for value in np.unique(column[column >= 0])]
        expected = [
            [quantiles(np.abs(x[which] - x[which].mean()), share) for x in z] for which in rows
        ]
        np.testing.assert_allclose(of_factor, expected, rtol=1e-12, atol=1e-14)


def test_two_rows_have_one_distance():
    found = quantiles_within(np.array([[1.0, 5.0]]), np.array([[0], [0]]), 0.99, None)
    assert found[0].tolist() == [[2.0]]
