"""Lookup of names as typed: the nearest known name, and the full name for a short one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any


class UnknownName(ValueError):
    """A name that means nothing here. name: as it was given."""

    def __init__(self, name: str, message: str):
        super().__init__(message)
        self.name = name


def nearest(name: str, known: Iterable[str], spelled: Callable[[str], str] = str) -> str:
    """The end of an error message on an unknown name: a close known name, or else all of them.

    spelled: how a known name is shown.
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    if close:
        return f"did you mean {spelled(close[0])!r}?"
    return f"there are: {', '.join(map(spelled, known)) or 'none'}"


def as_option(name: str, value: Any = None) -> str:
    """An option with its value, as it is typed on the command line and as in Python, for a message.

    value: None of a switch; text in capitals stands for the user's own.

    >>> as_option("calibrate"), as_option("skip_bad", True)
    ('--calibrate (calibrate=True)', '--skip-bad true (skip_bad=True)')
    >>> as_option("root", "FOLDER"), as_option("layout", "hwc")
    ('--root FOLDER (root=FOLDER)', "--layout hwc (layout='hwc')")
    """
    typed = f"--{name.replace('_', '-')}"
    if value is None:
        return f"{typed} ({name}=True)"
    text = str(value)
    if isinstance(value, bool):
        text = text.lower()
    written = repr(value)
    if text.isupper():
        written = text
    return f"{typed} {text} ({name}={written})"


def full_name(
    name: str, known: Iterable[str], thing: str, spelled: Callable[[str], str] = str
) -> str:
    """The full dotted name for a full name, or for its last words if only one name ends in them.

    thing: what the names are of, for the message. spelled: how a name is shown. ValueError with all
    names that end in these words; UnknownName with the nearest name, in the same group if there is
    one ("regulariser.").
    """
    known = list(known)
    if name in known:
        return name
    meant = [key for key in known if key.endswith(f".{name}")]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(
            f"{spelled(name)!r} could be {' or '.join(map(spelled, meant))}: give the whole name"
        )
    group, dot, word = name.rpartition(".")
    beside = [key.rpartition(".")[2] for key in known if key.rpartition(".")[0] == group]
    if dot and beside:
        near = nearest(word, beside, lambda other: spelled(f"{group}.{other}"))
    else:
        short = {key.rpartition(".")[2] for key in known}
        near = nearest(name, {*known, *short}, spelled)
    raise UnknownName(name, f"there is no {thing} {spelled(name)!r} here; {near}")
