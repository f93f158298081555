"""Losses of one turn of a method, with the terms that are logged and their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from unweave.text import kind

NATS = "nats per image"


@dataclass(frozen=True)
class Losses:
    """The losses of one turn and the terms to log. Losses of several parts can be added.

    of: {player: scalar tensor to minimise}, in the `loss_unit` of the method.
    terms: {term: scalar tensor for the log}.
    units: of the terms, {term: unit} or one for all: `NATS`, "share", ...; a term may have none.
    """

    of: dict[str, Tensor]
    terms: dict[str, Tensor] = field(default_factory=dict)
    units: Mapping[str, str] | str = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (isinstance(self.of, dict) and isinstance(self.terms, dict)):
            name, expected = ("terms", "{term: scalar}")
            if not isinstance(self.of, dict):
                name, expected = ("of", "{player: loss}")
            raise ValueError(f"Losses: {name} is {kind(getattr(self, name))}; expected {expected}")
        if not isinstance(self.units, (str, dict, Mapping)):
            raise ValueError(
                f"Losses: units are {kind(self.units)}; expected a text or {{term: unit}}"
            )

    def unit(self, term: str) -> str:
        """The unit of a term, "" if it has none."""
        if isinstance(self.units, str):
            return self.units
        return self.units.get(term, "")

    def __add__(self, other: Losses) -> Losses:
        if not isinstance(other, Losses):
            raise ValueError(f"a part gives {kind(other)}; expected Losses(of, terms, units)")
        for player, loss in (*self.of.items(), *other.of.items()):
            if not isinstance(loss, Tensor):  # a float in a sum of tensors would go unseen
                raise ValueError(
                    f"the loss of player {player!r} is {kind(loss)}; "
                    "it has to be a scalar tensor, without item() or float()"
                )
        twice = self.terms.keys() & other.terms.keys()
        if twice:
            raise ValueError(f"two parts log the terms {sorted(twice)}")
        of = self.of | other.of
        for player in self.of.keys() & other.of.keys():
            of[player] = self.of[player] + other.of[player]
        units: dict[str, str] = {}
        for part in (self, other):
            for term in part.terms:
                if part.unit(term):
                    units[term] = part.unit(term)
        return Losses(of, self.terms | other.terms, units)
