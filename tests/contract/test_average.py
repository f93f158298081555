"""The average of a generator: it follows, and nothing wakes it."""

from __future__ import annotations

import torch
from torch import nn

from unweave.nets.average import Average


def test_it_follows_at_its_rate_and_copies_buffers() -> None:
    net = nn.BatchNorm1d(1)
    average = Average(net, decay=0.75)
    with torch.no_grad():
        net.weight.fill_(5.0)
        net.running_mean.fill_(3.0)
    average.follow(net)
    assert average.module.weight.item() == 2.0  # 1 + (1 - 0.75) * (5 - 1)
    assert average.module.running_mean.item() == 3.0
    assert not any(w.requires_grad for w in average.parameters())


def test_training_the_method_does_not_wake_its_batch_norm() -> None:
    holder = nn.ModuleList([Average(nn.BatchNorm1d(2), decay=0.9)]).train()
    before = holder[0].module.running_mean.clone()
    holder[0](torch.rand(8, 2) + 5)
    assert not holder[0].module.training
    assert torch.equal(holder[0].module.running_mean, before)
