"""Validation of recipes before anything is run: a recipe is untrusted input.

An arm chooses a training and nothing else: the output folder, overwriting and the device are the
user's choice. A measure is one score, one term of the log, or one call. `foreign_in` finds all names
of third-party code, at any place in a recipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unweave.data.shifts.text import KINDS
from unweave.reproduction.checks import hows, measures_of
from unweave.reproduction.measures import MEASURES
from unweave.runs.train import train
from unweave.settings import keywords, nearest
from unweave.trust import foreign, parts_in

OPTIONS = ("settings", "data_options", "batch_options")
ARM = {"method", "data", "root", "steps", "batch_size", "precision", "holdout", "log_every", *OPTIONS}
MEASURED = ("score", "log", "call")


def validate(recipe: Any, name: str) -> None:
    """Raise ValueError, with the place in the recipe, if it is not valid. name: of the recipe."""
    if not isinstance(recipe, Mapping):
        recipe = {}
    arms = recipe.get("arms")
    checks = recipe.get("checks")
    if not isinstance(arms, Mapping) or not isinstance(checks, list):
        raise ValueError(f"{name} is no recipe: that has `arms`, by name, and a list of `checks`")
    for arm, wanted in arms.items():
        _check_arm(wanted, f"{name}: arm {arm}")
    for one in checks:
        if not isinstance(one, Mapping) or "measure" not in one:
            raise ValueError(f"{name}: the check {one!r} has no `measure`")
        for how in hows(one):
            _check_measure(how, f"{name}: the measure {how!r}")
    for arm in measures_of(checks):
        if arm not in arms:
            raise ValueError(f"{name}: a check is about the arm {arm!r}; {nearest(str(arm), arms)}")


def foreign_in(recipe: Mapping[str, Any]) -> list[str]:
    """Names of third-party code in a valid recipe: methods, parts, data, metrics and measures, each once."""
    found: list[str] = []
    for arm in recipe["arms"].values():
        found += foreign(arm["method"], parts_in(arm.get("settings", {})), arm["data"])
        for options in OPTIONS:
            found += _named(arm.get(options, {}))
    for measures in measures_of(recipe["checks"]).values():
        for how in measures:
            found += _foreign_measure(how)
    return list(dict.fromkeys(found))


def _foreign_measure(how: Mapping[str, Any]) -> list[str]:
    """Names of third-party code in a measure."""
    found: list[str] = []
    if how.get("call", "") not in ("", *MEASURES):
        found.append(how["call"])
    if ":" in how.get("score", ""):
        found.append(how["score"])
    found += foreign(data=how.get("data"))
    found += _named({key: value for key, value in how.items() if key not in ("call", "score", "data")})
    return found


def _check_arm(wanted: Any, place: str) -> None:
    """Raise ValueError if an arm has anything but a training."""
    if not isinstance(wanted, Mapping):
        raise ValueError(f"{place} is {wanted!r}; expected a method, its data and how to train it")
    users = keywords(train)
    for key in wanted:
        if key in ARM:
            continue
        if key in users:
            raise ValueError(f"{place} has {key!r}, which only the user says")
        near = nearest(str(key), ARM)
        raise ValueError(f"{place} has {key!r}, {near} (settings of the method stand under `settings`)")
    for key in ("method", "data", "root"):
        required = key != "root"
        if (required or key in wanted) and not isinstance(wanted.get(key), str):
            raise ValueError(f"{place} has {wanted.get(key)!r} as its {key}; expected a name")
    for options in OPTIONS:
        if not isinstance(wanted.get(options, {}), Mapping):
            raise ValueError(f"{place} has {wanted[options]!r} as its {options}; expected names with values")
    for key in wanted.get("settings", {}):
        if not isinstance(key, str):
            raise ValueError(f"{place} has a setting {key!r}: YAML reads on and off so; write the dotted name")
        if key in users:
            raise ValueError(f"{place} has a setting {key!r}, which is none of a method's but an option of training")


def _check_measure(how: Any, place: str) -> None:
    """Raise ValueError unless a measure is one score, one term of the log or one call, by name."""
    if not isinstance(how, Mapping) or sum(word in how for word in MEASURED) != 1:
        raise ValueError(f"{place} has to name one of score, log and call")
    for word in (*MEASURED, "part", "data"):
        if word in how and not isinstance(how[word], str):
            raise ValueError(f"{place} has {how[word]!r} as its {word}; expected one name")


def _named(value: Any) -> Iterator[str]:
    """All texts in a value that could be module:Name, at any depth, keys included.

    Those are the texts with a colon that are not a shift of the data ("without:shape=0").
    """
    if isinstance(value, str):
        if ":" in value and value.partition(":")[0].strip() not in KINDS:
            yield value
    elif isinstance(value, Mapping):
        yield from _named(list(value.items()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part)
