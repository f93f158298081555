"""What a recipe may say, looked at before anything of it is done: it may come from anybody.

An arm chooses a training, and nothing else: not where its run goes, what it replaces, or which device it takes, which is
for the user to say. A measure is one score, one term of the log, or one call. Whatever could be taken for code that is
not unweave's is found here, wherever in a recipe it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unweave.data.shifts.text import KINDS
from unweave.reproduction.checks import measures_of
from unweave.reproduction.measures import MEASURES
from unweave.runs.train import train
from unweave.settings import keywords, nearest
from unweave.trust import foreign, parts_in

OPTIONS = ("settings", "data_options", "batch_options")
ARM = {"method", "data", "root", "steps", "batch_size", "precision", "holdout", "log_every", *OPTIONS}
MEASURED = ("score", "log", "call")


def validate(recipe: Any, name: str) -> None:
    """ValueError, which names the recipe and the place, for what a recipe cannot say. name: of the recipe."""
    arms, checks = (recipe.get(key) if isinstance(recipe, Mapping) else None for key in ("arms", "checks"))
    if not isinstance(arms, Mapping) or not isinstance(checks, list):
        raise ValueError(f"{name} is no recipe: that has `arms`, by name, and a list of `checks`")
    for arm, wanted in arms.items():
        _check_arm(wanted, f"{name}: arm {arm}")
    for one in checks:
        if not isinstance(one, Mapping) or "measure" not in one:
            raise ValueError(f"{name}: the check {one!r} has no `measure`")
        for how in (one["measure"], *([one["along"]] if "along" in one else [])):
            _check_measure(how, f"{name}: the measure {how!r}")
    if unknown := [arm for arm in measures_of(checks) if arm not in arms]:
        raise ValueError(f"{name}: a check is about the arm {unknown[0]!r}; {nearest(str(unknown[0]), arms)}")


def foreign_in(recipe: Mapping[str, Any]) -> list[str]:
    """The code that a recipe, once checked, names and that is not unweave's: methods, parts, data, metrics, measures."""
    found: list[str] = []
    for arm in recipe["arms"].values():
        found += foreign(arm["method"], parts_in(arm.get("settings", {})), arm["data"])
        found += [text for options in OPTIONS for text in _named(arm.get(options, {}))]
    for how in (how for measures in measures_of(recipe["checks"]).values() for how in measures):
        found += [how["call"]] if how.get("call", "") not in ("", *MEASURES) else []
        found += [how["score"]] if ":" in how.get("score", "") else []
        found += foreign(data=how.get("data"))
        found += _named({key: value for key, value in how.items() if key not in ("call", "score", "data")})
    return list(dict.fromkeys(found))


def _check_arm(wanted: Any, place: str) -> None:
    if not isinstance(wanted, Mapping):
        raise ValueError(f"{place} is {wanted!r}; expected a method, its data and how to train it")
    users = keywords(train)
    if wrong := [key for key in wanted if key not in ARM]:
        known = f"{nearest(str(wrong[0]), ARM)} (settings of the method stand under `settings`)"
        raise ValueError(f"{place} has {wrong[0]!r}, " + ("which only the user says" if wrong[0] in users else known))
    for key in ("method", "data", *(["root"] if "root" in wanted else [])):
        if not isinstance(wanted.get(key), str):
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
    if not isinstance(how, Mapping) or len([word for word in MEASURED if word in how]) != 1:
        raise ValueError(f"{place} has to name one of score, log and call")
    for word in (*MEASURED, "part", "data"):
        if word in how and not isinstance(how[word], str):
            raise ValueError(f"{place} has {how[word]!r} as its {word}; expected one name")


def _named(said: Any) -> Iterator[str]:
    """Every text, keys too and at any depth, that could be module:Name: with a colon, and no shift of the data."""
    if isinstance(said, str):
        if ":" in said and said.partition(":")[0].strip() not in KINDS:
            yield said
    elif isinstance(said, Mapping):
        yield from _named(list(said.items()))
    elif isinstance(said, list | tuple):
        for part in said:
            yield from _named(part)
