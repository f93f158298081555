"""Base class of supervision by few labels: weight, schedule, assignment of labels to columns.

Factor k is learned by column k of the mean. A label that is missing (NaN) is left out: each
factor's loss is the mean over the images that have it, and the loss of a batch is the sum over
factors; nats per image.

disentanglement_lib sums xent and l2 over the batch too: its gamma_sup of those is 1/64 of the
weight here, at its batch of 64. Its cov, embed and mine are means over the batch as they are here,
so that its gamma_sup is the weight. l2, cov and mine take labels in another unit there (see the
departures of each), which no constant factor converts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from torch import Tensor

from unweave.maths import schedule as schedules
from unweave.maths.label_scale import centre_and_deviation
from unweave.methods.base import Part
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior

Weight = Annotated[
    float, Setting("nats of loss per nat of the labels'", low=0, search=("log", 1, 1000))
]
Schedule = Annotated[
    schedules.Schedule, Setting("of the weight: at once, linearly, or only after the steps")
]
Steps = Annotated[int, Setting("steps of the schedule", low=0)]


class Supervision(Part):
    """A loss of means (B, D) and labels (B, K), with weight and schedule.

    Labels are indices from 0, NaN where missing.

    A subclass inherits these settings with the constructor; one with more settings repeats them in
    its own signature, which the command line reads. unit: of the loss. factor_sizes: values of each
    factor, filled in. ValueError if the data have no factors, or more than latents, or if a
    schedule has no steps or steps have no schedule.
    """

    unit = NATS

    def __init__(
        self,
        factor_sizes: tuple[int, ...],
        latents: int,
        *,
        weight: Weight = 64.0,
        schedule: Schedule = "fixed",
        schedule_steps: Steps = 0,
    ):
        super().__init__()
        if not factor_sizes:
            raise ValueError(
                "these data have no factors to learn from labels; "
                "give factors.csv, or no supervision"
            )
        if len(factor_sizes) > latents:
            raise ValueError(
                f"{len(factor_sizes)} factors need as many latents or more; there are {latents}"
            )
        if schedule == "fixed" and schedule_steps:
            raise ValueError(
                f"schedule_steps is {schedule_steps}, but a fixed schedule has no steps: "
                "choose ramp"
            )
        if schedule != "fixed" and not schedule_steps:
            raise ValueError(
                f"schedule {schedule} has no steps: give schedule_steps, or choose fixed"
            )
        self.factors = len(factor_sizes)
        self.latents = latents
        self.weight = weight
        self.schedule = schedule
        self.schedule_steps = schedule_steps
        sizes = torch.tensor(factor_sizes, dtype=torch.float32).clamp(min=1)
        self.register_buffer("sizes", sizes, persistent=False)
        self.sizes: Tensor
        self.make_learned(factor_sizes)

    def make_learned(self, factor_sizes: tuple[int, ...]) -> None:
        """Make the parameters of this part, if any; called at the end of the constructor."""

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """No arguments. ValueError if no factor is an index: there are no labels to learn from."""
        names = known.get("factor_names", ())
        sizes = known.get("factor_sizes", ())
        if names and not any(sizes):
            raise ValueError(
                f"factor {names[0]!r} is a number and no index from 0, and so is every other one: "
                "supervision by labels needs a factor of few different values (bins, say)"
            )
        return super().part_arguments(known)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"labels"})

    def strength(self, step: int) -> float:
        """The weight at this step."""
        return self.weight * schedules.scheduled(step, self.schedule, self.schedule_steps)

    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        """The loss of means (B, D) and labels (B, K), scalar, unweighted."""
        raise NotImplementedError

    def forward(self, q: Posterior, v: Tensor, step: int) -> Losses:
        loss = self.loss(q.mean, v)
        return Losses({"model": self.strength(step) * loss}, {"supervised": loss}, self.unit)

    def standardised(self, v: Tensor) -> Tensor:
        """Labels (B, K) with mean 0 and variance 1, if a factor's values are equally frequent."""
        centre, deviation = centre_and_deviation(self.sizes)
        return (v - centre) / deviation


def mean_known(each: Tensor, v: Tensor) -> Tensor:
    """Sum over factors of the mean over the images whose label is known, a scalar.

    each: a value of each label, (B, K). v: labels (B, K), NaN where missing. A factor without
    labels gives 0.
    """
    known = ~v.isnan()
    total = torch.where(known, each, 0.0).sum(0)  # (B, K) -> (K,)
    return (total / known.sum(0).clamp(min=1)).sum()
