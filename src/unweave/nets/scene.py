"""Scene discriminator: are two poses of one clip? By features of each, compared.

The role is that of C in Denton and Birodkar (2017), section 3.1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.maths.single import in_float32

MOMENTUM = 0.05  # of the mean and the covariance of poses, at each training step
EPSILON = 1e-6


class SceneDiscriminator(nn.Module):
    """Logits (B, B) of pose i and pose j being of one clip: f(p_i) . f(p_j) / sqrt(columns) + bias.

    encoder: poses (B, D) to features f (B, columns). Poses are whitened before it: what leaks is
    small beside the position, in directions of little variance, and is found far sooner so.
    """

    def __init__(self, encoder: nn.Module, pose: int):
        super().__init__()
        self.encoder = encoder
        self.bias = nn.Parameter(torch.zeros(()))
        self.register_buffer("mean", torch.zeros(pose))
        self.register_buffer("covariance", torch.eye(pose))
        self.mean: Tensor
        self.covariance: Tensor

    def forward(self, poses: Tensor, others: Tensor) -> Tensor:
        features = self.encoder(self.whitened(torch.cat([poses, others]))).float()
        first, second = features.chunk(2)  # (B, columns)
        logits: Tensor = first @ second.T / first.shape[1] ** 0.5 + self.bias
        return logits

    @in_float32
    def whitened(self, poses: Tensor) -> Tensor:
        """Poses (N, D) with mean 0 and covariance the identity, as far as the moments are right."""
        eye = torch.eye(len(self.mean), device=poses.device)
        root = torch.linalg.cholesky(self.covariance + EPSILON * eye)  # (D, D)
        centred = (poses - self.mean).T
        return torch.linalg.solve_triangular(root, centred, upper=False).T

    @in_float32
    @torch.no_grad()
    def observe(self, poses: Tensor) -> None:
        """Bring the moments towards those of poses (N, D)."""
        self.mean.lerp_(poses.mean(0), MOMENTUM)
        self.covariance.lerp_(poses.T.cov(correction=0), MOMENTUM)


def scene_loss(logits: Tensor) -> Tensor:
    """Cross-entropy of logits (B, B) whose diagonal is of one clip each, all others of two.

    The mean over the diagonal and the mean over the rest are added.
    """
    same, others = same_and_others(logits)
    return F.softplus(-same).mean() + F.softplus(others).mean()


def same_and_others(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The diagonal (B,) of logits (B, B), and the rest (B * (B - 1),)."""
    apart = ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    return logits.diagonal(), logits[apart]
