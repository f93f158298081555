"""Checks of the arguments beside codes and factors: each is used, or refused in one line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from unweave.settings import Keyword, Setting, keywords, nearest
from unweave.settings.signature import PLAIN

PROTOCOLS = ("unweave", "dlib", "dlib-2018", "laforge", "infomec")
OF_TABLES = (
    "test",
    "log_var",
    "active",
    "weights",
    "kinds",
    "reference",
    "protocol",
    "seed",
    "calibrate",
)
OF_ROWS = ("factors", "log_var", "weights", "kinds")  # what groups do not have


def check_how(protocol: Any, seed: Any, calibrate: Any) -> None:
    """ValueError for a protocol that does not exist, a seed that is no whole number, or a calibrate
    that is no bool.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}; {nearest(str(protocol), PROTOCOLS)}")
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}; it has to be a whole number from 0 to 2^32 - 1")
    if not isinstance(calibrate, (bool, np.bool_)):
        raise ValueError(f"calibrate is {calibrate!r}; it has to be True or False")


def function_name(function: Callable[..., Any]) -> str:
    """The name of a metric's function: "module:function" of a third party, "mig" of unweave."""
    if function.__module__.partition(".")[0] == "unweave":
        return function.__name__
    return f"{function.__module__}:{function.__qualname__}"


def refuse_unset(measure: Callable[..., Any]) -> None:
    """ValueError for a keyword of a metric that has no default, or for a number, a truth or a text
    without a `Setting`: what its value means, and which it may have, is not known.
    """
    name = function_name(measure)
    given = list(inspect.signature(measure).parameters)
    try:
        known = keywords(measure)
    except NameError:  # an annotation that is imported for type checkers alone
        return
    for option in given[1:]:
        word = known.get(option)
        if word is None or word.required:
            raise ValueError(
                f"{name} takes {', '.join(given)}; "
                "under @metric a function takes one table, and options with a default each"
            )
        if word.setting is None and (word.type is Any or word.type in PLAIN):
            kind = getattr(word.type, "__name__", "TYPE")
            raise ValueError(
                f"{name} takes {option!r}, which has no Setting: annotate it, "
                f'{option}: Annotated[{kind}, Setting("unit and meaning")] = {word.default!r}'
            )


def check_options(
    name: str,
    measure: Callable[..., Any],
    options: Mapping[str, Any],
    others: Iterable[str] = OF_TABLES,
) -> dict[str, Any]:
    """The options of a metric in their types; ValueError for one that it does not have, of another
    type or out of range.

    others: the arguments that it takes beside its options.
    """
    if not options:
        return {}
    known = keywords(measure)
    known.pop("table", None)
    for option in options:
        if option not in known:
            raise ValueError(
                f"{name} has no option {option!r}; {nearest(option, [*known, *others])}"
            )
    return {option: _checked(known[option], value) for option, value in options.items()}


def _checked(option: Keyword, value: Any) -> Any:
    """A value that the option may have; a number of numpy counts as one of Python."""
    number = value
    if isinstance(value, np.generic):
        number = value.item()
    try:
        return option.check(number)
    except TypeError:  # arrays and functions, which the metric checks
        return value
    except ValueError as error:
        setting = option.setting
        if setting is None or setting.about in str(error):
            raise
        raise ValueError(f"{error}: {setting.about}{_range(setting)}") from None


def _range(setting: Setting) -> str:
    """The range of a setting, as ", 1 to 10" or ", 1 or more"; "" if it has none."""
    low = setting.low
    high = setting.high
    if setting.above is not None:
        low = setting.above
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", {low:g} or more"
    if high is not None:
        return f", {high:g} at most"
    return ""


def refuse_unbound(
    name: str, function: Callable[..., Any], given: tuple[Any, ...], options: Mapping[str, Any]
) -> None:
    """ValueError if a call leaves out an argument that has no default, or gives one too many."""
    try:
        inspect.signature(function).bind(*given, **options)
    except TypeError as error:
        raise ValueError(f"{name}: {error}; it takes {', '.join(keywords(function))}") from None


def several(models: Any, name: str, what: str) -> list[Any]:
    """A sequence with an entry for each of several models, as a list; ValueError if it is none.
    what: an entry in words.
    """
    indexed = hasattr(models, "__len__") and hasattr(models, "__getitem__")
    expected = f"expected {what} of each model, one after the other"
    if isinstance(models, (str, bytes, Mapping)) or not indexed:
        raise ValueError(f"{name} is a {type(models).__name__}; {expected}")
    if getattr(models, "shape", None) == ():
        raise ValueError(f"{name} is a single number; {expected}")
    return [models[i] for i in range(len(models))]


def refuse_unread(name: str, given: Mapping[str, Any], unread: Iterable[str], why: str) -> None:
    """ValueError for an argument that was given although the metric would not read it."""
    for argument in unread:
        if given[argument] is not None:
            raise ValueError(f"{name} was given {argument}, which {why}; leave it out")
