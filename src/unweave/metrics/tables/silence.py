"""Which latents of a stochastic code say anything: one threshold for every metric, the log and the report.

Standardised, a latent whose means vary by a thousandth of its posteriors' deviation looks like any other, and the images
can be read from it, though not from any sample of it. Its KL tells. Without log_var nothing tells a latent that says nothing
from one of small numbers, so every latent that varies counts.
"""

from __future__ import annotations

import numpy as np

ACTIVE = 0.05  # nats of mean KL to N(0, 1); traversals of latents of .01 to .02 nats were seen to change no pixel
VARIANCE = 0.01  # of a latent's means, where that is asked for instead (Burda et al., 2016, section 5.2)


def mean_kl(mean: np.ndarray, log_var: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean KL of each latent's posteriors to N(0, 1), (D,), in nats; vector latents (N, D, d) sum over d.

    The one closed form of it on arrays. On tensors it is `types.Posterior.kl`, which metrics, without torch, cannot call.

    >>> print(mean_kl(np.array([[1.0, 0.0]]), np.zeros((1, 2))))
    [0.5 0. ]
    """
    with np.errstate(over="ignore"):  # infinite is above any threshold
        kl = 0.5 * (mean.astype(np.float64) ** 2 + np.exp(log_var) - log_var - 1)
    w = np.ones(len(kl)) if weights is None else weights
    return w @ kl.sum(tuple(range(2, kl.ndim))) / w.sum()


def all_silent(kl: np.ndarray) -> str:
    """What to say of a code none of whose latents (D,) is active."""
    return f"the code says nothing: no latent has a KL above {ACTIVE} nats, all together {kl.sum():.2g}"


def some_silent(latents: list[int]) -> str:
    """What to say of the latents that are not active."""
    return f"latents {', '.join(map(str, latents))} say nothing (KL up to {ACTIVE} nats) and are left out"
