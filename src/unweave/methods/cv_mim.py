"""Cross-view mutual information maximisation, CV-MIM (Zhao et al., 2021): what two views share, and
what they do not.

Of two views a, b of one thing, an encoder gives a pose code p, which is to be the same in both, and
a view code v; f = (p + v) / 2, and h is a code of a second encoder. The encoders maximise

    I(h_a; f_a) + I(h_b; f_b)                          what the codes know of their view
    + 2 * view * I(p_a; p_b)                           what pose codes of two views share
    - disentangle * (CLUB(p_a, v_a) + CLUB(p_b, v_b)   v is apart from p,
                     + 2 * CLUB(v_a, v_b))             and from v of the other view
    - prior * E softplus(-D(sigmoid(p, v)))            codes are spread out evenly (of both views)

I are bounds from below whose critic is the product of two codes, with the other things of the batch
as negatives; CLUB is a bound from above by Gaussians q(v given p) and q(v_b given v_a), a mean over
columns, clipped at 0. A critic D separates codes from uniform samples, with a penalty on its
gradient. All three players move at once, each on its own loss; a thing that is twice in a batch
counts once.

Where q is worse than chance the clipped CLUB has no gradient: the log has `club` as it is, and the
share of `clipped` terms. CLUB takes out of the view code what two views share, by the recipe; that
the pose code says little of the view is the doing of `view`. With `bound=infonce` and `view` as the
only weight this is plain InfoNCE between views.

**Departures**: Adam in place of Adagrad. The encoders are those of other methods, with batch
normalisation if they are fully connected, and have no layer in common; the authors' are residual.
Codes are points. Data are vectors or images: two views of any one thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.maths.bounds import club, infonce, jensen_shannon
from unweave.maths.repeated import first
from unweave.maths.single import in_float32
from unweave.methods.base import Method, Player
from unweave.nets.conditional import ConditionalGaussian
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior

BOUNDS = {"jensen-shannon": jensen_shannon, "infonce": infonce}
UNITS = {
    "known": NATS,
    "shared": NATS,
    "club": "nats per column",
    "clipped": "share",
    "fooled": NATS,
    "log q": "nats per column",
    "critic": NATS,
    "slope": "squared norm",
}


class CVMIM(Method):
    """A code is [pose, view], of `latents` columns each; players "model", "estimators", "critic".

    encoder: x (B, *shape) to both codes (B, 2 * latents). whole_encoder: to h (B, latents).
    """

    def __init__(
        self,
        encoder: nn.Module,
        whole_encoder: nn.Module,
        *,
        latents: Annotated[
            int, Setting("columns of the pose code, and of the view code", low=1, search=(16, 32))
        ] = 32,
        bound: Annotated[
            Literal["jensen-shannon", "infonce"], Setting("of what two codes have in common")
        ] = "jensen-shannon",
        known: Annotated[float, Setting("weight of what both codes know of a view", low=0)] = 1.0,
        view: Annotated[
            float, Setting("weight of what two pose codes share", low=0, search=("log", 0.5, 50))
        ] = 5.0,
        disentangle: Annotated[
            float,
            Setting(
                "weight of what pose and view codes know of each other",
                low=0,
                search=("log", 0.05, 50),
            ),
        ] = 0.5,
        prior: Annotated[float, Setting("weight of the uniform prior", low=0)] = 1.0,
        lr: Annotated[
            float, Setting("learning rate of all players", above=0, search=("log", 1e-4, 1e-2))
        ] = 1e-3,
    ):
        super().__init__()
        self.encoder = encoder
        self.whole_encoder = whole_encoder
        self.view_of_pose = ConditionalGaussian(latents)
        self.view_of_view = ConditionalGaussian(latents)
        self.critic = nn.Sequential(
            nn.Linear(2 * latents, 64),
            nn.ReLU(),
            nn.Linear(64, 32),
            nn.ReLU(),
            nn.Linear(32, 1),
            nn.Flatten(0),
        )
        self.latents = latents
        self.bound = BOUNDS[bound]
        self.known = known
        self.view = view
        self.disentangle = disentangle
        self.prior = prior
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {
            "encoder": {"outputs": 2 * known["latents"]},
            "whole_encoder": {"outputs": known["latents"]},
        }

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"views"})

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        return {
            "pose": Block(slice(0, self.latents), kind="point"),
            "view": Block(slice(self.latents, 2 * self.latents), kind="point"),
        }

    def players(self) -> dict[str, Player]:
        return {
            "model": Player((self.encoder, self.whole_encoder), self.lr),
            "estimators": Player((self.view_of_pose, self.view_of_view), self.lr),
            "critic": Player(self.critic, self.lr),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        assert batch.y is not None  # of every batch of views
        x = batch.x[first(batch.y[:, 0])]  # (n, 2, ...), n different things
        if len(x) < 2:
            raise ValueError(
                "a batch has views of one thing only: make it larger, or give views of more things"
            )
        both = x.transpose(0, 1).flatten(0, 1)  # (2 n, ...): all first views, then all second ones
        codes = self.encoder(both).float()  # (2 n, 2 * latents)
        whole = self.whole_encoder(both).float()  # (2 n, latents)
        pose, view = codes.chunk(2, 1)  # (2 n, latents) each
        informed = self._informed(pose, view, whole)
        apart = self._apart(pose, view)
        spread = self._spread(codes.sigmoid())
        yield informed + apart + spread

    def _informed(self, pose: Tensor, view: Tensor, whole: Tensor) -> Losses:
        """What the codes know of their view, and what pose codes of two views share."""
        known = torch.zeros_like(pose[0, 0])
        joined = (pose + view) / 2
        for h, f in zip(whole.chunk(2), joined.chunk(2), strict=True):  # (n, latents), by view
            known = known + self.bound(products(h, f))
        shared = self.bound(products(*pose.chunk(2)))
        loss = -self.known * known - 2 * self.view * shared
        return Losses({"model": loss}, {"known": known, "shared": shared}, UNITS)

    def _apart(self, pose: Tensor, view: Tensor) -> Losses:
        """What a view code knows of the pose, and of the view code of the other view."""
        a, b = view.chunk(2)  # (n, latents) each
        of_pose = [self.view_of_pose(p, v) for p, v in zip(pose.chunk(2), (a, b), strict=True)]
        log_q = [*of_pose, self.view_of_view(a, b)]  # (n, n) each
        weight = pose.new_tensor([1.0, 1.0, 2.0])
        found = torch.stack([club(of) for of in log_q])  # (3,)
        # the estimators learn by maximum likelihood, from the pairs that belong together
        of_pairs = torch.stack([of.diagonal().mean() for of in log_q])  # (3,)
        clipped = (found < 0).float().mean()
        losses = {
            "model": self.disentangle * (weight * found.clamp_min(0)).sum(),
            "estimators": -(weight * of_pairs).sum(),
        }
        terms = {"club": found.mean(), "clipped": clipped, "log q": of_pairs.mean()}
        return Losses(losses, terms, UNITS)

    def _spread(self, made: Tensor) -> Losses:
        """The critic of codes (2 n, 2 * latents) in (0, 1) against uniform samples."""
        fooled = F.softplus(-self.critic(made)).mean()
        # the critic's cross-entropy, with a penalty on its gradient at samples and codes
        uniform = torch.rand_like(made).requires_grad_()
        codes = made.detach().requires_grad_()
        of_uniform = self.critic(uniform)  # (2 n,)
        of_codes = self.critic(codes)
        critic = 0.5 * (F.softplus(-of_uniform) + F.softplus(of_codes)).mean()
        slope = squared_slope(of_uniform, uniform) + squared_slope(of_codes, codes)
        losses = {"model": 2 * self.prior * fooled, "critic": critic + 0.5 * slope}
        return Losses(losses, {"fooled": fooled, "critic": critic, "slope": slope}, UNITS)

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.encoder(x).float(), blocks=self.blocks)


@in_float32
def products(a: Tensor, b: Tensor) -> Tensor:
    """The critic's scores (n, n) of codes (n, D) and (n, D): their inner products."""
    return a @ b.T


def squared_slope(logits: Tensor, points: Tensor) -> Tensor:
    """Mean squared length of the gradient of logits (n,) at points (n, D)."""
    (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return gradient.float().square().sum(1).mean()
