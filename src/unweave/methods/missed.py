"""Keywords of a method or part that nothing gives a value: what each may have been meant as."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable
from typing import Any, Literal, Union, get_args, get_origin

from torch import nn

from unweave.methods import PARTS
from unweave.settings import Keyword, nearest
from unweave.settings.signature import PLAIN


def is_missed(kind: Any) -> bool:
    """Whether a keyword of this type, with a default, should be a setting or a part.

    It takes a number, a truth, a text, or a module: a default that nothing could change.
    """
    return _is_plain(kind) or _is_module(kind)


def not_given(made: str, word: Keyword, place: str, facts: Iterable[str]) -> str:
    """The message for a keyword of the class `made` that has no value.

    place: of a part, "encoder of VAE"; "" of a method. facts: names that are filled in.
    """
    if _is_module(word.type):
        last = word.name.rpartition("_")[2]
        return (
            f"{made} takes {word.name!r}, a module whose name ends in no kind of part; "
            f"{nearest(last, PARTS)}"
        )
    setting = f"annotate it with Setting(...) in {made} to make it a setting"
    near = difflib.get_close_matches(word.name, (*PARTS, *facts), 1, 0.75)
    if near:
        setting += f"; or did you mean {near[0]!r}, which is filled in?"
    if place:
        return (
            f"{made}, the {place}, takes {word.name!r}, which part_arguments there does not give; "
            f"give it there, or {setting}"
        )
    why = "which nothing could change"
    if word.required:
        why = "which is not given"
    return f"{made} takes {word.name!r}, {why}: {setting}"


def _is_plain(kind: Any) -> bool:
    """Whether it is a number, a truth or a text, one of some values, or nothing beside these."""
    if get_origin(kind) in (Union, types.UnionType):
        return all(member is types.NoneType or _is_plain(member) for member in get_args(kind))
    return kind in PLAIN or get_origin(kind) is Literal


def _is_module(kind: Any) -> bool:
    """Whether it is a class of modules, or nothing beside one."""
    members = [member for member in (get_args(kind) or (kind,)) if member is not types.NoneType]
    return bool(members) and all(
        isinstance(member, type) and issubclass(member, nn.Module) for member in members
    )
