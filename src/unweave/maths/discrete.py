"""Information of finite tables, exact: entropy, conditional entropy, mutual information, divergences. In nats.

A table is a tensor of probabilities that sum to 1; a joint table has one axis for each variable. 0 log 0 is 0.
"""

from __future__ import annotations

import torch
from torch import Tensor


def entropy(p: Tensor) -> Tensor:
    """H of a table with any number of axes.

    >>> float(entropy(torch.tensor([0.5, 0.5])))
    0.6931471824645996
    """
    return -torch.special.xlogy(p, p).sum()


def conditional_entropy(joint: Tensor) -> Tensor:
    """H(X | Y) of a joint table (X, Y): H(X, Y) - H(Y)."""
    return entropy(joint) - entropy(joint.sum(0))


def mutual_information(joint: Tensor) -> Tensor:
    """I(X; Y) of a joint table (X, Y): the divergence from the product of its marginals."""
    return divergence(joint, joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True))


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) of two tables of one shape; infinite where q is 0 and p is not."""
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum()


def jensen_shannon(tables: Tensor) -> Tensor:
    """Mean divergence of K tables (K, ...) from their average; between 0 and log K."""
    average = tables.mean(0)
    return torch.stack([divergence(p, average) for p in tables]).mean()
