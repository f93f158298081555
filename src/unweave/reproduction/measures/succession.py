"""In which order, and how far apart, the latents of a run began to say something: the KL of each latent over time."""

from __future__ import annotations

import numpy as np

from unweave.runs.run import Run

LEAST = 0.5  # nats of mean KL: well above what a latent of noise has, well below what a factor of three values needs


def onsets(run: Run, *, least: float = LEAST) -> list[int]:
    """The step since which each latent has a KL above `least` nats, in order; latents that end below it have none.

    As exact as the log: the KL of every latent is recorded each `log_every` steps.
    """
    records = [record for record in run.records() if "kl per latent" in record]
    steps = np.array([record["step"] for record in records])
    above = np.array([record["kl per latent"] for record in records]) > least  # (records, D)
    below = len(above) - np.argmin(above[::-1], axis=0)  # (D,) records up to the last one that is not above
    return sorted(int(steps[0 if above[:, j].all() else below[j]]) for j in np.flatnonzero(above[-1]))


def succession(run: Run, *, least: float = LEAST) -> float:
    """The share of the run between the onset of its first latent and of its last; 0 where all begin together.

    ValueError if no latent ends above `least` nats.
    """
    found = onsets(run, least=least)
    if not found:
        raise ValueError(f"{run.path}: no latent ends above {least} nats, so none began to say something")
    return (found[-1] - found[0]) / run.records()[-1]["step"]


def latents(run: Run, *, least: float = LEAST) -> int:
    """How many latents end above `least` nats."""
    return len(onsets(run, least=least))
