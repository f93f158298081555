"""Equal distributions, total entanglement: on codes of any marginals, on probabilistic PCA and on a VAE."""

import numpy as np
import pytest
import torch
from scipy.stats import beta, chi2, expon, ks_2samp, laplace, norm, uniform
from torch import nn
from torch.distributions import MultivariateNormal

from unweave.evaluation.impossibility import Entangled, entangle, reflection
from unweave.evaluation.latents import log_likelihood
from unweave.methods.base import Method, NotAvailable
from unweave.methods.regularisers.beta import Beta
from unweave.methods.vae import VAE
from unweave.metrics import mig
from unweave.nets.likelihood import Gaussian

MARGINALS = [uniform(-1, 2), expon(), beta(2, 5), laplace()]
N = 20_000


@pytest.fixture(scope="module")
def codes():
    rng = np.random.default_rng(0)
    return np.stack([p.rvs(N, random_state=rng) for p in MARGINALS], 1)


@pytest.mark.parametrize(("columns", "least"), [(2, 0.40), (3, 0.30), (10, 0.155)])
def test_the_reflection_is_orthogonal_and_mixes_everything(columns, least):
    a = reflection(columns)
    np.testing.assert_allclose(a @ a.T, np.eye(columns), atol=1e-12)
    assert np.abs(a).min() == pytest.approx(least, abs=0.005)


def test_a_share_for_each_column_says_how_much_it_is_mixed():
    shares = [0.02, 0.3, 0.65, 0.03]
    a = reflection(4, shares)
    np.testing.assert_allclose(a @ a.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(a, a.T)
    np.testing.assert_allclose((1 - a.diagonal()) / 2, shares)
    assert np.abs(a).min() > 0.04
    np.testing.assert_allclose(entangle(pca_model(), share=shares).rotation, a, atol=1e-6)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([0.5, 0.5], "not 1/2"),
        ([0.0, 1.0], "above 0"),
        ([0.3, 0.3], "1 together"),
        ([0.3, 0.3, 0.4], "2 latents"),
    ],
)
def test_shares_that_leave_a_latent_unmixed_are_refused(shares, message):
    with pytest.raises(ValueError, match=message):
        reflection(2, shares)


@pytest.mark.parametrize("marginals", [MARGINALS, None], ids=["known", "from ranks"])
def test_entangled_codes_have_the_same_joint_distribution(codes, marginals):
    """Each column by Kolmogorov-Smirnov (5 % limit .0136); independence by correlations and radii of normal scores."""
    mixed = entangle(codes, marginals)
    assert max(ks_2samp(codes[:, i], mixed[:, i]).statistic for i in range(4)) < 0.0136
    scores = np.stack(
        [
            norm.ppf(p.cdf(column).clip(1e-12, 1 - 1e-12))
            for p, column in zip(MARGINALS, mixed.T, strict=True)
        ],
        1,
    )
    assert np.abs(np.corrcoef(scores.T) - np.eye(4)).max() < 0.02
    assert ks_2samp((scores**2).sum(1), chi2(4).rvs(N, random_state=1)).statistic < 0.0136


def test_from_ranks_each_column_keeps_its_values(codes):
    mixed = entangle(codes)
    np.testing.assert_array_equal(np.sort(mixed, 0), np.sort(codes, 0))
    assert not np.array_equal(mixed, codes)


def test_every_output_depends_on_every_input(codes):
    step, at = 1e-4, codes[:200]
    for k in range(4):
        moved = [entangle(at + sign * step * np.eye(4)[k], MARGINALS) for sign in (1, -1)]
        assert (np.abs(moved[0] - moved[1]) / (2 * step) > 1e-3).mean() > 0.98


def test_the_map_is_its_own_inverse(codes):
    """A reflection is, so f is: nothing is lost."""
    np.testing.assert_allclose(entangle(entangle(codes, MARGINALS), MARGINALS), codes, atol=1e-6)


def test_the_score_collapses_where_no_image_can_tell(codes):
    factors = np.stack(
        [np.digitize(c, np.quantile(c, np.linspace(0, 1, 21)[1:-1])) for c in codes.T], 1
    )
    uniform_codes = np.stack([p.cdf(c) for p, c in zip(MARGINALS, codes.T, strict=True)], 1)
    mixed = entangle(uniform_codes, [uniform(0, 1)] * 4)
    assert mig(uniform_codes, factors).value > 0.9
    assert mig(mixed, factors).value < 0.05


def pca_model():
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(20, 8), nn.Linear(4, 20, bias=False)
    return VAE(encoder, decoder, Gaussian(scale=0.3), Beta(), latents=4)


