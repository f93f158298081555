"""Densities, divergences and products of Gaussians against closed forms and torch.distributions."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from unweave.maths.gaussian import (
    geometric,
    kl,
    log_densities,
    log_density,
    log_standard,
    mixture,
    product,
)
from unweave.types import Posterior


def test_densities_are_those_of_torch():
    z, mean, log_var = torch.randn(3, 50, 4, dtype=torch.float64)
    torch.testing.assert_close(
        log_density(z, mean, log_var), Normal(mean, (log_var / 2).exp()).log_prob(z)
    )
    torch.testing.assert_close(log_standard(z), Normal(torch.zeros_like(z), 1.0).log_prob(z))


def test_densities_of_all_pairs_are_those_of_each():
    z = torch.randn(5, 4, dtype=torch.float64)
    mean, log_var = torch.randn(2, 6, 4, dtype=torch.float64)
    each = [[log_density(to, m, v).sum() for to in z] for m, v in zip(mean, log_var, strict=True)]
    torch.testing.assert_close(
        log_densities(z, mean, log_var), torch.tensor(each, dtype=torch.float64)
    )


def test_kl_of_two_gaussians_is_that_of_torch_and_is_not_symmetric():
    mean, to_mean, log_var, to_log_var = torch.randn(4, 50, 4, dtype=torch.float64)
    found = kl(mean, log_var, to_mean, to_log_var)
    wanted = kl_divergence(
        Normal(mean, (log_var / 2).exp()), Normal(to_mean, (to_log_var / 2).exp())
    )
    torch.testing.assert_close(found, wanted)
    assert (found >= 0).all()
    assert kl(mean, log_var, mean, log_var).abs().max() < 1e-12
    assert (found - kl(to_mean, to_log_var, mean, log_var)).abs().max() > 1


@pytest.mark.parametrize(
    ("mean", "variance", "nats"),
    [(0.0, 1.0, 0.0), (2.0, 1.0, 2.0), (0.0, math.e, (math.e - 2) / 2)],
)
def test_kl_to_the_prior_by_hand(mean, variance, nats):
    q = Posterior(torch.tensor([[mean]]), torch.tensor([[math.log(variance)]]))
    assert q.kl().item() == pytest.approx(nats, abs=1e-6)


def test_a_shared_column_pays_its_share_of_the_kl():
    q = Posterior(torch.full((6, 2), 2.0), torch.zeros(6, 2), torch.tensor([1 / 3, 1.0]))
    torch.testing.assert_close(
        q.kl().sum(0), torch.tensor([4.0, 12.0])
    )  # two groups of three: 2 x 2 nats, 6 x 2 nats


def test_a_deterministic_code_has_no_kl_and_is_its_own_sample():
    q = Posterior(torch.randn(5, 3))
    assert q.kl().abs().max() == 0
    assert q.sample() is q.mean


def test_a_sample_has_the_mean_and_variance_of_its_posterior():
    q = Posterior(torch.full((200_000, 1), 1.5), torch.full((200_000, 1), math.log(0.25)))
    z = q.sample()
    assert z.mean().item() == pytest.approx(1.5, abs=0.005)
    assert z.var().item() == pytest.approx(0.25, abs=0.005)


def test_product_adds_precisions():
    """N(0, 1) and N(2, 1/4): precisions 1 and 4, so variance 1/5 and mean 8/5."""
    mean, log_var = product(torch.tensor([[[0.0], [2.0]]]), torch.tensor([[[1.0], [0.25]]]).log())
    assert mean.item() == pytest.approx(1.6)
    assert log_var.exp().item() == pytest.approx(0.2)


def test_product_is_the_normalised_product_of_the_densities():
    mean, log_var = torch.randn(2, 1, 3, 1, dtype=torch.float64)
    at = torch.linspace(-8, 8, 20_001, dtype=torch.float64)[:, None]
    log_p = log_density(at, mean[0].T, log_var[0].T).sum(1)
    p = log_p.exp() / torch.trapezoid(log_p.exp(), at[:, 0])
    joint = [t[0] for t in product(mean, log_var)]
    torch.testing.assert_close(log_density(at, *joint)[:, 0].exp(), p, atol=1e-9, rtol=1e-6)


def test_mixture_averages_means_and_variances():
    """The same two: mean 1, variance (1 + 1/4) / 2 (Hosoya, 2019: not the variance of the mixture, which is 1.625)."""
    mean, log_var = mixture(torch.tensor([[[0.0], [2.0]]]), torch.tensor([[[1.0], [0.25]]]).log())
    assert mean.item() == pytest.approx(1.0)
    assert log_var.exp().item() == pytest.approx(0.625)


@pytest.mark.parametrize(
    ("join", "mean", "variance"),
    [(product, 1.6, 0.2), (geometric, 1.6, 0.4), (mixture, 1.0, 0.625)],
)
def test_an_image_that_is_twice_in_its_group_counts_once(join, mean, variance):
    """The same two, the first of them twice: precisions 1/2 + 1/2 + 4, of two images; in the other group nothing is twice.

    There N(0, 1), N(1, 1) and N(5, 1) have the mean 2, and the variance 1 but as a product, 1/3.
    """
    means = torch.tensor([[0.0, 0.0, 2.0], [0.0, 1.0, 5.0]])[..., None]
    log_var = torch.tensor([[1.0, 1.0, 0.25], [1.0, 1.0, 1.0]])[..., None].log()
    found = join(means, log_var, torch.tensor([[0.5, 0.5, 1.0], [1.0, 1.0, 1.0]]))
    torch.testing.assert_close(found[0], torch.tensor([mean, 2.0]).view(2, 1, 1))
    alone = 1 / 3 if join is product else 1.0
    torch.testing.assert_close(found[1].exp(), torch.tensor([variance, alone]).view(2, 1, 1))


@pytest.mark.parametrize("join", [product, geometric, mixture])
def test_a_group_of_one_keeps_its_posterior(join):
    mean, log_var = torch.randn(2, 4, 1, 3)
    found = join(mean, log_var)
    torch.testing.assert_close(found[0], mean)
    torch.testing.assert_close(found[1], log_var)


def test_products_of_extreme_variances_stay_finite():
    mean, log_var = product(torch.zeros(1, 2, 1), torch.tensor([[[-200.0], [200.0]]]))
    assert mean.item() == 0
    assert log_var.item() == pytest.approx(-200)


def test_a_gaussian_of_variance_one_half_is_the_squared_error():
    """-log N(x; m, 1/2) = (x - m)^2 + log(pi) / 2: the squared error, but for a constant."""
    x, mean = torch.randn(2, 100, dtype=torch.float64)
    nats = -log_density(x, mean, torch.full_like(x, math.log(0.5)))
    torch.testing.assert_close(nats, (x - mean) ** 2 + 0.5 * math.log(math.pi))


def test_diagonal_density_is_the_joint_one():
    z, mean, log_var = torch.randn(3, 10, 4, dtype=torch.float64)
    joint = MultivariateNormal(mean, torch.diag_embed(log_var.exp())).log_prob(z)
    torch.testing.assert_close(log_density(z, mean, log_var).sum(1), joint)
