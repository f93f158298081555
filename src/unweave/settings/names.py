"""Lookup of names as typed: the nearest known name, and the full name for a short one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message on an unknown name: a close known name, or else all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(known) or 'none'}"


def full_name(
    name: str, known: Iterable[str], thing: str, spelled: Callable[[str], str] = str
) -> str:
    """The full dotted name for a full name, or for its last words if only one name ends in them.

    thing: what the names are of, for the message. spelled: how a name is shown. Raises ValueError
    with the nearest name, or with all names that end in these words.
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
    short = {key.rpartition(".")[2] for key in known}
    near = nearest(spelled(name), map(spelled, {*known, *short}))
    raise ValueError(f"there is no {thing} {spelled(name)!r} here; {near}")
