"""What the survey says of the metrics, shown by tables."""

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators.information import information
from unweave.metrics.tables.table import Table

GRID = made.scaled(made.whole_grid((4, 4, 4, 4)).astype(float))
GRID_FACTORS = made.whole_grid((4, 4, 4, 4))


@pytest.mark.parametrize("c", [1.0, 1e6])
def test_beta_vae_score_is_1_when_only_all_but_one_factor_is_disentangled(c):
    assert metrics.beta_vae_score(GRID[:, :3], GRID_FACTORS, c=c).value == pytest.approx(
        1, abs=1e-3
    )


@pytest.mark.parametrize("c", [1.0, 1e6])
def test_beta_vae_score_is_1_for_a_rotation(c):
    half = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    assert metrics.beta_vae_score(GRID @ turn, GRID_FACTORS, c=c).value > 0.99
    assert metrics.mig(GRID @ half, GRID_FACTORS).value < 0.1


def test_factor_vae_score_is_three_quarters_when_three_of_four_factors_are_disentangled():
    rng = np.random.default_rng(0)
    code = np.hstack([GRID[:, :3], np.zeros((len(GRID), 0))])
    score = metrics.factor_vae_score(code, GRID_FACTORS)
    # groups that share the lost factor vote for any of three latents and are never in the majority
    assert score.value == pytest.approx(0.75, abs=0.01)
    assert metrics.factor_vae_score(GRID, GRID_FACTORS).value == 1
    assert metrics.factor_vae_score(rng.standard_normal(GRID.shape), GRID_FACTORS).value < 0.45


def test_sap_is_high_although_one_latent_carries_two_factors():
    v = made.whole_grid((3, 3, 6))
    first, second, third = v.T.astype(float)
    code = np.stack([second + 10 * first, third], 1)
    both = metrics.sap(code, v, kind="continuous").parts["gap"]
    assert both[0] > 0.9
    assert metrics.modularity(np.repeat(code, 20, 0), np.repeat(v, 20, 0)).value < 0.8


def test_sap_is_low_although_modular():
    v = np.repeat(made.whole_grid(), 5, 0)
    twice = np.hstack([v, v]) + 0.01 * np.random.default_rng(0).standard_normal((len(v), 6))
    assert metrics.modularity(twice, v).value > 0.99
    assert metrics.sap(twice, v, kind="continuous").value < 0.01
    assert metrics.sap(twice, v).value < 0.01


def test_sine_and_cosine_are_modular_and_explicit_but_not_compact():
    v = made.factors(3000, sizes=(8, 8))
    angle = 2 * np.pi * v / 8
    code = np.hstack([np.sin(angle), np.cos(angle)])[:, [0, 2, 1, 3]]
    assert metrics.modularity(code, v).value > 0.99
    assert metrics.explicitness(code, v).value > 0.99
    assert metrics.mig(code, v).value < 0.05
    assert metrics.sap(code, v).value < 0.1
    found = metrics.dci(code, v, importances="linear")
    assert found.parts["disentanglement"] > 0.95
    assert found.parts["completeness"] < 0.6


@pytest.mark.parametrize("importances", ["linear", "forest", "boosting"])
def test_informativeness_as_error_stands_beside_accuracy(importances):
    z, v = made.good_code(400, noise=0.02, sizes=(3, 2))
    parts = metrics.dci(z, v, importances=importances).parts
    assert parts["error"] == 1 - parts["informativeness"]
    assert parts["error"] < 0.05
    assert parts["disentanglement"] > (0.6 if importances == "forest" else 0.8), (
        "a forest spreads importance"
    )


def test_linear_importances_are_of_standardised_codes():
    z, v = made.good_code(400, noise=0.3)
    for importances in ("linear", "lasso"):
        plain, stretched = (
            metrics.dci(codes, v, importances=importances) for codes in (z, z * [1e-3, 1, 50, 1e4])
        )
        assert stretched.value == pytest.approx(plain.value, abs=1e-6)


def test_copies_keep_the_information_and_lose_the_gap():
    z, v = made.good_code(1000)
    one, two = Table.of(z, v), Table.of(np.hstack([z, z]), v)
    np.testing.assert_allclose(information(two).mutual.max(0), information(one).mutual.max(0))
    assert metrics.mig(z, v).value > 0.9
    assert metrics.mig(np.hstack([z, z]), v).value == 0
