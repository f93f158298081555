"""What kinds of factor there are, and how somebody says of which kind one is.

"categorical": its values are names. "ordered": a grid of values in order, such as the 40 angles of a sprite.
"continuous": a measurement. Where nobody says it, `unweave.metrics.kinds` judges by the numbers of values and of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unweave.settings import nearest

KINDS = ("categorical", "ordered", "continuous")


def declared(kinds: Any, count: int, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The kind of each of `count` factors as somebody says, "" where nobody does.

    kinds: one of KINDS for all; a sequence of `count`, None where it is not known; or {name or column: kind}.
    ValueError, with the nearest valid choice, for a kind or a factor that does not exist.
    """
    if kinds is None or isinstance(kinds, str):
        said = [kinds] * count
    elif isinstance(kinds, Mapping):
        said = [None] * count
        for factor, kind in kinds.items():
            said[_column(factor, count, names)] = kind
    else:
        said = list(kinds)
    if kinds and not count:
        raise ValueError("kinds are given, but no factors")
    if len(said) != count:
        raise ValueError(f"kinds are given of {len(said)} factors; there are {count}")
    for kind in said:
        if kind and kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of factor; {nearest(str(kind), KINDS)}")
    return tuple(kind or "" for kind in said)


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
        return text
    pairs = [part.split("=") for part in text.split(",")]
    if wrong := next((part for part in pairs if len(part) != 2), None):
        raise ValueError(f"{'='.join(wrong)!r} is no FACTOR=KIND, such as shape=categorical")
    return {factor.strip(): kind.strip() for factor, kind in pairs}


def suffixed(column: str) -> tuple[str, str]:
    """Name and kind of a factor whose column is called `name:kind` in a table; no kind where there is no such ending.

    >>> suffixed("age:continuous"), suffixed("ratio 3:4")
    (('age', 'continuous'), ('ratio 3:4', ''))
    """
    name, _, kind = column.rpartition(":")
    return (name, kind) if name and kind in KINDS else (column, "")
