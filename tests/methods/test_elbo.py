"""The bound on probabilistic PCA, where everything is known: log p(x) = KL(q || p(z given x)) + L."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from unweave.methods.ae import AE
from unweave.methods.base import NotAvailable
from unweave.methods.regularisers.beta import Beta
from unweave.methods.vae import VAE
from unweave.nets.likelihood import Gaussian
from unweave.types import Batch

D, PIXELS, SCALE = 3, 8, 0.7


class Fixed(nn.Module):
    """An encoder that is linear in x, with one variance for all images."""

    def __init__(self, weights, log_var):
        super().__init__()
        self.weights, self.log_var = weights, log_var

    def forward(self, x):
        return torch.cat([x @ self.weights.T, self.log_var.expand(len(x), -1)], 1)


def pca(orthogonal=True):
    """x = W z + noise of deviation SCALE; W with orthogonal columns has a diagonal posterior."""
    torch.manual_seed(0)
    w = torch.randn(PIXELS, D)
    if orthogonal:
        w = torch.linalg.qr(w)[0] * torch.tensor([3.0, 2.0, 0.5])
    covariance = torch.linalg.inv(torch.eye(D) + w.T @ w / SCALE**2)
    x = torch.randn(40, D) @ w.T + SCALE * torch.randn(40, PIXELS)
    decoder = nn.Linear(D, PIXELS, bias=False)
    decoder.weight.data = w
    log_p = MultivariateNormal(
        torch.zeros(PIXELS), w @ w.T + SCALE**2 * torch.eye(PIXELS)
    ).log_prob(x)
    return x, decoder, covariance @ w.T / SCALE**2, covariance, log_p


def mean_elbo(method, x, samples=3000):
    torch.manual_seed(1)
    return method.elbo(x.repeat(samples, 1)).view(samples, -1).mean(0)


def make(decoder, weights, variances):
    return VAE(
        Fixed(weights, variances.log()), decoder, Gaussian(scale=SCALE), Beta(beta=1.0), latents=D
    )


def test_the_bound_is_tight_at_the_true_posterior():
    x, decoder, weights, covariance, log_p = pca()
    method = make(decoder, weights, covariance.diagonal())
    torch.testing.assert_close(mean_elbo(method, x), log_p, atol=0.15, rtol=0)
    assert (mean_elbo(method, x) - log_p).mean().item() == pytest.approx(0, abs=0.03)


def test_elsewhere_it_is_short_by_the_divergence_to_the_true_posterior():
    x, decoder, weights, covariance, log_p = pca()
    method = make(decoder, 0.8 * weights, 2 * covariance.diagonal())
    q = method.encode(x)
    truth = MultivariateNormal(x @ weights.T, covariance)
    gap = kl_divergence(MultivariateNormal(q.mean, torch.diag_embed(q.log_var.exp())), truth)
    torch.testing.assert_close(mean_elbo(method, x) + gap, log_p, atol=0.3, rtol=0)
    assert gap.mean() > 0.3


def test_a_diagonal_posterior_prefers_axes_which_is_why_vaes_are_not_rotation_blind():
    """The gap of the best diagonal posterior is 1/2 log(prod diag P / det P), P its precision: 0 only if W is orthogonal."""
    for orthogonal in (True, False):
        x, decoder, weights, covariance, log_p = pca(orthogonal)
        precision = torch.linalg.inv(covariance)
        best = 1 / precision.diagonal()
        gap = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision))
        found = (log_p - mean_elbo(make(decoder, weights, best), x)).mean()
        assert found.item() == pytest.approx(gap.item(), abs=0.04)
        assert (gap < 1e-5) == orthogonal


def test_the_loss_of_beta_1_is_the_negative_bound():
    x, decoder, weights, covariance, _ = pca()
    method = make(decoder, weights, covariance.diagonal())
    torch.manual_seed(2)
    bound = method.elbo(x).mean()
    torch.manual_seed(2)
    (turn,) = method.losses(Batch(x), 0)
    torch.testing.assert_close(turn.of["model"], -bound)
    assert math.isfinite(float(bound.detach()))


def test_a_code_that_is_a_point_has_no_bound():
    method = VAE(
        nn.Linear(8, 3), nn.Linear(3, 8), Gaussian(), Beta(beta=0.0), latents=3, posterior="point"
    )
    with pytest.raises(NotAvailable, match="no bound"):
        method.elbo(torch.rand(2, 8))


def test_an_autoencoder_says_what_it_lacks():
    """It said that it had no likelihood, which it has."""
    method = AE(nn.Linear(PIXELS, D), nn.Linear(D, PIXELS), Gaussian())
    with pytest.raises(
        NotAvailable, match=r"has a likelihood of an image given its code, but no prior"
    ):
        method.elbo(torch.zeros(2, PIXELS))
