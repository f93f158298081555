import numpy as np
import pytest
from sklearn.svm import LinearSVC
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators.support_vectors import support_vector_lines


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_lines_are_those_of_liblinear(classes, weighted):
    rng = np.random.default_rng(classes)
    labels = np.minimum(rng.integers(classes + 2, size=400), classes - 1)
    z = labels + rng.standard_normal(400)
    weights = rng.uniform(0.5, 1.5, 400) if weighted else None
    machine = LinearSVC(C=0.1, dual=False, tol=1e-10, max_iter=10_000)
    if weights is None:
        machine.set_params(class_weight="balanced")
        machine.fit(z[:, None], labels)
        slopes, offsets = support_vector_lines(z, labels, 0.1)
    else:  # liblinear counts classes by weight when it balances; compare the part that is the same, classes of equal size
        order = np.arange(400) % classes
        z = order + rng.standard_normal(400)
        weights = np.repeat(rng.uniform(0.5, 1.5, 400 // classes), classes)
        machine.fit(z[:, None], order, sample_weight=weights)
        slopes, offsets = support_vector_lines(z, order, 0.1, weights)
    last = slice(-1, None) if classes == 2 else slice(None)
    np.testing.assert_allclose(slopes[last], machine.coef_[:, 0], atol=1e-4)
    np.testing.assert_allclose(offsets[last], machine.intercept_, atol=1e-4)


def test_squared_correlation_by_hand():
    v = np.array([[0.0], [1], [2], [3]] * 5)
    z = np.hstack(
        [2 * v - 1, np.array([[1.0], [-1], [-1], [1]] * 5), np.array([[0.0], [0], [1], [1]] * 5)]
    )
    score = metrics.sap(z, v, kind="continuous")
    np.testing.assert_allclose(score.matrix[:, 0], [1, 0, 0.8], atol=1e-12)
    assert score.value == pytest.approx(0.2)


def test_score_does_not_move_with_units_nor_much_with_n():
    small, large = (metrics.sap(*made.good_code(n, noise=0.3)).value for n in (600, 6000))
    assert small == pytest.approx(large, abs=0.06)
    z, v = made.good_code(600, noise=0.3)
    assert metrics.sap(z * [1e-3, 1, 30, 1e5], v).value == pytest.approx(small, abs=1e-6)
