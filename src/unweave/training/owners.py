"""Checks of the players of a method: that they are players, and that every parameter has an owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from unweave.methods.base import Method, Player


def players_of(method: Method) -> dict[str, Player]:
    """The players of a method. ValueError for anything but a dictionary of them."""
    players: Any = method.players()
    owner = f"{type(method).__name__}.players()"
    if not isinstance(players, dict):
        raise ValueError(
            f"{owner} gives a {type(players).__name__}; expected a dictionary {{name: Player}}"
        )
    for name, player in players.items():
        if not isinstance(player, Player):
            raise ValueError(
                f"{owner} gives a {type(player).__name__} for {name!r}; expected a Player"
            )
    return players


def check_owners(method: nn.Module, weights: Mapping[str, list[nn.Parameter]]) -> None:
    """ValueError for a parameter without a player, or a player's parameter outside of the method."""
    owned = {id(weight) for own in weights.values() for weight in own}
    orphans = [
        name
        for name, weight in method.named_parameters()
        if weight.requires_grad and id(weight) not in owned
    ]
    if orphans:
        raise ValueError(
            f"parameters that no player owns (freeze them or give them to one): {orphans[:5]}"
        )
    inside = {id(weight) for weight in method.parameters()}
    for name, own in weights.items():
        if any(id(weight) not in inside for weight in own):
            raise ValueError(
                f"player {name!r} owns a parameter that is not in the method, which no run would keep"
            )
