"""The survey's three wishes of a code: sufficient, invariant, minimal."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from tests.metrics import made

from unweave import metrics

# four images: label y, nuisance n, and each of them coded in a latent of its own, sharply
YN = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
SHARP = np.full((4, 2), -6.0)
CODE = 4.0 * YN - 2


def channel(n: int, a: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A binary label, coded as N(+-a, 1): means, labels, log_var."""
    v = np.arange(n)[:, None] % 2
    return a * (2.0 * v - 1), v, np.zeros((n, 1))


def information_of_channel(a: float) -> float:
    def q(z):
        return 0.5 * (norm.pdf(z - a) + norm.pdf(z + a))

    return quad(lambda z: -q(z) * math.log(q(z)), -10, 10)[0] - 0.5 * math.log(2 * math.pi * math.e)


@pytest.mark.parametrize("rows", ["sample", "all"])
def test_sufficiency_of_a_channel_against_integration(rows):
    z, v, log_var = channel(2000)
    score = metrics.sufficiency(z, v, log_var=log_var, rows=rows)
    assert score.parts["information"][0] == pytest.approx(information_of_channel(1.0), abs=0.03)
    assert score.value == pytest.approx(information_of_channel(1.0) / math.log(2), abs=0.04)


def test_noise_tells_nothing_however_narrow_its_posteriors():
    rng = np.random.default_rng(0)
    z, v = rng.standard_normal((1500, 3)), made.factors(1500)
    log_var = np.full(z.shape, -10.0)
    assert metrics.sufficiency(z, v, log_var=log_var).value < 0.01
    assert metrics.sufficiency(z, v, log_var=log_var, rows="all").value > 0.99, (
        "as if these were all the images"
    )


def test_a_good_code_is_sufficient_and_not_invariant():
    z, v = made.good_code(1500, noise=0.05)
    log_var = np.full(z.shape, math.log(0.05**2))
    enough = metrics.sufficiency(z, v, log_var=log_var)
    assert enough.value > 0.97
    assert metrics.invariance(z, v, log_var=log_var).value == pytest.approx(
        1 - enough.value, abs=1e-12
    )
    without = metrics.invariance(z[:, 1:], v, log_var=log_var[:, 1:], nuisance=(0,))
    assert without.value > 0.97
    assert np.isnan(without.parts["invariance"][1:]).all()


def test_all_three_by_hand():
    both = {"log_var": SHARP, "rows": "all"}
    label = {"log_var": SHARP[:, :1], "rows": "all"}
    assert metrics.sufficiency(CODE, YN, target=(0,), **both).value == pytest.approx(1, abs=1e-6)
    assert metrics.invariance(CODE, YN, nuisance=(1,), **both).value == pytest.approx(0, abs=1e-6)
    assert metrics.invariance(CODE[:, :1], YN, nuisance=(1,), **label).value == pytest.approx(
        1, abs=1e-6
    )
    spread = metrics.minimality(CODE, YN, target=(0,), **both)
    assert spread.value == pytest.approx(0.5, abs=1e-6)
    assert spread.parts["excess"] == pytest.approx(math.log(2), abs=1e-6)
    assert metrics.minimality(CODE[:, :1], YN, target=(0,), **label).value == pytest.approx(
        1, abs=1e-6
    )


@pytest.mark.parametrize("noise", [-3.0, 0.0, 2.0])
def test_no_nuisance_has_more_than_the_excess_of_a_code(noise):
    codes = np.tile(CODE + 0.7 * CODE[:, ::-1], (300, 1))
    given = {"log_var": np.full(codes.shape, noise), "rows": "all"}
    labels = np.tile(YN, (300, 1))
    nuisance = metrics.invariance(codes, labels, nuisance=(1,), **given).parts["information"][1]
    assert (
        nuisance <= metrics.minimality(codes, labels, target=(0,), **given).parts["excess"] + 0.03
    )


def test_undefined_and_refused():
    z, v = made.good_code(100, sizes=(3, 4))
    log_var = np.zeros(z.shape)
    for name in ("sufficiency", "invariance", "minimality"):
        assert "log_var" in metrics.get(name)(z, v).reason
        assert "needs labels" in metrics.get(name)(z, log_var=log_var).reason
        with pytest.raises(ValueError, match="no varying factor 2"):
            metrics.get(name)(
                z, v, log_var=log_var, **{"nuisance" if name == "invariance" else "target": (2,)}
            )
        with pytest.raises(ValueError, match="did you mean 'sample'"):
            metrics.get(name)(z, v, log_var=log_var, rows="some")
    own = np.arange(100)[:, None]
    assert "target" in metrics.minimality(z, own, log_var=log_var, kinds="categorical").reason


def test_unknown_labels_are_left_out():
    z, v, log_var = channel(1000, 3.0)
    holes = v.astype(float)
    holes[::5] = np.nan
    assert metrics.sufficiency(z, holes, log_var=log_var).value > 0.95


def test_floors_can_be_had():
    z, v = made.good_code(300, sizes=(3, 2))
    score = metrics.sufficiency(z, v, log_var=np.full(z.shape, -4.0), calibrate=True)
    assert score.null < 0.05 < 0.9 < score.value
    assert 0 <= score.error < 0.1
