"""Log densities of a fitted Gaussian."""

import torch
from torch.distributions import Normal

from unweave.nets.conditional import ConditionalGaussian


def test_entries_are_log_densities_of_all_pairs():
    torch.manual_seed(0)
    q = ConditionalGaussian(3)
    x, y = torch.randn(2, 6, 3)
    mean, free = q.net(x).chunk(2, 1)
    found = q(x, y)
    for i in range(6):
        for j in range(6):
            each = Normal(mean[i], torch.exp(free[i].tanh() / 2)).log_prob(y[j])
            torch.testing.assert_close(found[i, j], each.mean())
