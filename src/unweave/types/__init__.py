"""Types of all layers: batches, posteriors, losses, facts of the data; and the letters of shapes.

| letter | meaning | shape |
|---|---|---|
| x | image in [0, 1] | (B, C, H, W), or (B, M, C, H, W) for groups of M images |
| v | ground-truth factors | (B, K) |
| y | class labels | (B,) |
| z | sample of a code | (B, D) |
| mean, log_var | of the posterior q(z given x) | (B, D) |
| c | the codes in a generator's input (InfoGAN) | (B, D) |

B batch, D latents, K factors, C channels, N size of the data, M minibatch or members of a group, S
samples. Losses are in nats per image (sum over pixels and latents, mean over the batch), but where
a method states another `loss_unit`. Logged terms have units of their own.
"""

from __future__ import annotations

from unweave.types.batch import Batch as Batch
from unweave.types.batch import DataInfo as DataInfo
from unweave.types.batch import to_unit as to_unit
from unweave.types.losses import NATS as NATS
from unweave.types.losses import Losses as Losses
from unweave.types.posterior import Posterior as Posterior
