import math

import numpy as np
import pytest
import torch

from unweave import metrics

M, G, L, D = 3, 300, 16, 3


def made_codes(mix: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Codes (M, M, G, L, D) of models whose latents are true factors times a matrix each, and fixed (M, G)."""
    rng = np.random.default_rng(0)
    fixed = rng.integers(D, size=(M, G))
    codes = np.empty((M, M, G, L, D))
    for i in range(M):
        latents = rng.standard_normal((G, L, D))
        held = latents[np.arange(G), 0, fixed[i]]
        latents[np.arange(G), :, fixed[i]] = held[:, None]
        factors = latents @ np.linalg.inv(mix[i])
        for j in range(M):
            codes[i, j] = factors @ mix[j]
    return codes, fixed


PERMUTED = np.eye(3)[[1, 2, 0]] * [1.0, -2.0, 1.0]
TURNED = np.linalg.qr(np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.4], [1.0, 0.3, -1.2]]))[0]


def test_models_that_agree_up_to_order_and_sign_score_1():
    score = metrics.model_centrality(*made_codes([np.eye(3), PERMUTED, np.eye(3)]))
    assert score.value == 1
    np.testing.assert_array_equal(score.parts["models"], [1, 1, 1])
    assert np.isnan(np.diag(score.matrix)).all()


def test_the_odd_one_out_is_least_central():
    codes, fixed = made_codes([np.eye(3), TURNED, PERMUTED])
    score = metrics.model_centrality(codes, fixed, seed=1)
    a = score.matrix
    assert a[0, 2] == a[2, 0] == 1
    both = (a + a.T) / 2
    first, last = both[0, 1], both[1, 2]
    np.testing.assert_allclose(
        score.parts["models"], [(first + 1) / 2, (first + last) / 2, (last + 1) / 2]
    )
    assert score.parts["models"].argmin() == 1
    assert score.parts["best"] in (0, 2)
    groups = metrics.Groups(codes[0, 1], fixed[0])
    assert a[0, 1] == metrics.factor_vae_score(groups, seed=1).value


def test_a_function_will_do_and_is_called_once_a_pair():
    codes, fixed = made_codes([np.eye(3), TURNED, PERMUTED])
    asked = []

    def give(i, j):
        asked.append((i, j))
        return codes[i, j]

    assert (
        metrics.model_centrality(give, fixed).to_dict()
        == metrics.model_centrality(codes, fixed).to_dict()
    )
    assert len(asked) == len(set(asked)) == M * (M - 1)


def test_a_pair_that_cannot_be_scored_says_why():
    codes, fixed = made_codes([np.eye(3), PERMUTED, np.eye(3)])
    codes[:, 2] = 1.0
    score = metrics.model_centrality(codes, fixed)
    assert math.isnan(score.parts["models"][2])
    assert "images of model 0 in model 2: no latent varies" in score.reason
    assert score.value == 1


@pytest.mark.parametrize(
    ("count", "fixed", "says"),
    [
        (1, np.zeros((1, G), int), "1 model"),
        (3, np.zeros((2, G), int), "shape .2, 300."),
        (3, np.zeros((3, 7), int), "indices"),
    ],
)
def test_refused(count, fixed, says):
    codes = made_codes([np.eye(3)] * 3)[0][:count, :count]
    with pytest.raises(ValueError, match=says):
        metrics.model_centrality(codes, fixed)
    with pytest.raises(ValueError, match="how many models"):
        metrics.model_centrality(lambda i, j: codes[0, 0], np.zeros(G, int))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (([[None]],), "model_centrality: missing a required argument: 'fixed'"),
        (
            (None, np.zeros(9, int)),
            "codes is a NoneType; expected what every other model made of each model",
        ),
        ((5, np.zeros(9, int)), "codes is a int"),
        (([5, 5], np.zeros(9, int)), "codes is a int; expected codes .G, L, D."),
        (
            ([[None, None], [None]], np.zeros(9, int)),
            "codes are of 2 models, and one of them has those of 1",
        ),
        (([[None, None]] * 2, None), "fixed has shape"),
        ((lambda i, j: None, 3), "fixed has shape"),
    ],
)
def test_what_is_no_codes_of_pairs_of_models_is_refused_in_one_line(given, says):
    with pytest.raises(ValueError, match=says) as error:
        metrics.model_centrality(*given)
    assert "\n" not in str(error.value)


def test_tensors_of_pairs_of_models_are_read():
    rng = np.random.default_rng(0)
    fixed = rng.integers(2, size=60)
    codes = rng.normal(size=(60, 8, 2)) * np.where(np.arange(2) == fixed[:, None], 0.1, 1)[:, None]
    want = metrics.model_centrality([[codes] * 2] * 2, fixed)
    given = metrics.model_centrality(
        [[torch.tensor(codes).requires_grad_()] * 2] * 2, torch.tensor(fixed)
    )
    assert given.value == want.value
