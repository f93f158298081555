"""Kinds of ground-truth factors, declared in code, as an option, or in the name of a column.

"categorical": its values are names. "ordered": a grid of values in order, such as the 40 angles of
a sprite. "continuous": a measurement. A kind that is not declared is inferred from the numbers of
values and of rows by `unweave.metrics.tables.kinds`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from unweave.settings import nearest

KINDS = ("categorical", "ordered", "continuous")


def declared(kinds: Any, count: int, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The declared kind of each of `count` factors, "" where none is declared.

    kinds: one of KINDS for all; a sequence of `count`, None where it is not known; or
        {name or column: kind}.
    ValueError, with the nearest valid choice, for a kind or a factor that does not exist.
    """
    if hasattr(kinds, "tolist"):  # an array, or a column of pandas
        kinds = kinds.tolist()
    several = hasattr(kinds, "__len__") and len(kinds) > 0
    if not count and (isinstance(kinds, str) or several):
        raise ValueError("kinds are given, but no factors")
    if isinstance(kinds, Mapping):
        given = _by_factor(kinds, count, names)
    elif kinds is None:
        given = [None] * count
    elif isinstance(kinds, str):
        given = [_kind(kinds)] * count
    elif isinstance(kinds, Iterable) and not isinstance(kinds, (bytes, set, frozenset)):
        given = list(kinds)
    else:
        expected = f"one of {', '.join(KINDS)}, one for each factor, or {{factor: kind}}"
        raise ValueError(f"kinds is {kinds!r}; expected {expected}")
    if len(given) != count:
        raise ValueError(f"kinds are given of {len(given)} factors; there are {count}")
    return tuple("" if kind is None or kind == "" else _kind(kind) for kind in given)


def _by_factor(kinds: Mapping[Any, Any], count: int, names: Sequence[str]) -> list[Any]:
    """The kinds of the named factors, None for the others. ValueError if one is named twice."""
    given: dict[int, Any] = {}
    for factor, kind in kinds.items():
        column = _column(factor, count, names)
        if column in given:
            raise ValueError(
                f"the kind of factor {str(factor)!r} is given twice, by its name and by its number"
            )
        given[column] = kind
    return [given.get(k) for k in range(count)]


def _kind(kind: Any) -> str:
    """The kind itself if it is one of KINDS. ValueError, with the nearest one, for any other."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of factor; {nearest(str(kind), KINDS)}")
    return str(kind)


def _column(factor: Any, count: int, names: Sequence[str]) -> int:
    """The column of a factor that is given by its name or its number."""
    if factor in names:
        return list(names).index(factor)
    columns = [str(k) for k in range(count)]
    if str(factor) in columns:
        return int(factor)
    raise ValueError(
        f"there is no factor {str(factor)!r}; {nearest(str(factor), names or columns)}"
    )


def parsed(text: str) -> str | dict[str, str]:
    """Kinds from the text of a command-line option: one for all factors, or FACTOR=KIND of some.

    >>> parsed("shape=categorical,size=continuous")
    {'shape': 'categorical', 'size': 'continuous'}
    """
    if "=" not in text:
        return _kind(text.strip())
    pairs = [[word.strip() for word in part.split("=")] for part in text.split(",")]
    for pair in pairs:
        if len(pair) != 2 or not all(pair):
            raise ValueError(f"{'='.join(pair)!r} is no FACTOR=KIND, such as shape=categorical")
    twice = _twice(factor for factor, _ in pairs)
    if twice:
        raise ValueError(f"the kind of factor {twice!r} is given twice")
    return {factor: kind for factor, kind in pairs}


def suffixed(column: str) -> tuple[str, str]:
    """Name and kind of a factor whose column is called `name:kind`; kind "" without such an ending.

    ValueError for an ending that is nearly a kind.

    >>> suffixed("age:continuous"), suffixed("ratio 3:4")
    (('age', 'continuous'), ('ratio 3:4', ''))
    """
    name, _, kind = column.rpartition(":")
    if name and kind in KINDS:
        return name, kind
    # A misspelt kind would otherwise silently become a part of the factor's name.
    near = difflib.get_close_matches(kind.strip().lower(), KINDS, n=1, cutoff=0.7)
    if name and near:
        raise ValueError(
            f"column {column!r} ends in {kind!r}, which is no kind of factor; "
            f"did you mean {near[0]!r}?"
        )
    return column, ""


def factors_of(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Name and kind of the factor of each column, see `suffixed`.

    ValueError if two factors have one name.
    """
    found = [suffixed(column) for column in columns]
    twice = _twice(name for name, _ in found)
    if twice:
        raise ValueError(f"two columns are the factor {twice!r}; give each a name of its own")
    return found


def _twice(words: Iterable[str]) -> str:
    """The first word that occurs more than once, or ''."""
    for word, count in Counter(words).items():
        if count > 1:
            return word
    return ""
