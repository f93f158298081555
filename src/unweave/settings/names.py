"""Names as people type them: the nearest one that is known, and the full name of a short one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not known: the one meant, if one is close, else all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"


def full_name(name: str, known: Iterable[str], thing: str, spelled: Callable[[str], str] = str) -> str:
    """The dotted name meant by a whole name, or by its last words where only one name ends in them.

    thing: what the names are of, for the message. spelled: how a name is shown. ValueError with the nearest name, or
    with all that are meant.
    """
    known = list(known)
    if name in known:
        return name
    meant = [key for key in known if key.endswith(f".{name}")]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(f"{spelled(name)!r} could be {' or '.join(map(spelled, meant))}: give the whole name")
    short = {key.rpartition(".")[2] for key in known}
    near = nearest(spelled(name), map(spelled, {*known, *short}))
    raise ValueError(f"there is no {thing} {spelled(name)!r} here; {near}")
