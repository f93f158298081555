"""The incomplete beta function and its gradient, against scipy and by finite differences."""

import numpy as np
import pytest
import torch
from scipy.special import betainc
from scipy.stats import f

from unweave.maths.incomplete_beta import half_beta

X = torch.linspace(1e-6, 1 - 1e-6, 101, dtype=torch.double)


@pytest.mark.parametrize("nu", [1, 2, 3, 8, 9, 18, 58, 7.3])
def test_it_is_that_of_scipy(nu):
    np.testing.assert_allclose(
        half_beta(X, nu), betainc(0.5, nu / 2, X.numpy()), rtol=1e-12, atol=0
    )


def test_it_is_the_distribution_of_f():
    s = torch.tensor([0.1, 1.0, 4.0, 9.0, 30.0], dtype=torch.double)
    for nu in (5, 8):
        np.testing.assert_allclose(half_beta(s / (s + nu), nu), f.cdf(s.numpy(), 1, nu), rtol=1e-12)


@pytest.mark.parametrize("nu", [1, 8, 9, 58])
def test_its_gradient_is_that_of_finite_differences(nu):
    x = torch.linspace(0.01, 0.99, 50, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: half_beta(t, nu), x)
    assert torch.autograd.gradgradcheck(lambda t: half_beta(t, nu), x)


def test_degrees_of_freedom_may_differ_from_row_to_row():
    x = torch.rand(3, 4, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    nu = torch.tensor([[4.0], [5.0], [10.0]], dtype=torch.double)
    rows = [half_beta(row, float(one)) for row, one in zip(x, nu, strict=True)]
    torch.testing.assert_close(half_beta(x, nu), torch.stack(rows), rtol=1e-12, atol=0)


def test_single_precision_stays_at_1_and_below():
    x = torch.tensor([1e-12, 0.5, 0.97, 0.99, 1 - 1e-5], requires_grad=True)
    for nu in (8, 9, 58):
        found = half_beta(x, nu)
        assert found.dtype == torch.float32
        assert (found <= 1).all()
        np.testing.assert_allclose(
            found.detach(), betainc(0.5, nu / 2, x.detach().double().numpy()), rtol=2e-5
        )
        (gradient,) = torch.autograd.grad(found.sum(), x)
        assert gradient.isfinite().all()
        assert (gradient >= 0).all()
