"""Latents in use, the five ranges of a traversal, interventions, exchanges, the likelihood."""

import numpy as np
import pytest
import torch
from torch import nn

from unweave.evaluation.latents import (
    compose,
    intervene,
    kl_per_latent,
    log_likelihood,
    swap,
    traverse,
)
from unweave.methods.base import NotAvailable
from unweave.methods.regularisers.beta import Beta
from unweave.methods.vae import VAE
from unweave.metrics.tables.silence import mean_kl
from unweave.nets.likelihood import Gaussian
from unweave.types import Posterior

AT = np.array([0.5, -1.0, 3.0], dtype=np.float32)
CODES = np.stack([np.linspace(-4, 6, 101), np.zeros(101), np.linspace(0, 1, 101)], 1).astype(
    np.float32
)


@pytest.mark.parametrize(
    ("over", "ends"),
    [
        ("prior", (-2.326, 2.326)),
        ("aggregate", (-3.9, 5.9)),
        ("min-max", (-4, 6)),
        ("fixed", (-2, 2)),
        ("around", (-1.5, 2.5)),
    ],
)
def test_the_five_ranges_of_a_sweep(over, ends):
    strip = traverse(AT, 0, over=over, codes=CODES, frames=5)
    assert strip.shape == (5, 3)
    assert (strip[:, 1:] == AT[1:]).all()
    assert (strip[0, 0], strip[-1, 0]) == (
        pytest.approx(ends[0], abs=1e-3),
        pytest.approx(ends[1], abs=1e-3),
    )
    assert (np.diff(strip[:, 0]) > 0).all()
    assert AT.tolist() == [0.5, -1.0, 3.0]


def test_quantiles_of_the_aggregate_follow_the_data_where_equal_steps_do_not():
    skewed = CODES**3
    by_rank, by_value = (
        traverse(AT, 0, over=over, codes=skewed, frames=3)[1, 0]
        for over in ("aggregate", "min-max")
    )
    assert by_rank == pytest.approx(1.0)  # the median, 1 ** 3
    assert by_value == pytest.approx((6**3 - 4**3) / 2)


def test_what_a_sweep_lacks_is_said():
    with pytest.raises(ValueError, match="takes codes"):
        traverse(AT, 0, over="min-max")
    with pytest.raises(ValueError, match="latent is 3"):
        traverse(AT, 3)
    with pytest.raises(ValueError, match="did you mean 'prior'"):
        traverse(AT, 0, over="priors")


def test_interventions_set_a_latent_for_all_or_for_each():
    found = intervene(CODES[:2], {0: 9.0, 2: np.array([7.0, 8.0])})
    assert found.tolist() == [[9, 0, 7], [9, 0, 8]]
    assert CODES[0, 0] == -4
    with pytest.raises(ValueError, match="latent 5 is not one of the 3"):
        intervene(CODES, {5: 0.0})
    with pytest.raises(ValueError, match=r"latent 1 is given values of shape \(2,\) for 3 codes"):
        intervene(CODES[:3], {1: [1.0, 2.0]})


def test_exchanged_latents_change_places_and_others_stay():
    first, second = swap(np.array([[1, 2, 3]]), np.array([[4, 5, 6]]), [0, 2])
    assert (first.tolist(), second.tolist()) == ([[4, 2, 6]], [[1, 5, 3]])
    back = swap(first, second, [0, 2])
    assert back[0].tolist() == [[1, 2, 3]]
    with pytest.raises(ValueError, match="row by row"):
        swap(CODES[:2], CODES[:3], [0])


def test_kl_of_each_latent():
    mean, log_var = np.array([[2.0, 0.0], [-2.0, 0.0]]), np.zeros((2, 2))
    assert kl_per_latent(mean, log_var).tolist() == [2.0, 0.0]


def test_the_kl_on_arrays_is_that_on_tensors():
    mean, log_var = np.random.default_rng(0).standard_normal((2, 50, 4)) * [[[3.0]], [[4.0]]]
    on_tensors = Posterior(torch.from_numpy(mean), torch.from_numpy(log_var)).kl().mean(0).numpy()
    np.testing.assert_allclose(mean_kl(mean, log_var), on_tensors, rtol=1e-12)
    np.testing.assert_array_equal(kl_per_latent(mean, log_var), mean_kl(mean, log_var))


def test_more_samples_come_nearer_to_the_likelihood_from_below():
    torch.manual_seed(0)
    model, x = (
        VAE(nn.Linear(6, 4), nn.Linear(2, 6), Gaussian(scale=1.0), Beta(), latents=2),
        torch.randn(200, 6),
    )
    weights, bias = model.decoder.weight.double(), model.decoder.bias.double()
    truth = (
        torch.distributions.MultivariateNormal(bias, weights @ weights.T + torch.eye(6))
        .log_prob(x.double())
        .detach()
    )
    found = [log_likelihood(model, x, samples=n).double().mean().item() for n in (1, 10, 300)]
    assert found[0] < found[1] < found[2] < truth.mean().item() + 0.02
    assert found[2] == pytest.approx(truth.mean().item(), abs=0.03)


def test_a_point_has_no_likelihood():
    model = VAE(
        nn.Linear(6, 2), nn.Linear(2, 6), Gaussian(), Beta(beta=0.0), latents=2, posterior="point"
    )
    with pytest.raises(NotAvailable, match="no likelihood"):
        log_likelihood(model, torch.rand(2, 6))


def test_a_composed_code_has_each_latent_from_where_it_was_asked():
    base, one, two = (
        np.array([[1, 2, 3], [4, 5, 6]]),
        np.array([[7, 8, 9], [10, 11, 12]]),
        np.array([[13, 14, 15]]),
    )
    assert compose(base, (one, [0]), (two, [2])).tolist() == [[7, 2, 15], [10, 5, 15]]
    assert base.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert compose(base).tolist() == base.tolist()
    with pytest.raises(ValueError, match="latent 0 is given by two images"):
        compose(base, (one, [0, 1]), (two, [0]))
    with pytest.raises(ValueError, match="give as many, or one"):
        compose(base, (CODES[:3], [0]))
    with pytest.raises(ValueError, match="latent 3 is not one of the 3"):
        compose(base, (one, [3]))
