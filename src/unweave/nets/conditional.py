"""A Gaussian whose mean and variance are a network's, fitted to log densities of pairs."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from unweave.maths.gaussian import log_densities
from unweave.nets.mlp import layers


class ConditionalGaussian(nn.Module):
    """q(y given x) of codes of one width: a hidden layer of it, log variances in (-1, 1)."""

    def __init__(self, columns: int):
        super().__init__()
        self.net = nn.Sequential(
            *layers(columns, 2 * columns, columns, 1, nn.ELU(), batch_norm=True)
        )

    def forward(self, x: Float[Tensor, "B D"], y: Float[Tensor, "B D"]) -> Float[Tensor, "B B"]:
        """Entry i, j: log q(y_j given x_i), nats, mean over columns."""
        mean, free = self.net(x).float().chunk(2, 1)  # (B, D) each
        return log_densities(y, mean, free.tanh()) / y.shape[1]
