"""Parser of directed graphs written as text: in `y|x  z|x,y` y has the parent x, z has x and y."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from unweave.settings import nearest

IMAGE = "x"
_WORD = re.compile(r"([^\W\d]\w*)(?:\|([^\W\d]\w*(?:,[^\W\d]\w*)*))?")


@dataclass(frozen=True)
class Graph:
    """parents: {variable: its parents}, every variable after its parents."""

    parents: Mapping[str, tuple[str, ...]]


def recognition_graph(text: str, names: Collection[str]) -> Graph:
    """The graph of q: every one of `names` once, with parents among them and the image x.

    ValueError for text that is none, a variable that is missing or unknown, and a cycle.
    """
    parents = _read("recognition", text)
    if IMAGE in parents:
        raise ValueError(
            f"recognition: {IMAGE} is the image, which is given; it has no parents there"
        )
    _refuse_incomplete("recognition", parents, names, [*names, IMAGE])
    if not any(IMAGE in of for of in parents.values()):
        raise ValueError(
            f"recognition: no variable has the parent {IMAGE}, "
            "so that nothing is read from the image"
        )
    return Graph(_ordered("recognition", parents))


def generative_graph(text: str, names: Collection[str]) -> Graph:
    """The graph of p: every one of `names` once, and the image x, which has parents and is none.

    ValueError as of `recognition_graph`.
    """
    parents = _read("generative", text)
    if not parents.get(IMAGE):
        raise ValueError(
            f"generative: {IMAGE}, the image, has no parents: add {IMAGE}|{','.join(names)}"
        )
    _refuse_incomplete("generative", parents, [*names, IMAGE], names)
    return Graph(_ordered("generative", parents))


def _read(title: str, text: str) -> dict[str, tuple[str, ...]]:
    """The parents of each variable, as written."""
    found: dict[str, tuple[str, ...]] = {}
    for name, parents in _words(title, text):
        if name in found:
            raise ValueError(f"{title}: {name} is there twice")
        if len(set(parents)) < len(parents):
            raise ValueError(f"{title}: {name} has the same parent twice")
        found[name] = parents
    return found


def _words(title: str, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    # without the blanks around | and , each word is one variable with its parents
    for word in re.sub(r"\s*([|,])\s*", r"\1", text).split():
        read = _WORD.fullmatch(word)
        if read is None:
            raise ValueError(
                f"{title}: {word!r} is no variable with its parents, such as z or z|x,y"
            )
        yield read[1], tuple(re.findall("[^,]+", read[2] or ""))


def _refuse_incomplete(
    title: str,
    parents: Mapping[str, tuple[str, ...]],
    names: Collection[str],
    may_be: Collection[str],
) -> None:
    """ValueError if `names` are not the graph's variables, or if a parent is none of `may_be`."""
    for name, of in parents.items():
        if name not in names:
            raise ValueError(
                f"{title}: {name!r} is not among the variables; {nearest(name, names)}"
            )
        for parent in of:
            if parent not in may_be:
                given = f"{title}: {name} has the parent {parent!r}"
                hint = nearest(parent, may_be)
                raise ValueError(f"{given}, which is none of the possible ones; {hint}")
    for name in names:
        if name not in parents:
            raise ValueError(f"{title}: {name} is missing; write {name}, or {name}|PARENTS")


def _ordered(title: str, parents: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The same graph, every variable after its parents."""
    try:
        order = list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise ValueError(f"{title}: there is a cycle, {' -> '.join(error.args[1])}") from None
    return {name: parents[name] for name in order if name in parents}
