"""Conditional distribution of a variable given its parents: Gaussian, or categorical (one-hots)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.maths.gaussian import log_density
from unweave.methods.graph.variables import Variable


class Conditional(nn.Module):
    """One hidden layer of the parents; without parents, the prior N(0, I) or equal probabilities.

    parents: columns of the parents that are variables. image: whether features of the image (...,
    features) are added before the activation.
    """

    def __init__(self, variable: Variable, parents: int, *, image: bool, features: int):
        super().__init__()
        self.variable = variable
        self.outputs = variable.columns
        if variable.kind == "gaussian":
            self.outputs = 2 * variable.columns  # mean and log variance
        self.of_parents: nn.Linear | None = None
        self.out: nn.Linear | None = None
        if parents:
            self.of_parents = nn.Linear(parents, features, bias=not image)
        if parents or image:
            self.out = nn.Linear(features, self.outputs)
        self.register_buffer("prior", torch.zeros(self.outputs), persistent=False)
        self.prior: Tensor

    def forward(self, parents: list[Tensor], features: Tensor | None) -> Tensor:
        """The parameters (..., outputs): mean and log variance side by side, or logits.

        parents: values (..., columns) of each variable among them.
        """
        if self.out is None:
            return self.prior
        hidden = features
        if self.of_parents is not None:
            added = self.of_parents(torch.cat(parents, -1))  # (..., features)
            hidden = added if hidden is None else hidden + added
        assert hidden is not None  # a layer `out` has parents
        found: Tensor = self.out(F.softplus(hidden))
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def log_prob(self, parameters: Tensor, value: Tensor) -> Tensor:
        """Log density of values (..., columns), (...); log probability of one-hots."""
        if self.variable.kind == "categorical":
            return (value * parameters.log_softmax(-1)).sum(-1)
        mean, log_var = self._moments(parameters)
        return log_density(value, mean, log_var).sum(-1)

    def draw(self, parameters: Tensor, temperature: float) -> Tensor:
        """A sample (..., columns).

        A one-hot has the gradient of its relaxation (Gumbel-softmax, Jang et al., 2017).
        """
        if self.variable.kind == "categorical":
            return F.gumbel_softmax(parameters, temperature, hard=True)
        mean, log_var = self._moments(parameters)
        return mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)

    def posterior(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (..., columns); probabilities and 0 where it is categorical."""
        if self.variable.kind == "categorical":
            probabilities = parameters.softmax(-1)
            return probabilities, torch.zeros_like(probabilities)
        return self._moments(parameters)

    def most_probable(self, parameters: Tensor) -> Tensor:
        """The mean, or the one-hot of the most probable category, (..., columns)."""
        if self.variable.kind == "categorical":
            return F.one_hot(parameters.argmax(-1), self.variable.columns).float()
        return self._moments(parameters)[0]

    def _moments(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        mean, free = parameters.chunk(2, -1)
        floor = self.variable.log_floor
        if floor == -math.inf:
            return mean, free
        # about `free`, where that is above the floor
        return mean, floor + F.softplus(free - floor)
