"""What a method or a part says of itself, and what it answers, is of the types of the contract; else it is named."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import unweave
from unweave.methods.base import Method, Part, Player
from unweave.types import Losses, Posterior

SMALL: dict[str, Any] = {"steps": 1, "batch_size": 8, "precision": "float32", "holdout": 0.1}


class Line(Method):
    """A linear autoencoder of digits."""

    def __init__(self):
        super().__init__()
        self.down = nn.Linear(64, 4)
        self.up = nn.Linear(4, 64)

    def losses(self, batch, step):
        z = self.down(batch.x.flatten(1))
        yield Losses({"model": (self.up(z) - batch.x.flatten(1)).square().mean()})

    def encode(self, x):
        return Posterior(self.down(x.flatten(1)))

    def decode(self, z):
        return self.up(z).view(-1, 1, 8, 8)

    def sample_prior(self, n):
        return torch.randn(n, 4)


def variant(name: str, **changed: Any) -> type[Line]:
    """The class `Line` with other attributes."""
    return type(name, (Line,), changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"needs": lambda self: frozenset({"images"})},
            r"Odd.needs is a function, without @property; expected a set of words",
        ),
        ({"needs": None}, "Odd.needs is None; expected a set of words"),
        ({"needs": "images"}, "Odd.needs is the word 'images'; expected a set of words"),
        (
            {"blocks": [slice(0, 2)]},
            r"Odd.blocks is \[slice\(0, 2, None\)\]; expected blocks by name",
        ),
        ({"blocks": {"a": 2}}, r"Odd.blocks is \{'a': 2\}; expected blocks by name"),
        ({"labelled_factors": "size"}, "Odd.labelled_factors is the word 'size'; expected a set"),
        ({"loss_unit": 3}, "Odd.loss_unit is an int; expected a text, or one for each player"),
        ({"encodes": "clip"}, "Odd.encodes is 'clip'; did you mean 'clips'?"),
        ({"losses": lambda self, batch: iter(())}, r"Odd.losses is called with \(batch, step\): "),
        ({"check": lambda self: None}, r"Odd.check is called with \(batch\): too many"),
        ({"encode": lambda self, x, y: x}, r"Odd.encode is called with \(x\): missing .* 'y'"),
        ({"players": lambda self: None}, r"Odd.players\(\) gives None; expected a dictionary"),
        (
            {"encode": lambda self, x: (self.down(x.flatten(1)), None)},
            "Odd.encode gives a tuple; expected a Posterior",
        ),
        (
            {"encode": lambda self, x: Posterior(self.down(x.flatten(1))[:3])},
            r"Odd.encode gives a Posterior whose mean is a tensor of shape \(3, 4\) for 512 rows",
        ),
        ({"elbo": lambda self, x: 1.0}, r"Odd.elbo gives a float; expected a tensor, nats \(B,\)"),
        (
            {"elbo": lambda self, x: torch.zeros(())},
            r"Odd.elbo gives a tensor of shape \(\) for \d+ rows; expected nats \(B,\)",
        ),
    ],
)
def test_a_wrong_type_is_named_with_the_class_and_what_is_expected(changed, words, tmp_path):
    with pytest.raises(ValueError, match=words) as error:
        unweave.train(variant("Odd", **changed), "digits", out=tmp_path, **SMALL)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "use", "words"),
    [
        ({"decode": lambda self, z: None}, "decode", "Odd.decode gives None; expected a tensor"),
        (
            {"decode": lambda self, z: self.up(z)[0]},
            "decode",
            r"Odd.decode gives a tensor of shape \(64,\) for 2 rows; expected images",
        ),
        (
            {"sample_prior": lambda self, n: np.zeros((n, 4))},
            "sample",
            r"Odd.sample_prior gives a ndarray; expected a tensor, codes \(n, D\)",
        ),
    ],
)
def test_so_is_what_a_run_is_answered(changed, use, words, tmp_path):
    run = unweave.train(variant("Odd", **changed), "digits", out=tmp_path, **SMALL)
    uses = {"decode": lambda: run.decode(np.zeros((2, 4))), "sample": lambda: run.sample(3)}
    with pytest.raises(ValueError, match=words):
        uses[use]()


class Wired(Line):
    """A line after an encoder of its own."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (classmethod(lambda cls, known: None), "Odd.part_arguments gives None; expected keywords"),
        (
            classmethod(lambda cls, known: {"encoder": 4}),
            "Odd.part_arguments gives an int for 'encoder'; expected keywords of parts",
        ),
        (
            classmethod(lambda cls, known: {"encodr": {"outputs": 4}}),
            "Odd.part_arguments names 'encodr', which is no part of Odd; did you mean 'encoder'?",
        ),
        (lambda self, known: {}, "Odd.part_arguments is no class method: add @classmethod"),
    ],
)
def test_what_part_arguments_give_is_keywords_by_part(arguments, words, tmp_path):
    made = type("Odd", (Wired,), {"part_arguments": arguments})
    with pytest.raises(ValueError, match=words):
        unweave.train(made, "digits", out=tmp_path, **SMALL)


class Penalty(Part):
    """A regulariser."""

    def forward(self, q, z, step, rows):
        return Losses({"model": q.kl().sum(1).mean()})


class Listed(Penalty):
    def players(self):
        return [1]


class Numbered(Penalty):
    def players(self):
        return {"x": 3}


class Word(Penalty):
    needs = "groups"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Listed, r"Listed.players\(\) gives a list; expected a dictionary"),
        (Numbered, r"Numbered.players\(\) gives an int for 'x'; expected a Player"),
        (Word, "Word.needs is the word 'groups'; expected a set of words"),
    ],
)
@pytest.mark.parametrize("method", ["vae", "m2"])
def test_so_is_what_a_part_says(method, part, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        unweave.train(method, "digits", regulariser=part, encoder="mlp", out=tmp_path, **SMALL)


LINE = nn.Linear(1, 1)
OWNER = Player(LINE)
TURN = Losses({})


@pytest.mark.parametrize(
    ("made", "field", "value", "words"),
    [
        (OWNER, "owns", [LINE], "a Player owns a list; expected a module, a parameter, or a tuple"),
        (OWNER, "owns", LINE.parameters(), "a Player owns a generator; expected a module"),
        (OWNER, "owns", (LINE, 3), "a Player owns an int; expected a module"),
        (OWNER, "lr", "fast", "lr of a Player is a str; expected a number or a function"),
        (OWNER, "optimiser", 3, "optimiser of a Player is an int; expected a function or a class"),
        (TURN, "of", torch.zeros(()), "Losses: of is a Tensor; expected {player: loss}"),
        (TURN, "terms", [1], "Losses: terms is a list; expected {term: scalar}"),
        (TURN, "units", 3, "Losses: units are an int; expected a text or {term: unit}"),
    ],
)
def test_players_and_losses_are_made_of_what_they_hold(made, field, value, words):
    changed = copy.copy(made)
    object.__setattr__(changed, field, value)  # past the type checks of the tests
    with pytest.raises(ValueError, match=words):
        changed.__post_init__()
