"""Divergences of a batch of codes: closed forms, loops, and what the peers got wrong."""

import math

import pytest
import torch

from unweave.maths.divergence import (
    covariance,
    distance_from_identity,
    kernel,
    mmd,
    squared_distances,
    stein_direction,
    support_gap,
)


def normal(seed, n=200, d=10):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def mean_mmd(change, kind, d=10, repeats=20):
    return torch.stack(
        [mmd(change(normal(s, d=d)), normal(1000 + s, d=d), kind) for s in range(repeats)]
    )


def test_kernels_by_hand():
    """Two points of 3 columns, squared distance 6 = 2 D."""
    a, b = torch.zeros(1, 3), torch.tensor([[1.0, 1.0, 2.0]])
    assert squared_distances(a, b).item() == 6
    assert kernel(a, b, "rbf").item() == pytest.approx(math.exp(-1))
    assert kernel(a, b, "infovae").item() == pytest.approx(math.exp(-6 / 9))
    assert kernel(a, b, "imq").item() == pytest.approx(
        sum(s / (s + 1) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))
    )


def test_mmd_by_loops():
    a, b = normal(0, 4, 2), normal(1, 5, 2)

    def k(x, y):
        return math.exp(-float((x - y).square().sum()) / 4)

    within_a = sum(k(a[i], a[j]) for i in range(4) for j in range(4) if i != j) / 12
    within_b = sum(k(b[i], b[j]) for i in range(5) for j in range(5) if i != j) / 20
    between = sum(k(x, y) for x in a for y in b) / 20
    assert mmd(a, b, "rbf").item() == pytest.approx(within_a + within_b - 2 * between, abs=1e-6)


def test_mmd_has_the_closed_form_of_gaussians():
    """RBF of squared width D between N(0, 1) and N(m, 1) in one column: 2 sqrt(1/3) (1 - exp(-m^2 / 6)), D = 1."""
    found = torch.stack(
        [mmd(normal(s, 400, 1) + 1.5, normal(99 + s, 400, 1), "rbf") for s in range(20)]
    ).mean()
    assert found.item() == pytest.approx(
        2 * math.sqrt(1 / 3) * (1 - math.exp(-(1.5**2) / 6)), abs=0.02
    )


@pytest.mark.parametrize("kind", ["imq", "rbf", "infovae"])
def test_mmd_is_unbiased_at_the_prior(kind):
    """The biased estimator would be 0.033 (imq) above 0 at 200 codes, seven standard deviations."""
    null = mean_mmd(lambda z: z, kind, repeats=40)
    assert null.mean().abs() < 4 * null.std() / math.sqrt(40)


def test_the_default_kernel_sees_a_collapsed_posterior_where_the_paper_s_does_not():
    """20 columns: a collapse costs 1.90 by imq; by the paper's kernel .0026, a ninth of what a shift by 1/2 costs."""
    collapse, shift = [
        [float(mean_mmd(change, kind, d=20, repeats=5).mean()) for kind in ("imq", "infovae")]
        for change in (torch.zeros_like, lambda z: z + 0.5)
    ]
    assert collapse == [pytest.approx(1.90, abs=0.03), pytest.approx(0.0026, abs=0.0005)]
    assert shift == [pytest.approx(0.272, abs=0.02), pytest.approx(0.023, abs=0.003)]


def test_one_code_has_no_mmd_and_the_message_says_so():
    with pytest.raises(ValueError, match="has to hold two images or groups"):
        mmd(normal(0, 1), normal(1, 1))


def test_two_codes_are_enough_for_an_mmd():
    """Codes 0 and 2 in one column against 0 and 0, rbf: exp(-2) within, 1 within, and the mean of 1, 1, exp(-2) twice."""
    found = mmd(torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1), "rbf")
    assert found.item() == pytest.approx(math.exp(-2) + 1 - (1 + math.exp(-2)), abs=1e-6)


def test_stein_direction_of_two_codes_by_hand():
    """Codes a and -a: the bandwidth is 4 a^2 / log 3, the kernel 1/3, and phi(a) = log 3 / (6 a) - a / 3."""
    for a in (1.0, 1e-3):
        wanted = math.log(3) / (6 * a) - a / 3
        torch.testing.assert_close(
            stein_direction(torch.tensor([[a], [-a]])), torch.tensor([[wanted], [-wanted]])
        )


