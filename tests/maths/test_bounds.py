"""Bounds of information on correlated Gaussians, whose information and divergences are known."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad

from unweave.maths.bounds import club, donsker_varadhan, infonce, jensen_shannon, nwj

BOUNDS = [donsker_varadhan, nwj, infonce, club, jensen_shannon]
RHO = 0.8
INFORMATION = -0.5 * math.log(1 - RHO**2)  # nats, of one pair of columns


def gaussians(rows, seed, rho=RHO):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=rows)


def log_ratio(x, y, rho=RHO):
    """log p(x, y) / (p(x) p(y)) by the densities."""
    return -0.5 * math.log(1 - rho**2) - (rho**2 * (x**2 + y**2) - 2 * rho * x * y) / (
        2 * (1 - rho**2)
    )


def ratios(rows, seed):
    x, y = gaussians(rows, seed)
    return torch.tensor(log_ratio(x[:, None], y[None]))


def mean_and_error(values):
    values = np.array([float(value) for value in values])
    return values.mean(), values.std(ddof=1) / math.sqrt(len(values))


def by_loops(scores):
    pairs = [scores[i, i] for i in range(len(scores))]
    others = [scores[i, j] for i in range(len(scores)) for j in range(len(scores)) if i != j]
    return np.array(pairs), np.array(others)


def test_formulas_by_loops():
    scores = np.random.default_rng(0).normal(size=(5, 5))
    pairs, others = by_loops(scores)
    t = torch.tensor(scores)
    assert donsker_varadhan(t).item() == pytest.approx(
        pairs.mean() - math.log(np.exp(others).mean()), rel=1e-6
    )
    assert nwj(t).item() == pytest.approx(pairs.mean() - np.exp(others - 1).mean(), rel=1e-6)
    rows = [scores[i, i] - math.log(np.exp(scores[i]).mean()) for i in range(5)]
    assert infonce(t).item() == pytest.approx(np.mean(rows), rel=1e-6)
    assert club(t).item() == pytest.approx(pairs.mean() - others.mean(), rel=1e-6)
    shannon = (math.log(2) - np.log1p(np.exp(-pairs))).mean() - (
        np.log1p(np.exp(others)) - math.log(2)
    ).mean()
    assert jensen_shannon(t).item() == pytest.approx(shannon, rel=1e-6)


@pytest.mark.parametrize(("bound", "shift"), [(donsker_varadhan, 0), (nwj, 1), (infonce, 0)])
def test_lower_bounds_are_tight_at_the_best_critic(bound, shift):
    mean, error = mean_and_error([bound(ratios(512, seed) + shift) for seed in range(200)])
    assert mean == pytest.approx(INFORMATION, abs=4 * error + 0.01)
    assert error < 0.01


def test_nwj_is_below_where_the_critic_is_shifted():
    """At the log ratio itself, without the 1: I - 1/e, by its formula."""
    mean, error = mean_and_error([nwj(ratios(512, seed)) for seed in range(200)])
    assert mean == pytest.approx(INFORMATION - math.exp(-1), abs=4 * error + 0.005)


def test_club_of_the_true_conditional_lies_above():
    """E log p(y given x) of pairs less that of independent rows is rho^2 / (1 - rho^2)."""
    values = []
    for seed in range(200):
        x, y = gaussians(512, seed)
        values.append(club(torch.tensor(-((y[None] - RHO * x[:, None]) ** 2) / (2 * (1 - RHO**2)))))
    mean, error = mean_and_error(values)
    assert mean == pytest.approx(RHO**2 / (1 - RHO**2), abs=4 * error)
    assert mean > INFORMATION


def test_jensen_shannon_is_the_divergence_and_not_the_information():
    def density(y, x):
        """p log p / m + q log q / m, of pairs p and independent q, in the densities' ratio."""
        ratio = math.exp(log_ratio(x, y))
        independent = math.exp(-(x**2 + y**2) / 2) / (2 * math.pi)
        middle = (1 + ratio) / 2
        return (
            independent * (ratio * math.log(ratio / middle) - math.log(middle))
            if ratio > 0
            else 0.0
        )

    divergence = dblquad(density, -7, 7, -7, 7, epsabs=1e-6)[0]
    mean, error = mean_and_error([jensen_shannon(ratios(512, seed)) for seed in range(100)])
    assert mean == pytest.approx(divergence, abs=4 * error)
    assert abs(mean - INFORMATION) > 0.1


@pytest.mark.parametrize("bound", BOUNDS)
def test_nothing_is_known_at_a_constant_critic(bound):
    expected = -math.exp(-1) if bound is nwj else 0.0
    assert bound(torch.zeros(8, 8)).item() == pytest.approx(expected, abs=1e-6)


def test_the_ceilings():
    sure = 1000.0 * (2 * torch.eye(16) - 1)
    assert infonce(sure).item() == pytest.approx(math.log(16), rel=1e-6)
    assert jensen_shannon(sure).item() == pytest.approx(2 * math.log(2), rel=1e-6)
    assert jensen_shannon(-sure).item() < 0  # the sign matters


@pytest.mark.parametrize("bound", BOUNDS)
def test_gradients_are_right(bound):
    scores = torch.randn(
        4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True
    )
    (gradient,) = torch.autograd.grad(bound(scores), scores)
    step = 1e-3
    change = torch.zeros(4, 4, dtype=torch.float64)
    change[1, 2] = step
    slope = (bound(scores.detach() + change) - bound(scores.detach() - change)) / (2 * step)
    assert gradient[1, 2].item() == pytest.approx(slope.item(), abs=1e-3)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("bound", BOUNDS)
def test_one_row_has_no_others(bound):
    with pytest.raises(ValueError, match="two rows or more"):
        bound(torch.zeros(1, 1))
