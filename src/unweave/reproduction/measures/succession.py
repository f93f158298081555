"""Onsets of latents: the steps at which the KL of each latent of a run rose above a threshold."""

from __future__ import annotations

import numpy as np

from unweave.runs.run import Run

# nats of mean KL: well above that of a latent of noise, well below that of a factor of three values
LEAST = 0.5


def onsets(run: Run, *, least: float = LEAST) -> list[int]:
    """The steps, sorted, after which the KL of a latent stays above `least` nats.

    Latents that end below it have none. The resolution is that of the log: the KL of every latent
    is recorded each `log_every` steps.
    """
    records = [record for record in run.records() if "kl per latent" in record]
    steps = np.array([record["step"] for record in records])
    above = np.array([record["kl per latent"] for record in records]) > least  # (records, D)
    # (D,): records up to the last one that is not above
    below = len(above) - np.argmin(above[::-1], axis=0)
    below[above.all(axis=0)] = 0
    return sorted(int(steps[below[j]]) for j in np.flatnonzero(above[-1]))


def succession(run: Run, *, least: float = LEAST) -> float:
    """The share of the training steps between the first and the last onset, 0 to 1.

    Raises ValueError if no latent ends above `least` nats.
    """
    found = onsets(run, least=least)
    if not found:
        raise ValueError(
            f"{run.path}: no latent ends above {least} nats, so none began to say something"
        )
    return (found[-1] - found[0]) / run.records()[-1]["step"]


def latents(run: Run, *, least: float = LEAST) -> int:
    """Number of latents that end above `least` nats."""
    return len(onsets(run, least=least))
