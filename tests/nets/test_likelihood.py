"""Each likelihood against torch.distributions: nats, summed over pixels, one value for each image."""

import math

import pytest
import torch
from torch import distributions

from unweave.nets.likelihood import Bernoulli, Gaussian, Laplace


def wanted(density, x):
    return -density.log_prob(x).flatten(1).sum(1)


def test_bernoulli_on_logits():
    logits, x = 3 * torch.randn(5, 3, 4, 4), (torch.rand(5, 3, 4, 4) > 0.5).float()
    torch.testing.assert_close(
        Bernoulli()(logits, x), wanted(distributions.Bernoulli(logits=logits), x)
    )
    torch.testing.assert_close(Bernoulli().mean(logits), logits.sigmoid())


def test_bernoulli_by_hand_and_at_extreme_logits():
    """64x64 pixels at logit 0 cost 4096 log 2; probabilities instead of logits would give inf or a clamp here."""
    assert Bernoulli()(torch.zeros(1, 1, 64, 64), torch.rand(1, 1, 64, 64)).item() == pytest.approx(
        4096 * math.log(2)
    )
    assert Bernoulli()(torch.tensor([[200.0]]), torch.zeros(1, 1)).item() == pytest.approx(200)


@pytest.mark.parametrize("scale", [0.1, 1.0, 2.0])
def test_gaussian_and_laplace(scale):
    mean, x = torch.randn(5, 3, 4, 4), torch.rand(5, 3, 4, 4)
    torch.testing.assert_close(
        Gaussian(scale=scale)(mean, x), wanted(distributions.Normal(mean, scale), x)
    )
    torch.testing.assert_close(
        Laplace(scale=scale)(mean, x), wanted(distributions.Laplace(mean, scale), x)
    )


def test_squared_error_is_the_gaussian_of_variance_one_half():
    mean, x = torch.randn(4, 7), torch.rand(4, 7)
    nats = Gaussian(scale=math.sqrt(0.5))(mean, x)
    torch.testing.assert_close(nats, ((x - mean) ** 2).sum(1) + 7 * 0.5 * math.log(math.pi))


def test_a_learned_scale_ends_at_the_root_mean_square_error():
    likelihood, error = Gaussian(scale=1.0, learn_scale=True), 0.3 * torch.randn(1000, 16)
    optimiser = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(200):
        optimiser.zero_grad()
        likelihood(error, torch.zeros_like(error)).mean().backward()
        optimiser.step()
    assert likelihood.log_scale.exp().item() == pytest.approx(
        error.square().mean().sqrt().item(), rel=1e-3
    )
    assert not Gaussian().log_scale.requires_grad


def test_means_are_pixels():
    for likelihood in (Gaussian(), Laplace(), Bernoulli()):
        image = likelihood.mean(10 * torch.randn(2, 1, 4, 4))
        assert image.min() >= 0
        assert image.max() <= 1


def test_means_of_vectors_reach_over_the_range_of_the_data_and_not_beyond():
    """They were clamped to [0, 1] as if they were pixels."""
    output = torch.linspace(-20, 20, 41)[None]
    for likelihood in (Gaussian(low=-5.0, high=8.5), Laplace(low=-5.0, high=8.5)):
        torch.testing.assert_close(likelihood.mean(output), output.clamp(-5, 8.5))


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 255.0), (-1.0, 1.0), (0.0, 1.001), (math.nan, math.nan)]
)
def test_a_cross_entropy_without_a_lower_bound_is_refused_in_one_line(low, high):
    with pytest.raises(
        ValueError, match=r"^likelihood bernoulli takes values in \[0, 1\]; .* or choose gaussian$"
    ):
        Bernoulli(low=low, high=high)
    assert Bernoulli(low=-1e-7, high=1.0000001)  # what rounding makes of [0, 1]


def test_outside_0_1_the_cross_entropy_falls_without_end():
    """At x = 1.5 it is -0.5 s for large logits s: why such data are refused."""
    nats = Bernoulli()(torch.tensor([[10.0], [100.0], [1000.0]]), torch.full((3, 1), 1.5))
    assert nats.tolist() == [pytest.approx(-5, abs=1e-3), pytest.approx(-50), pytest.approx(-500)]


def test_a_learned_scale_has_a_floor_and_leaves_it_again():
    """Without error it fell for as long as one trained: log scale -18 after 6,000 steps of an lr of .003."""
    likelihood, x = Gaussian(scale=0.01, learn_scale=True), torch.zeros(4, 16)

    def train(error):
        optimiser = torch.optim.Adam(likelihood.parameters(), lr=0.05)
        for _ in range(1000):
            optimiser.zero_grad()
            likelihood(error, x).mean().backward()
            optimiser.step()

    train(x)
    floor = 1 / (255 * math.sqrt(12))
    assert math.log(floor) - 1 < likelihood.log_scale.item() < math.log(floor)
    assert likelihood(x, x)[0].item() == pytest.approx(
        16 * (math.log(floor) + 0.5 * math.log(2 * math.pi))
    )
    train(x + 0.01)
    assert likelihood.log_scale.exp().item() == pytest.approx(0.01, rel=1e-2)


def test_the_floor_of_a_learned_scale_is_in_the_units_of_the_data():
    assert Gaussian(scale=0.3, learn_scale=True, low=0.0, high=255.0).log_floor == pytest.approx(
        math.log(12**-0.5)
    )
    with pytest.raises(
        ValueError, match=r"^scale is 0.1; one that is learned stays above 0.289, the rounding"
    ):
        Gaussian(learn_scale=True, low=0.0, high=255.0)
    assert Gaussian(scale=1e-9).log_floor == -math.inf  # what is fixed is what was asked for


@pytest.mark.parametrize("value", [0.0, 3.0, -300.0])
def test_a_constant_set_has_a_floor_too(value):
    """Its range is 0, and so was its floor: the scale fell for as long as one trained."""
    likelihood = Gaussian(scale=0.01, learn_scale=True, low=value, high=value)
    assert likelihood.log_floor == pytest.approx(-math.log(255 * math.sqrt(12)))
    x, optimiser = torch.full((4, 5), value), torch.optim.Adam(likelihood.parameters(), 0.1)
    for _ in range(200):
        optimiser.zero_grad()
        likelihood(x, x).mean().backward()
        optimiser.step()
    assert likelihood(x, x).min() > 5 * (likelihood.log_floor + 0.5 * math.log(2 * math.pi)) - 1e-4
    with pytest.raises(ValueError, match=r"stays above 0.00113"):
        Gaussian(scale=1e-4, learn_scale=True, low=value, high=value)
