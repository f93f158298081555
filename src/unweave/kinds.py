"""What kinds of factor there are, and how somebody says of which kind one is.

"categorical": its values are names. "ordered": a grid of values in order, such as the 40 angles of a sprite.
"continuous": a measurement. Where nobody says it, `unweave.metrics.tables.kinds` judges by the numbers of values and of rows.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from unweave.settings import nearest

KINDS = ("categorical", "ordered", "continuous")


def declared(kinds: Any, count: int, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The kind of each of `count` factors as somebody says, "" where nobody does.

    kinds: one of KINDS for all; a sequence of `count`, None where it is not known; or {name or column: kind}.
    ValueError, with the nearest valid choice, for a kind or a factor that does not exist.
    """
    if hasattr(kinds, "tolist"):  # an array, or a column of pandas
        kinds = kinds.tolist()
    if not count and (isinstance(kinds, str) or (hasattr(kinds, "__len__") and len(kinds))):
        raise ValueError("kinds are given, but no factors")
    if isinstance(kinds, Mapping):
        said = _by_factor(kinds, count, names)
    elif kinds is None or isinstance(kinds, str):
        said = [kinds if kinds is None else _kind(kinds)] * count
    elif isinstance(kinds, Iterable) and not isinstance(kinds, (bytes, set, frozenset)):
        said = list(kinds)
    else:
        expected = f"one of {', '.join(KINDS)}, one for each factor, or {{factor: kind}}"
        raise ValueError(f"kinds is {kinds!r}; expected {expected}")
    if len(said) != count:
        raise ValueError(f"kinds are given of {len(said)} factors; there are {count}")
    return tuple("" if kind is None or kind == "" else _kind(kind) for kind in said)


def _by_factor(kinds: Mapping[Any, Any], count: int, names: Sequence[str]) -> list[Any]:
    """The kinds of the factors that are named, None of the others. ValueError if one is named twice."""
    said: dict[int, Any] = {}
    for factor, kind in kinds.items():
        column = _column(factor, count, names)
        if column in said:
            raise ValueError(f"the kind of factor {str(factor)!r} is given twice, by its name and by its number")
        said[column] = kind
    return [said.get(k) for k in range(count)]


def _kind(kind: Any) -> str:
    """A kind that exists. ValueError, with the nearest one, for any other."""
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
    raise ValueError(f"there is no factor {str(factor)!r}; {nearest(str(factor), names or columns)}")


def parsed(text: str) -> str | dict[str, str]:
    """Kinds as a command line has them: one for all factors, or FACTOR=KIND of some.

    >>> parsed("shape=categorical,size=continuous")
    {'shape': 'categorical', 'size': 'continuous'}
    """
    if "=" not in text:
        return _kind(text.strip())
    pairs = [[word.strip() for word in part.split("=")] for part in text.split(",")]
    if wrong := next((pair for pair in pairs if len(pair) != 2 or not all(pair)), None):
        raise ValueError(f"{'='.join(wrong)!r} is no FACTOR=KIND, such as shape=categorical")
    if twice := _twice(factor for factor, _ in pairs):
        raise ValueError(f"the kind of factor {twice!r} is given twice")
    return {factor: kind for factor, kind in pairs}


def suffixed(column: str) -> tuple[str, str]:
    """Name and kind of a factor whose column is called `name:kind` in a table; no kind where there is no such ending.

    ValueError for an ending that is nearly a kind.

    >>> suffixed("age:continuous"), suffixed("ratio 3:4")
    (('age', 'continuous'), ('ratio 3:4', ''))
    """
    name, _, kind = column.rpartition(":")
    if name and kind in KINDS:
        return name, kind
    if name and (near := difflib.get_close_matches(kind.strip().lower(), KINDS, n=1, cutoff=0.7)):
        raise ValueError(f"column {column!r} ends in {kind!r}, which is no kind of factor; did you mean {near[0]!r}?")
    return column, ""


def factors_of(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Name and kind of the factor of each column, see `suffixed`. ValueError if two factors have one name."""
    found = [suffixed(column) for column in columns]
    if twice := _twice(name for name, _ in found):
        raise ValueError(f"two columns are the factor {twice!r}; give each a name of its own")
    return found


def _twice(words: Iterable[str]) -> str:
    """The first word that comes more than once, or ''."""
    return next((word for word, count in Counter(words).items() if count > 1), "")
