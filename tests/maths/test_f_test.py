"""Log CDFs of F statistics of pairs of classes, against scipy's, and where they are not defined."""

import numpy as np
import pytest
import torch
from scipy.special import betainc
from scipy.stats import f, f_oneway

from unweave.maths.f_test import log_cdf


def codes(sizes, dimensions=3, seed=0, shift=0.5):
    """Normal codes (B, D) of classes of these sizes, float64, with means `shift` apart; and the classes (B,)."""
    y = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(len(y), dimensions, dtype=torch.double, generator=rng) + shift * y[:, None]
    return z, y


def by_scipy(z, y, a, b):
    """P(F <= s) of two classes in each dimension, by scipy's analysis of variance."""
    first, second = z[y == a].numpy(), z[y == b].numpy()
    return f.cdf(f_oneway(first, second).statistic, 1, len(first) + len(second) - 2)


def by_authors(z, y, a, b):
    """As the authors' code: the grand mean is the midpoint of the means, whatever the sizes."""
    found = []
    for column in z.numpy().T:
        first, second = column[y == a], column[y == b]
        middle = (first.mean() + second.mean()) / 2
        between = (
            len(first) * (first.mean() - middle) ** 2 + len(second) * (second.mean() - middle) ** 2
        )
        within = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
        found.append(betainc(0.5, (len(first) + len(second) - 2) / 2, between / (between + within)))
    return found


@pytest.mark.parametrize("sizes", [(5, 5), (3, 9), (4, 5), (2, 8)])
def test_a_pair_has_the_distribution_of_its_f(sizes):
    z, y = codes(sizes)
    np.testing.assert_allclose(log_cdf(z, y).exp()[0], by_scipy(z, y, 0, 1), rtol=1e-10)


@pytest.mark.parametrize("sizes", [(3, 9), (4, 5)])
def test_the_midpoint_is_the_authors_and_not_the_f_of_unequal_sizes(sizes):
    z, y = codes(sizes)
    ours = log_cdf(z, y, "midpoint").exp()[0].numpy()
    np.testing.assert_allclose(ours, by_authors(z, y, 0, 1), rtol=1e-10)
    assert (ours > by_scipy(z, y, 0, 1) + 1e-3).all()
    equal = codes((6, 6))
    torch.testing.assert_close(
        log_cdf(*equal, "midpoint"), log_cdf(*equal, "weighted"), rtol=1e-12, atol=0
    )


def test_all_pairs_in_any_order_of_rows():
    z, y = codes((5, 4, 7), dimensions=4)
    shuffled = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    found = log_cdf(z[shuffled], 10 * y[shuffled] - 3).exp()
    expected = [by_scipy(z, y, a, b) for a, b in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found, np.stack(expected), rtol=1e-10)


def test_of_equal_means_it_is_uniform():
    """The mean of -log of a uniform number is 1 nat, with deviation 1."""
    z, y = codes((5, 5), dimensions=20_000, shift=0.0)
    surprise = -log_cdf(z, y)
    assert float(surprise.mean()) == pytest.approx(1, abs=4 / np.sqrt(20_000))
    assert float(surprise.exp().reciprocal().mean()) == pytest.approx(
        0.5, abs=4 / np.sqrt(12 * 20_000)
    )


def test_separated_classes_have_no_loss_and_no_gradient():
    z, y = codes((5, 5), shift=1e4)
    z.requires_grad_()
    found = log_cdf(z, y)
    assert -1e-12 < found.max() <= 0
    assert torch.autograd.grad(found.sum(), z)[0].abs().max() == 0


@pytest.mark.parametrize("sizes", [(4, 4), (3, 6)])
def test_gradients_are_those_of_finite_differences(sizes):
    z, y = codes(sizes, dimensions=2)
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda t: log_cdf(t, y), z)
    assert torch.autograd.gradcheck(lambda t: log_cdf(t, y, "midpoint"), z)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("gap", [0.0, 1e-9, 1e-3])
def test_equal_means_have_a_finite_gradient(dtype, gap):
    z = torch.tensor([[-1.0], [1.0], [-1.0], [1.0]], dtype=dtype)
    z[2:] += gap
    z.requires_grad_()
    found = log_cdf(z, torch.tensor([0, 0, 1, 1]))
    (gradient,) = torch.autograd.grad(found.sum(), z)
    assert found.isfinite().all()
    assert gradient.isfinite().all()
    assert (gradient.abs().max() > 0) == (gap == 1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6])
def test_a_constant_dimension_has_none(dtype, constant):
    z, y = codes((3, 4, 5))
    z = z.to(dtype)
    z[:, 1] = constant
    z.requires_grad_()
    found = log_cdf(z, y)
    assert (found[:, 1] == -torch.inf).all()
    assert found[:, [0, 2]].isfinite().all()
    (gradient,) = torch.autograd.grad(found[:, [0, 2]].sum(), z)
    assert gradient.isfinite().all()
    assert (gradient[:, 1] == 0).all()


def test_a_code_that_is_not_a_number_is_no_constant():
    z, y = codes((4, 4))
    z[2, 1] = torch.nan
    found = log_cdf(z, y)
    assert found[0].isnan().tolist() == [False, True, False]


def test_a_dimension_that_is_constant_within_classes_separates_them():
    z = torch.tensor([[0.1], [0.1], [0.7], [0.7]])
    assert log_cdf(z, torch.tensor([0, 0, 1, 1])) == pytest.approx(0, abs=1e-2)


@pytest.mark.parametrize(
    ("y", "message"), [((0, 0, 7), "class 7 has one code"), ((3, 3, 3), "one class")]
)
def test_what_has_no_f_is_refused_in_one_line(y, message):
    with pytest.raises(ValueError, match=rf"^[^\n]*{message}[^\n]*$"):
        log_cdf(torch.randn(3, 2), torch.tensor(y))
