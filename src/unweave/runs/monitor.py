"""Monitor of training: times, and what the log has beside the losses (KL, validation ELBO)."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from unweave.blocks import as_blocks, refuse_unfit
from unweave.data.base import Dataset
from unweave.data.sampling.moving import some_clips
from unweave.methods.answers import bound, encoded
from unweave.methods.base import Method, NotAvailable
from unweave.nets.evaluating import evaluating
from unweave.seeds import fold
from unweave.seeds.generators import seeded
from unweave.training.kl_log import written
from unweave.training.loop import Training
from unweave.types import Posterior, to_unit

PROBED = 512  # images from which the KL of latents and the validation bound are computed
CHECKPOINT_SECONDS = 20.0


class Clock:
    """Seconds of training, and when a checkpoint is due.

    That is after the first step, then twice a second, in the end every 20 s.
    """

    def __init__(self, before: float, step: int):
        self.before = before
        self.start = time.monotonic()
        self.last = self.start
        if not step:
            self.last = -math.inf  # a checkpoint is due: without one a killed run would begin anew
        self.read_at = self.start
        self.read_step = step
        self.shown = self.start

    def seconds(self) -> float:
        """Since the run began, time in which it was stopped left out."""
        return round(self.before + time.monotonic() - self.start, 3)

    def read(self, step: int, batch_size: int) -> dict[str, float]:
        """Seconds so far, and the speed since the last record of the log."""
        speed = (step - self.read_step) * batch_size / max(time.monotonic() - self.read_at, 1e-9)
        return {"seconds": self.seconds(), "images_per_s": round(speed, 1)}

    def recorded(self, step: int) -> None:
        """A record was written: speed is measured from here on."""
        self.read_at = time.monotonic()
        self.read_step = step

    def due(self) -> bool:
        """Whether a kill now would lose more than it should."""
        now = time.monotonic()
        return now - self.last >= min(CHECKPOINT_SECONDS, max(0.5, 0.2 * (now - self.start)))

    def kept(self) -> None:
        """A checkpoint was written."""
        self.last = time.monotonic()

    def second_passed(self) -> bool:
        """Whether a second went by since this was last true: time to show where the run is."""
        now = time.monotonic()
        if now - self.shown < 1:
            return False
        self.shown = now
        return True


class Look:
    """KL of each latent, active latents, and the bound on held-out images, for the log."""

    def __init__(self, training: Training, source: Dataset, held: Dataset | None):
        self.training = training
        self.seen = self._images(source)
        self.held = None if held is None else self._images(held)

    def _images(self, source: Dataset) -> torch.Tensor:
        if self.training.method.encodes == "clips":
            length = self.training.stream(0).x.shape[1]
            rows = some_clips(source, PROBED // length or 1, length)  # (clips, frames)
            clips = torch.from_numpy(source.take(rows.ravel())).to(self.training.device)
            return to_unit(clips.unflatten(0, rows.shape))
        rows = np.unique(np.linspace(0, len(source) - 1, PROBED).astype(np.int64))
        return to_unit(torch.from_numpy(source.take(rows)).to(self.training.device))

    def at_step(self) -> dict[str, Any]:
        """These values for the record of a step.

        Seeded by the step, so that they change nothing in training and repeat after a resume.
        """
        method = self.training.method
        found: dict[str, Any] = {}
        if method.encode_is_costly:
            return found
        seed = fold(self.training.seed, self.training.step, "look")
        with evaluating(method), torch.no_grad(), seeded(seed, self.training.device):
            try:
                q = _posterior(method, self.seen)
                if q.log_var is not None and not q.blocks:
                    q = replace(q, blocks=method.blocks)
                if q.stochastic:
                    kl = q.kl().flatten(0, -2).mean(0)  # (B, D) or (B, M, D) -> (D,)
                    found |= written(kl.tolist(), as_blocks(method.blocks))
                if self.held is not None:
                    found["validation elbo"] = round(float(bound(method, self.held).mean()), 4)
            except NotAvailable:
                pass
        return found


def _posterior(method: Method, x: torch.Tensor) -> Posterior:
    """What `encode` gives.

    ValueError if it is no posterior, or if the method's blocks do not fit it.
    """
    q = encoded(method, x)
    try:
        refuse_unfit(as_blocks(method.blocks), q.mean.shape[-1])
    except ValueError as error:
        raise ValueError(f"{type(method).__name__}: {error}") from error
    return q