def log_p(weights, x):
    return MultivariateNormal(
        torch.zeros(20, dtype=torch.float64), weights @ weights.T + 0.09 * torch.eye(20)
    ).log_prob(x)


def test_probabilistic_pca_has_exactly_the_same_likelihood():
    model = pca_model()
    entangled = entangle(model)
    unit = torch.eye(4)
    weights = model.decoder(unit).T.double()
    rotated = model.decoder(unit @ entangled.rotation).T.double()
    assert (weights - rotated).abs().max() > 0.1
    x = torch.randn(50, 20, dtype=torch.float64)
    torch.testing.assert_close(log_p(weights, x), log_p(rotated, x), atol=1e-4, rtol=0)


def test_an_entangled_vae_makes_the_same_images_from_mixed_codes():
    model = pca_model()
    entangled = entangle(model)
    assert isinstance(entangled, Entangled)
    x, z = torch.rand(6, 20), torch.randn(6, 4)
    torch.testing.assert_close(entangled.decode(z @ entangled.rotation.T), model.decode(z))
    torch.testing.assert_close(
        entangled.decode(entangled.encode(x).mean), model.decode(model.encode(x).mean)
    )
    assert (entangled.encode(x).mean - model.encode(x).mean).abs().max() > 0.1
    assert entangled.sample_prior(3).shape == (3, 4)


def exact_posterior(model, variances):
    """The encoder of probabilistic PCA with orthogonal columns: its posterior is exact, and diagonal."""
    model.decoder.weight.data = (
        torch.linalg.qr(torch.randn(20, 4))[0] * ((1 / variances - 1) * 0.09).sqrt()
    )
    model.encoder.weight.data = torch.cat(
        [(model.decoder.weight.data * variances).T / 0.09, torch.zeros(4, 20)]
    )
    model.encoder.bias.data = torch.cat([torch.zeros(4), variances.log()])


def test_the_bound_of_the_twin_falls_by_what_its_posterior_has_off_the_diagonal():
    """By half of sum log of the diagonal of the rotated precision less log det of it (Hadamard); log p(x) stays."""
    model, variances = pca_model(), torch.tensor([0.02, 0.1, 0.5, 0.9])
    exact_posterior(model, variances)
    twin = entangle(model)
    x = torch.randn(500, 4) @ model.decoder.weight.detach().T + 0.3 * torch.randn(500, 20)
    exact = log_p(model.decoder.weight.double(), x.double())
    precision = twin.rotation @ torch.diag(1 / variances) @ twin.rotation.T
    loss = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision))
    assert loss > 1
    for bounded, gap in ((model, torch.tensor(0.0)), (twin, loss)):
        below = exact - torch.stack([bounded.elbo(x) for _ in range(50)]).mean(0)
        assert abs(below.mean() - gap) < 4 * below.std() / 500**0.5
        assert below.std() / 500**0.5 < 0.02
    torch.testing.assert_close(twin.log_likelihood(x, samples=3).double(), exact, atol=1e-2, rtol=0)


def test_importance_weighting_finds_the_likelihood_and_both_models_have_the_same():
    model = pca_model()
    weights = model.decoder.weight.double()
    covariance = torch.linalg.inv(torch.eye(4) + weights.T @ weights / 0.09)
    model.encoder.weight.data = torch.cat(
        [covariance @ weights.T / 0.09, torch.zeros(4, 20)]
    ).float()
    model.encoder.bias.data = torch.cat([torch.zeros(4), covariance.diagonal().log() + 0.5]).float()
    x = torch.randn(30, 4) @ model.decoder.weight.detach().T + 0.3 * torch.randn(30, 20)
    torch.manual_seed(0)
    found = log_likelihood(model, x, samples=2000)
    torch.testing.assert_close(
        found.double(), log_p(weights, x.double()).detach(), atol=0.2, rtol=0
    )
    torch.manual_seed(0)
    torch.testing.assert_close(
        entangle(model).log_likelihood(x, samples=2000), found, atol=1e-3, rtol=0
    )


def test_what_cannot_be_entangled_is_said():
    with pytest.raises(NotAvailable, match="entangle its codes"):
        entangle(Method())
    with pytest.raises(ValueError, match=r"a table \(N, D\)"):
        entangle(np.zeros(5))
    with pytest.raises(ValueError, match="two at least"):
        entangle(np.zeros((5, 1)))
    with pytest.raises(ValueError, match="below 1/2"):
        entangle(np.zeros((5, 2)), share=0.7)
