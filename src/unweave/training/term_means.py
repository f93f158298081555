"""Means of the terms of the losses since the log's last record, over the steps that have them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Means:
    """Running means, computed on the device of the terms without waiting for it.

    values: {term: mean so far, a float32 scalar}. counts: {term: number of steps in the mean}.
    """

    def __init__(self) -> None:
        self.values: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, terms: Mapping[str, Tensor]) -> None:
        """Add the terms of a turn to the means. After NaN or infinity a mean stays non-finite."""
        for name, value in terms.items():
            self.counts[name] = self.counts.get(name, 0) + 1
            if self.counts[name] == 1:
                self.values[name] = value.detach().clone().float()
            else:
                before = self.values[name].to(value.device)
                share = 1 / self.counts[name]
                self.values[name] = torch.lerp(before, value.detach().float(), share)

    def clear(self) -> None:
        """Start new means, after a record was written."""
        self.values = {}
        self.counts = {}
