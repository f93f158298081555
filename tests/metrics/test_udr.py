import math

import numpy as np
import pytest
import torch
from tests.metrics.test_total_correlation import with_covariance

from unweave import metrics
from unweave.evaluation.scoring import names_of
from unweave.metrics import Table
from unweave.metrics.estimators.latent_pairs import lasso, partners, spearman


def white(d: int, n: int = 400) -> np.ndarray:
    """Codes (n, d), exactly uncorrelated and of variance 1."""
    z = with_covariance(np.eye(d), n)
    return z / z.std(0)


def test_the_same_latents_in_another_order_by_hand():
    z = white(4)
    other = z[:, [2, 0, 3, 1]] * [1, -1, 1, -1]
    # a lasso of alpha .1 on uncorrelated inputs shrinks a weight of 1 to .9, and .9^2 / .9 = .9
    assert metrics.udr([z, other]).value == pytest.approx(0.9, abs=1e-6)
    assert metrics.udr([z, other], protocol="dlib").value == pytest.approx(0.9, abs=1e-6)
    assert lasso(z, other)[2, 0] == pytest.approx(0.9, abs=1e-6)
    exact = np.random.default_rng(0).permuted(np.tile(np.arange(400.0)[:, None], (1, 3)), axis=0)
    assert spearman(exact, exact**3)[0, 0] == pytest.approx(1)
    assert metrics.udr([exact, exact[:, ::-1] ** 3], kind="spearman").value > 0.85


def test_a_rotation_disagrees_and_the_disentangled_models_win():
    z, c = white(2), math.sqrt(0.5)
    turned = z @ np.array([[c, -c], [c, c]])
    w = c - 0.1
    score = metrics.udr([z, z[:, ::-1], turned])
    assert score.matrix[0, 2] == pytest.approx(w**2 / (2 * w), abs=1e-6)
    np.testing.assert_allclose(
        score.parts["models"], [(0.9 + w / 2) / 2, (0.9 + w / 2) / 2, w / 2], atol=1e-6
    )
    assert score.parts["best"] in (0, 1)
    assert score.value == pytest.approx(np.mean(score.parts["models"]))


def test_paper_and_dlib_weigh_rows_and_columns_differently():
    r = np.array([[1.0, 0.0, 0.5]])
    assert partners(r) == pytest.approx((1 + 0 + 0.5 + 1 / 1.5) / 4)
    assert partners(r, pooled=False) == pytest.approx((1.5 / 3 + 1 / 1.5) / 2)


def test_fault_dlib_silences_latents_below_a_literal_001():
    z = white(3)
    # latent 1 nearly copies latent 0; a KL of .1 lies between the literal .01 and the threshold asked for
    twin = z.copy()
    twin[:, 1] = z[:, 0] + 0.3 * z[:, 1]
    kl = [np.array([1.0, 0.1, 1.0]), np.ones(3)]
    own = metrics.udr([twin, z], kl=kl, threshold=0.5)
    theirs = metrics.udr([twin, z], kl=kl, threshold=0.5, protocol="dlib")
    np.testing.assert_array_equal(own.parts["active"], [2, 3])
    # the silent latent is no input of ours: weight .9. As an input of theirs it takes some of latent 0's weight
    apart = partners(np.array([[0.9, 0, 0], [0, 0, 0.9]]))
    assert own.matrix[0, 1] == pytest.approx(apart, abs=1e-6)
    assert theirs.matrix[0, 1] != pytest.approx(
        partners(np.array([[0.9, 0, 0], [0, 0, 0.9]]), pooled=False), abs=1e-3
    )


def test_kl_from_posteriors_and_collapsed_models():
    z = white(2)
    sharp, prior = np.full(z.shape, -4.0), np.zeros(z.shape)
    faint = z * 0.01
    score = metrics.udr([z, z, faint], log_vars=[sharp, sharp, prior])
    np.testing.assert_array_equal(score.parts["active"], [2, 2, 0])
    assert math.isnan(score.parts["models"][2])
    assert "models 2 have no active latent" in score.reason
    np.testing.assert_allclose(score.parts["models"][:2], 0.9, atol=1e-6)
    assert "every latent that varies counts" in metrics.udr([z, faint]).reason


