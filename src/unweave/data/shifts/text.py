"""Parser of shifts as text, an option on the command line, in a config and in a run's folder.

    correlated:scale,position_x,strength=0.2     pairs of factors; a minus reverses one
    imbalanced:shape,ratio=9
    without:shape=2,position_x=0-15              values are a, a-b, or several joined by +;
                                                 `only` is the rest
    extrapolation:scale,fraction=0.25            side=test for the held-out part
    interpolation:position_x,every=2             side=test likewise
    mislabelled:fraction=0.1                     this fraction of the labels is wrong, of all
                                                 factors or of those named
    combinations:shape,position_x/2,fraction=0.25   of a shape and a half of the positions;
                                                 side=test likewise

Several are joined by ";" and applied in this order. For what each does see
`unweave.data.shifts.views`.
"""

from __future__ import annotations

import inspect

from unweave.data.base import Dataset
from unweave.data.shifts import views as shifts
from unweave.settings import nearest

KINDS = (
    "correlated",
    "imbalanced",
    "without",
    "only",
    "extrapolation",
    "interpolation",
    "combinations",
    "mislabelled",
)
SPLITS = ("extrapolation", "interpolation", "combinations")  # they have a side for the test
NUMBERS = {"strength": float, "ratio": float, "fraction": float, "every": int, "seed": int}


def shifted(data: Dataset, text: str) -> Dataset:
    """The data after one or several shifts: a view of some rows, or with wrong labels.

    ValueError if the text is no shift, or the data have no grid.
    """
    for one in text.split(";"):
        if data.grid is None:
            raise ValueError(
                f"the shift {text!r} takes images of every combination of known factors; "
                f"{data.name} are not"
            )
        kind, _, rest = one.strip().partition(":")
        if kind not in KINDS:
            raise ValueError(f"there is no shift {kind!r}; {nearest(kind, KINDS)}")
        words = [word.strip() for word in rest.split(",") if word.strip()]
        names = [word for word in words if "=" not in word]
        options = [word.partition("=") for word in words if "=" in word]
        given = {name.strip(): value for name, _, value in options}
        try:
            data = _one(data, kind, names, given)
        except ValueError as error:
            raise ValueError(f"shift {one.strip()!r}: {error}") from error
    return data


def _one(data: Dataset, kind: str, names: list[str], given: dict[str, str]) -> Dataset:
    """The data after one shift, from the names and the NAME=VALUE in its text."""
    if kind in ("without", "only"):
        if names or not given:
            raise ValueError(f"expected {kind}:FACTOR=VALUES, values as indices: 0, 0-3 or 0+2")
        out = {name: _values(value) for name, value in given.items()}
        return shifts.without(data, out)[kind == "only"]
    shift = getattr(shifts, kind)
    side = "train"
    if kind in SPLITS:
        side = given.pop("side", side)
    # {name: default} of the numbers that the function of this shift takes
    known = {
        name: word.default
        for name, word in inspect.signature(shift).parameters.items()
        if name in NUMBERS
    }
    for name, default in known.items():
        if default is inspect.Parameter.empty and name not in given:
            raise ValueError(f"{kind} needs {name}=NUMBER")
    for name in given:
        if name not in known:
            raise ValueError(f"{kind} takes no {name!r}; {nearest(name, known)}")
    if side not in ("train", "test"):
        raise ValueError(f"side is train or test, not {side!r}")
    factors = _factors(kind, names)
    numbers = {name: NUMBERS[name](value) for name, value in given.items()}
    made = shift(data, factors, **numbers)
    if isinstance(made, tuple):
        return made[side == "test"]
    return made


def _factors(kind: str, names: list[str]) -> str | list[str] | list[shifts.Pair] | dict[str, int]:
    """The factors of a shift: one name, names, pairs of names, or names with numbers of parts."""
    if kind == "mislabelled":
        return names
    if kind == "correlated" and names and len(names) % 2 == 0:
        return list(zip(names[::2], names[1::2], strict=True))
    if kind == "combinations" and len(names) > 1:
        found: dict[str, int] = {}
        for text in names:
            name, slash, count = text.partition("/")
            found[name.strip()] = int(count) if slash else 0
        return found
    if kind in ("correlated", "combinations") or len(names) != 1:
        raise ValueError(
            "factors are one name, for `correlated` pairs: a,b or a,b,a,c, "
            "for `combinations` several: a,b/2"
        )
    return names[0]


def _values(text: str) -> list[int]:
    """The indices in "0-3+7"."""
    values: list[int] = []
    for part in text.split("+"):
        first, dash, last = part.partition("-")
        if not dash:
            last = first
        end = int(last)
        values.extend(range(int(first), end + 1))
    return values
