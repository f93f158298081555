"""Checks of the players of a method, and that every parameter has one owner in each turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from unweave.methods.base import Method, Part, Player
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
    made = type(method).__name__
    owned = {id(weight) for own in weights.values() for weight in own}
    trained = {name: weight for name, weight in method.named_parameters() if weight.requires_grad}
    orphans = [name for name, weight in trained.items() if id(weight) not in owned]
    if orphans:
        more = f" and {len(orphans) - 5} more" if len(orphans) > 5 else ""
        raise ValueError(
            f"{made}: no player owns {', '.join(map(repr, orphans[:5]))}{more}: "
            f"in {made}.players() {_way_out(method, orphans)}"
        )
    inside = {id(weight) for weight in method.parameters()}
    for name, own in weights.items():
        outside = [weight for weight in own if id(weight) not in inside]
        if outside:
            raise ValueError(
                f"{made}: player {name!r} owns a parameter that is not in the method, which no run "
                f"would keep, of shape {tuple(outside[0].shape)}: "
                f"make its module an attribute in {made}.__init__"
            )


def _way_out(method: nn.Module, orphans: Sequence[str]) -> str:
    """What to write in `players` for parameters that nobody owns."""
    attributes = list(dict.fromkeys(name.partition(".")[0] for name in orphans))
    for name in attributes:
        part = getattr(method, name)
        if isinstance(part, Part) and part.players():
            return f"add **self.{name}.players(), the players of that part"
    modules = [f"self.{name} ({type(getattr(method, name)).__name__})" for name in attributes[:5]]
    return (
        f"give {', '.join(modules)} to a Player, such as Player((..., self.{attributes[0]})), "
        "or freeze it by requires_grad_(False)"
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
    owners: dict[int, str] = {}
    named = {id(weight): name for name, weight in method.named_parameters()}
    for name in names:
        for weight in weights[name]:
            if id(weight) in owners:
                raise ValueError(
                    f"step {step}: {type(method).__name__}.losses moves {owners[id(weight)]!r} and "
                    f"{name!r} in one turn, which own a parameter together, {named[id(weight)]!r}; "
                    "yield a turn for each, or own different ones"
                )
            owners[id(weight)] = name