def test_stein_direction_by_loops():
    z = normal(0, 5, 2)
    d2 = squared_distances(z, z)
    apart = sorted(float(d2[i, j]) for i in range(5) for j in range(5) if i != j)
    h = apart[(len(apart) - 1) // 2] / math.log(6)
    for i in range(5):
        phi = torch.zeros(2)
        for j in range(5):
            k = torch.exp(-d2[j, i] / h)
            phi += (k * -z[j] - 2 / h * (z[j] - z[i]) * k) / 5
        torch.testing.assert_close(stein_direction(z)[i], phi)


def test_particles_follow_stein_s_direction_to_the_prior():
    """From N(3, .3^2): mean 0 and deviation 1. With the sign of the usual statement they flee to a mean of 30."""
    z = normal(0, 60, 2) * 0.3 + 3
    for _ in range(300):
        z = z + 0.3 * stein_direction(z)
    assert z.mean().abs() < 0.1
    assert z.std(0).mean().item() == pytest.approx(1, abs=0.1)


def test_stein_s_direction_of_equal_codes_is_finite():
    assert stein_direction(torch.full((4, 2), 3.0)).isfinite().all()


def test_covariance_is_of_the_batch_and_adds_the_images_own_variance_on_the_diagonal():
    mean, log_var = normal(0, 50, 3), normal(1, 50, 3)
    torch.testing.assert_close(covariance(mean), torch.cov(mean.T, correction=0))
    both = covariance(mean, log_var)
    torch.testing.assert_close(
        both - torch.diag(both.diagonal()),
        covariance(mean) - torch.diag(covariance(mean).diagonal()),
    )
    torch.testing.assert_close(both.diagonal() - covariance(mean).diagonal(), log_var.exp().mean(0))


def test_covariance_of_a_collapsed_posterior_is_the_identity():
    """Means 0, variances 1. Two peers (disent, disentanglement-pytorch) add a scalar to every entry: 1 off the diagonal."""
    found = covariance(torch.zeros(16, 4), torch.zeros(16, 4))
    torch.testing.assert_close(found, torch.eye(4))
    assert [float(x) for x in distance_from_identity(found)] == [0, 0]


def test_covariance_penalties_of_ideal_codes_are_small():
    """Means of N(0, I): about D (D - 1) / M and 2 D / M. PyTorch-VAE, which centres over columns, gave 3515 and 15247."""
    found = torch.tensor(
        [distance_from_identity(covariance(normal(s, 144, 10))) for s in range(100)]
    ).mean(0)
    assert found.tolist() == [pytest.approx(90 / 144, rel=0.1), pytest.approx(20 / 144, rel=0.2)]


def test_distance_from_identity_by_hand():
    off, diagonal = distance_from_identity(torch.tensor([[2.0, 0.5], [0.5, 0.0]]))
    assert (off.item(), diagonal.item()) == (0.5, 2.0)


def test_a_grid_has_a_product_support_and_a_diagonal_has_not():
    side = torch.linspace(-1, 1, 5)
    assert support_gap(torch.cartesian_prod(side, side)).item() == 0
    correlated = torch.cartesian_prod(side, side)[[*range(25), *([0] * 50)]]
    assert (
        support_gap(correlated).item() == 0
    )  # frequencies do not matter: correlation is not punished
    diagonal = torch.stack([side, side], 1)
    assert support_gap(diagonal).item() == pytest.approx(
        2.0
    )  # corner (-1, 1) is 1, 1 away from (0, 0)


def test_support_gap_by_loops_over_three_columns():
    z, total = normal(0, 6, 3), 0.0
    for i, j in ((0, 1), (0, 2), (1, 2)):
        corners = [(float(a), float(b)) for a in z[:, i] for b in z[:, j]]
        total += max(
            min((a - float(c[i])) ** 2 + (b - float(c[j])) ** 2 for c in z) for a, b in corners
        )
    assert support_gap(z).item() == pytest.approx(total, rel=1e-5)
    assert support_gap(z, draws=2000).item() == pytest.approx(total, rel=1e-5)
    assert support_gap(z, pairs=1).item() <= total
    assert support_gap(z, pairs=3).item() == pytest.approx(total, rel=1e-5)


def test_support_gap_of_some_pairs_of_columns():
    """Columns t, t and 2 t, t = -1, -.5, ..., 1: gaps 2, 3.25 and 3.25, each of a corner to its nearest code."""
    side = torch.linspace(-1, 1, 5)
    z = torch.stack([side, side, 2 * side], 1)
    for pairs, sums in ((1, {2.0, 3.25}), (2, {5.25, 6.5}), (3, {8.5}), (4, {8.5}), (0, {8.5})):
        assert {round(float(support_gap(z, pairs=pairs)), 4) for _ in range(20)} == sums
    weight = torch.tensor([[9.0, 0.5, 2.0], [9.0, 9.0, 1.0], [9.0, 9.0, 9.0]])
    assert support_gap(z, weight=weight).item() == pytest.approx(0.5 * 2 + 2 * 3.25 + 3.25)
