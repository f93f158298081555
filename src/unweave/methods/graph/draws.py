"""Ancestral sampling of the variables of a graph: each given its parents, or set to its label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from unweave.methods.graph.conditional import Conditional
from unweave.methods.graph.variables import Label


@dataclass(frozen=True)
class Draws:
    """S draws of the variables of B images, each with E alternatives that are summed over.

    values: {variable: (S, E, B, columns)}. log_q: of all variables, (S, E, B). log_w: of those that
    are labelled or summed over, (S, E, B); -inf where an alternative contradicts a label.
    """

    values: Mapping[str, Tensor]
    log_q: Tensor
    log_w: Tensor

    @classmethod
    def none(cls, samples: int, features: Tensor) -> Draws:
        """No variable yet, one alternative. features: of the images, (B, F)."""
        dtype = torch.promote_types(features.dtype, torch.float32)
        zero = features.new_zeros(samples, 1, len(features), dtype=dtype)
        return cls({}, zero, zero)

    def repeated(self, times: int) -> Draws:
        """Every alternative `times` times, side by side."""
        values = {name: value.repeat_interleave(times, 1) for name, value in self.values.items()}
        log_q = self.log_q.repeat_interleave(times, 1)  # (S, E * times, B)
        log_w = self.log_w.repeat_interleave(times, 1)
        return Draws(values, log_q, log_w)

    def drawn(
        self, q: Conditional, parameters: Tensor, label: Label | None, temperature: float
    ) -> Draws:
        """With one more variable: its label where that is known, else one draw.

        parameters: of q, (S, E, B, outputs).
        """
        if label is None:
            value = q.draw(parameters, temperature)
            return self._with(q, value, q.log_prob(parameters, value), torch.zeros_like(self.log_w))
        value = label.value.expand(*parameters.shape[:-1], -1)  # (B, columns) -> (S, E, B, columns)
        if not label.known.all():
            value = torch.where(label.known[:, None], value, q.draw(parameters, temperature))
        log_q = q.log_prob(parameters, value)  # (S, E, B)
        return self._with(q, value, log_q, torch.where(label.known, log_q, 0.0))

    def summed(self, q: Conditional, parameters: Tensor, label: Label | None) -> Draws:
        """With one more variable, of K categories: the alternatives are K for each one so far.

        parameters: of q, (S, E, B, K), of draws that are `repeated` K times.
        """
        categories = parameters.shape[-1]
        # alternative e has category e modulo K, as its earlier variables are repeated K times
        each = torch.eye(categories, device=parameters.device, dtype=parameters.dtype)
        value = each.repeat(parameters.shape[1] // categories, 1)[:, None].expand_as(parameters)
        log_q = q.log_prob(parameters, value)  # (S, E, B)
        log_w = log_q
        if label is not None:
            contradicted = label.known & ((value * label.value).sum(-1) == 0)
            log_w = log_q.masked_fill(contradicted, -torch.inf)
        return self._with(q, value, log_q, log_w)

    def _with(self, q: Conditional, value: Tensor, log_q: Tensor, log_w: Tensor) -> Draws:
        values = {**self.values, q.variable.name: value}
        return Draws(values, self.log_q + log_q, self.log_w + log_w)