def test_floors():
    rng = np.random.default_rng(0)
    z = rng.uniform(-1, 1, (500, 5))
    score = metrics.udr([z, z[:, ::-1], -z], calibrate=True, seed=3)
    assert score.null < 0.02
    assert score.rotated < 0.75 * score.value
    assert score.to_dict() == metrics.udr([z, z[:, ::-1], -z], calibrate=True, seed=3).to_dict()


def test_models_of_different_widths_and_dead_latents():
    z = white(3)
    wide = np.hstack([z, np.ones((400, 2))])
    assert metrics.udr([z, wide]).value == pytest.approx(0.9, abs=1e-6)


@pytest.mark.parametrize(
    ("models", "more", "says"),
    [
        ([white(2)], {}, "1 model given"),
        ([white(2), white(2, 300)], {}, "same images"),
        ([white(2), white(2)], {"kind": "pearson"}, "did you mean 'spearman'"),
        ([white(2), white(2)], {"kl": [np.ones(2)]}, "kl is of 1 models"),
        ([white(2), white(2)], {"kl": [np.ones(2), np.ones(3)]}, "kl of model 1 has shape"),
        ([white(2), np.full((400, 2), np.nan)], {}, "codes of model 1 hold"),
    ],
)
def test_refused(models, more, says):
    with pytest.raises(ValueError, match=says):
        metrics.udr(models, **more)


def test_a_table_of_one_model_is_no_table_of_models():
    table = Table.of(white(3), np.arange(400)[:, None] % 4)
    assert not {"udr", "model_centrality"} & set(names_of("all", table))
    with pytest.raises(ValueError, match="compares several models"):
        metrics.udr.score(table)


@pytest.mark.parametrize(
    ("models", "more", "says"),
    [
        ((None,), {}, "models is a NoneType; expected codes .N, D. of each model"),
        ((3,), {}, "models is a int; expected"),
        (({"a": white(2)},), {}, "models is a dict; expected"),
        ((), {}, "udr: missing a required argument: 'models'; it takes models, log_vars, kl"),
        (([white(2)] * 2, 3), {}, "udr: too many positional arguments"),
        (([white(2)] * 2,), {"kl": 3}, "kl is a int; expected it of each model"),
        (([white(2)] * 2,), {"kl": np.array(3.0)}, "kl is a single number"),
        (([white(2)] * 2,), {"log_vars": 3}, "log_vars is a int"),
        (([white(2)] * 2,), {"kl": [3, 3]}, "kl of model 0 has shape"),
    ],
)
def test_what_is_no_sequence_of_models_is_refused_in_one_line(models, more, says):
    with pytest.raises(ValueError, match=says) as error:
        metrics.udr(*models, **more)
    assert "\n" not in str(error.value)


def test_an_option_that_it_does_not_take_is_not_offered():
    for option in ("weights", "kinds", "active"):
        with pytest.raises(ValueError, match=f"udr has no option '{option}'") as error:
            metrics.udr([white(2)] * 2, **{option: 1})
        assert f"mean '{option}'" not in str(error.value)
        assert not any(
            word in str(error.value).partition(";")[2]
            for word in ("weights", "kinds", "active", "test")
        )


def test_tensors_of_several_models_are_read():
    z = white(3)
    models = [torch.tensor(z).requires_grad_(), torch.tensor(z[:, ::-1].copy())]
    kl = [torch.ones(3).bfloat16().requires_grad_()] * 2
    assert (
        metrics.udr(models, kl=kl).value == metrics.udr([z, z[:, ::-1]], kl=[np.ones(3)] * 2).value
    )
    log_vars = [torch.full((len(z), 3), -4.0).requires_grad_()] * 2
    assert (
        metrics.udr(models, log_vars=log_vars).value
        == metrics.udr(list(map(np.array, [z, z[:, ::-1]])), kl=kl).value
    )
