"""Scene discriminator: its loss and its logits by hand."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from unweave.nets.scene import MOMENTUM, SceneDiscriminator, same_and_others, scene_loss


def test_the_loss_by_hand() -> None:
    logits = torch.tensor([[1.0, -2.0, 0.0], [0.5, 3.0, 0.0], [0.0, 0.0, -1.0]])
    same, others = same_and_others(logits)
    assert same.tolist() == [1.0, 3.0, -1.0]
    assert others.tolist() == [-2.0, 0.0, 0.5, 0.0, 0.0, 0.0]
    right = [math.log1p(math.exp(-t)) for t in (1.0, 3.0, -1.0)]
    wrong = [math.log1p(math.exp(t)) for t in (-2.0, 0.0, 0.5, 0.0, 0.0, 0.0)]
    assert math.isclose(scene_loss(logits).item(), sum(right) / 3 + sum(wrong) / 6, rel_tol=1e-6)


def test_a_discriminator_that_knows_nothing_costs_two_log_two() -> None:
    found = SceneDiscriminator(nn.Linear(3, 4), 3)
    with torch.no_grad():
        found.encoder.weight.zero_()
        found.encoder.bias.zero_()
    logits = found(torch.rand(5, 3), torch.rand(5, 3))
    assert logits.shape == (5, 5)
    assert math.isclose(scene_loss(logits).item(), 2 * math.log(2), rel_tol=1e-6)


def test_poses_are_compared_by_features_of_whitened_poses() -> None:
    """With f the identity and bias b: p . S^-1 q / sqrt(D) + b, p and q centred, S the covariance."""
    rng = np.random.default_rng(0)
    found = SceneDiscriminator(nn.Identity(), 4)
    mixed = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4)) + 3
    for _ in range(400):
        found.observe(torch.tensor(mixed, dtype=torch.float32))
    with torch.no_grad():
        found.bias.fill_(-0.5)
    p, q = mixed[:5], mixed[5:10]
    inverse = np.linalg.inv(np.cov(mixed.T, bias=True))
    expected = (p - mixed.mean(0)) @ inverse @ (q - mixed.mean(0)).T / 2 - 0.5
    logits = found(*(torch.tensor(side, dtype=torch.float32) for side in (p, q)))
    np.testing.assert_allclose(logits.detach().numpy(), expected, atol=1e-3)


def test_moments_are_part_of_the_weights_and_move_by_a_share() -> None:
    found = SceneDiscriminator(nn.Identity(), 2)
    assert {"mean", "covariance"} <= set(found.state_dict())
    found.observe(torch.tensor([[0.0, 1.0], [2.0, 1.0]]))
    assert torch.allclose(found.mean, MOMENTUM * torch.tensor([1.0, 1.0]))
    assert torch.allclose(
        found.covariance, torch.diag(torch.tensor([1.0, 1 - MOMENTUM])), atol=1e-6
    )


def test_poses_that_do_not_vary_are_whitened_to_something_finite() -> None:
    found = SceneDiscriminator(nn.Identity(), 2)
    for _ in range(2000):
        found.observe(torch.ones(6, 2))
    assert bool(found(torch.ones(3, 2), torch.ones(3, 2)).isfinite().all())
