"""Scene discriminator: its loss and its logits by hand."""

from __future__ import annotations

import math

import torch
from torch import nn

from unweave.nets.scene import SceneDiscriminator, same_and_others, scene_loss


def test_the_loss_by_hand() -> None:
    logits = torch.tensor([[1.0, -2.0, 0.0], [0.5, 3.0, 0.0], [0.0, 0.0, -1.0]])
    same, others = same_and_others(logits)
    assert same.tolist() == [1.0, 3.0, -1.0]
    assert others.tolist() == [-2.0, 0.0, 0.5, 0.0, 0.0, 0.0]
    right = [math.log1p(math.exp(-t)) for t in (1.0, 3.0, -1.0)]
    wrong = [math.log1p(math.exp(t)) for t in (-2.0, 0.0, 0.5, 0.0, 0.0, 0.0)]
    assert math.isclose(scene_loss(logits).item(), sum(right) / 3 + sum(wrong) / 6, rel_tol=1e-6)


def test_a_discriminator_that_knows_nothing_costs_two_log_two() -> None:
    found = SceneDiscriminator(nn.Linear(3, 4))
    with torch.no_grad():
        found.encoder.weight.zero_()
        found.encoder.bias.zero_()
    logits = found(torch.rand(5, 3), torch.rand(5, 3))
    assert logits.shape == (5, 5)
    assert math.isclose(scene_loss(logits).item(), 2 * math.log(2), rel_tol=1e-6)


def test_poses_are_compared_by_their_features() -> None:
    """With f the identity and bias b: p . q / sqrt(D) + b, for each pose of one side and the other."""
    found = SceneDiscriminator(nn.Identity())
    with torch.no_grad():
        found.bias.fill_(-0.5)
    p = torch.rand(4, 9)
    q = torch.rand(4, 9)
    expected = torch.tensor([[float(a @ b) / 3 - 0.5 for b in q] for a in p])
    assert torch.allclose(found(p, q), expected)
