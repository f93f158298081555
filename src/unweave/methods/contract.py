"""Check of what a method or a part says of itself, so that a wrong type is named before it is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from torch import nn

from unweave.blocks import Block
from unweave.methods.base import Method, Part
from unweave.settings import nearest
from unweave.settings.typed import shown
from unweave.text import kind

WORDS = "a set of words, such as frozenset({'images'})"
BLOCKS = "blocks by name, such as {'content': slice(0, 8)}"
UNIT = "a text, or one for each player, such as {'critic': 'nats per image'}"
ENCODES = ("images", "clips")
# functions of a method, and what they are called with
CALLED = {
    "players": (),
    "check": ("batch",),
    "losses": ("batch", "step"),
    "encode": ("x",),
    "decode": ("z",),
    "sample_prior": ("n",),
    "elbo": ("x",),
    "class_codes": ("y",),
}


def refuse_unfit(made: nn.Module) -> None:
    """ValueError, with the class and what is expected, for what does not fit `methods.base`.

    That is an attribute of a wrong type, or a function of other arguments. made: a method or a
    part; other modules are not looked at.
    """
    name = type(made).__name__
    if isinstance(made, Method | Part):
        _refuse(name, made, "needs", _is_words, WORDS)
        _refuse(name, made, "blocks", _is_blocks, BLOCKS)
    if not isinstance(made, Method):
        return
    _refuse(name, made, "labelled_factors", _is_words, "a set of names of factors")
    _refuse(name, made, "loss_unit", _is_unit, UNIT)
    if made.encodes not in ENCODES:
        hint = nearest(str(made.encodes), ENCODES)
        raise ValueError(f"{name}.encodes is {made.encodes!r}; {hint}")
    for function, words in CALLED.items():
        _refuse_uncallable(name, getattr(made, function), function, words)


def refuse_unfit_arguments(made: type[Method | Part], parts: Collection[str], given: Any) -> None:
    """ValueError for what `part_arguments` of a class gives, unless it is keywords by part."""
    name = f"{made.__name__}.part_arguments"
    expected = "expected keywords of parts, such as {'encoder': {'outputs': 10}}"
    if not isinstance(given, Mapping):
        raise ValueError(f"{name} gives {kind(given)}; {expected}")
    for part, words in given.items():
        if not isinstance(words, Mapping):
            raise ValueError(f"{name} gives {kind(words)} for {part!r}; {expected}")
        if part not in parts:
            raise ValueError(
                f"{name} names {part!r}, which is no part of {made.__name__}; "
                f"{nearest(str(part), parts)}"
            )


def _refuse(
    name: str, made: nn.Module, attribute: str, fits: Callable[[Any], bool], expected: str
) -> None:
    """ValueError for an attribute that does not fit."""
    value = getattr(made, attribute)
    if fits(value):
        return
    came = kind(value)
    if isinstance(value, str):
        came = f"the word {value!r}"
    elif isinstance(value, Collection):
        came = shown(value)
    if inspect.ismethod(value):
        came = "a function, without @property"
    raise ValueError(f"{name}.{attribute} is {came}; expected {expected}")


def _refuse_uncallable(name: str, function: Any, called: str, words: tuple[str, ...]) -> None:
    """ValueError for a function that cannot be called with as many arguments."""
    try:
        inspect.signature(function).bind(*words)
    except TypeError as error:
        raise ValueError(f"{name}.{called} is called with ({', '.join(words)}): {error}") from error


def _is_words(value: Any) -> bool:
    plural = isinstance(value, Collection) and not isinstance(value, str)
    return plural and all(isinstance(word, str) for word in value)


def _is_blocks(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(b, slice | Block) for b in value.values())


def _is_unit(value: Any) -> bool:
    return isinstance(value, str | Mapping)
