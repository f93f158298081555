"""alpha * I(x; z) + beta * TC(z) + gamma * dimension-wise KL: beta-TCVAE.

Chen et al. (2018), eq. 4.

Computed as analytic KL + (alpha - 1) I + (beta - 1) TC + (gamma - 1) dimension-wise KL, so that
alpha = beta = gamma = b is exactly b * KL, and the defaults need an estimate of the total
correlation only. Where groups share columns (poolings product and mean), all terms are those of one
image, with shared columns counted once for a group.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from unweave.maths.information import Estimator, carried, chain
from unweave.methods.base import Part
from unweave.methods.regularisers.sharing import shares
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior

Weight = Annotated[
    float, Setting("nats of loss per nat of the term", low=0, search=(1, 2, 4, 6, 8, 10))
]


class TotalCorrelation(Part):
    """The three terms of the KL, each with its own weight, estimated from the minibatch.

    n: images in the data, filled in. alpha, beta, gamma: weights of mutual information, total
    correlation and dimension-wise KL. estimator: "weighted" (the paper's experiments) or
    "stratified".

    Logged: "mutual information" and "dimension kl" as the paper estimates them; "total correlation"
    as disentanglement_lib does, without the weighted estimator's constant
    (`maths.information.carried`), so that with that estimator the three add up to the KL less the
    constant. The weighted "total correlation" may be below 0, and the weighted "mutual
    information", about log(n M), above the KL.

    Use large batches: M images carry at most log M nats about q(z), so where I(x; z) is more, the
    estimate of TC is low and blind to rotations of the latents. Images of 7 nats in batches of 64
    had an estimate of -.05 nats where TC was 1.37, and MIG of .2; in batches of 256 MIG of .5
    (recipe `beta-tcvae`).

    **Departures** from disentanglement_lib: it has one weight, and the weighted estimator only.
    From the authors' code: its stratified weights give one of the other images of a row the
    remainder to 1, and 1/M to the rest; here all others have equal weights, the mean over the
    choice of that one.
    """

    stochastic = True

    def __init__(
        self,
        n: int,
        *,
        alpha: Weight = 1.0,
        beta: Weight = 4.0,
        gamma: Weight = 1.0,
        estimator: Annotated[
            Estimator, Setting("weights of the minibatch's images in q(z)")
        ] = "weighted",
    ):
        super().__init__()
        self.n = n
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.estimator = estimator

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        assert q.log_var is not None  # stochastic: the VAE has checked
        # the rows of different images: (B, D) -> (M, D)
        z = z[rows]
        mean = q.mean[rows]
        log_var = q.log_var[rows]
        share = shares(q, rows)
        index = None if q.index is None else q.index[rows]
        # the minibatch's estimates of the three terms, scalars
        terms = chain(
            z, mean, log_var, n=self.n, estimator=self.estimator, index=index, share=share
        )
        constant = carried(*z.shape, n=self.n, estimator=self.estimator, share=share)
        # the analytic KL has each term once: what is estimated is the rest of its weight
        weights = (self.alpha, self.beta, self.gamma)
        if self.alpha == self.beta == self.gamma:
            loss = self.beta * kl
        else:
            extra = zip(weights, terms, strict=True)
            loss = kl + sum((weight - 1) * term for weight, term in extra if weight != 1)
        logged = {
            "kl": kl,
            "mutual information": terms.mutual_information,
            "total correlation": terms.total_correlation,
            "dimension kl": terms.dimension_kl - constant,
        }
        return Losses({"model": loss}, logged, NATS)
