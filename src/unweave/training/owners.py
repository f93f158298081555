"""Checks of the players of a method, and that every parameter has one owner in each turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from unweave.methods.base import Method, Player
from unweave.settings import nearest


def weights_of(method: Method, players: Mapping[str, Player]) -> dict[str, list[nn.Parameter]]:
    """{player: its parameters}. ValueError for a player without one that requires a gradient."""
    weights = {name: player.weights() for name, player in players.items()}
    idle = [name for name, own in weights.items() if not own]
    if idle:
        raise ValueError(
            f"{type(method).__name__}: player {idle[0]!r} owns no parameter that requires a "
            "gradient; name one in owns, or leave the player out"
        )
    return weights


def check_owners(method: nn.Module, weights: Mapping[str, list[nn.Parameter]]) -> None:
    """ValueError for a parameter without a player, or a player's that is not in the method."""
    owned = {id(weight) for own in weights.values() for weight in own}
    trained = {name: weight for name, weight in method.named_parameters() if weight.requires_grad}
    orphans = [name for name, weight in trained.items() if id(weight) not in owned]
    if orphans:
        raise ValueError(
            f"parameters that no player owns (freeze them or give them to one): {orphans[:5]}"
        )
    inside = {id(weight) for weight in method.parameters()}
    for name, own in weights.items():
        if any(id(weight) not in inside for weight in own):
            raise ValueError(
                f"player {name!r} owns a parameter that is not in the method, "
                "which no run would keep"
            )


def check_turn(
    method: Method, names: Sequence[str], weights: Mapping[str, list[nn.Parameter]], step: int
) -> None:
    """ValueError if a player of a turn is unknown, or if two of them own a parameter together."""
    unknown = [name for name in names if name not in weights]
    if unknown:
        raise ValueError(
            f"step {step}: {type(method).__name__}.losses moves {unknown[0]!r}, "
            f"which players() does not name; {nearest(unknown[0], weights)}"
        )
    owned = [id(weight) for name in names for weight in weights[name]]
    if len(owned) != len(set(owned)):
        raise ValueError(f"the players {names} of one turn own a parameter together")
