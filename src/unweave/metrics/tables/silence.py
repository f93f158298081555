"""Active latents of a stochastic code by KL: one threshold for every metric, the log and the
report.

Standardised, a latent whose means vary by a thousandth of its posteriors' deviation looks like any
other, and the images can be predicted from it, though not from any sample of it. Its KL shows that.
Without log_var a latent without information cannot be distinguished from one of small numbers, so
every latent that varies counts.
"""

from __future__ import annotations

import numpy as np

from unweave.metrics.estimators.row_weights import or_ones

# nats of mean KL to N(0, 1); traversals of latents of .01 to .02 nats were seen to change no pixel
ACTIVE = 0.05
# of a latent's means, where that is the criterion instead (Burda et al., 2016, section 5.2)
VARIANCE = 0.01


def mean_kl(mean: np.ndarray, log_var: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean KL of each latent's posteriors to N(0, 1), (D,), in nats; vector latents (N, D, d) sum
    over d.

    The one closed form of it on arrays. On tensors it is `types.Posterior.kl`, which metrics,
    without torch, cannot call.

    >>> print(mean_kl(np.array([[1.0, 0.0]]), np.zeros((1, 2))))
    [0.5 0. ]
    """
    with np.errstate(over="ignore"):  # infinite is above any threshold
        kl = 0.5 * (mean.astype(np.float64) ** 2 + np.exp(log_var) - log_var - 1)
    w = or_ones(weights, len(kl))
    of_latents = kl.sum(tuple(range(2, kl.ndim)))  # (N, D)
    return w @ of_latents / w.sum()


def all_silent(kl: np.ndarray) -> str:
    """The reason why a code is undefined none of whose latents (D,) is active."""
    largest = f"no latent has a KL above {ACTIVE} nats, all together {kl.sum():.2g}"
    return f"the code says nothing: {largest}"


def some_silent(latents: list[int]) -> str:
    """A note on the latents that are not active."""
    silent = f"latents {', '.join(map(str, latents))} say nothing (KL up to {ACTIVE} nats)"
    return f"{silent} and are left out"
