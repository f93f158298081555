"""disentanglement_lib's unsupervised scores on fixed arrays."""

import numpy as np
import pytest
from tests.metrics.test_golden import FOLDER, VALUES

from unweave import metrics


@pytest.mark.parametrize(
    ("protocol", "era"), [("dlib", "current_sklearn"), ("dlib-2018", "legacy_sklearn")]
)
def test_unsupervised(protocol, era):
    with np.load(FOLDER / "dlib_fixed.npz") as arrays:
        z = arrays["mus_train"].T
    want = VALUES[era]["unsupervised_metrics"]
    total = metrics.total_correlation(z, protocol=protocol)
    assert total.value == pytest.approx(want["gaussian_total_correlation"], abs=1e-9)
    transport = metrics.wasserstein_correlation(z, protocol=protocol)
    assert transport.parts["wasserstein"] == pytest.approx(
        want["gaussian_wasserstein_correlation"], abs=1e-9
    )
    norm = want["gaussian_wasserstein_correlation"] / np.cov(z, rowvar=False).trace()
    assert transport.value == pytest.approx(norm, abs=1e-9)
    pairs = metrics.pairwise_mi(z, protocol=protocol)
    assert pairs.value == pytest.approx(want["mutual_info_score"], abs=1e-9)
    np.testing.assert_allclose(pairs.matrix, want["_matrix"], atol=1e-9)
