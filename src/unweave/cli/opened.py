"""A data set with options, as a command line names it: `dsprites --classes shape --size 32`."""

from __future__ import annotations

from collections.abc import Sequence

from unweave import data
from unweave.cli.options import Option, spelled, values
from unweave.cli.parser import plain
from unweave.data.base import Dataset


def opened(name: str, root: str | None, rest: Sequence[str], command: str) -> Dataset:
    """The data set. rest: the words after its name. ValueError for what is no option of it."""
    offered = {}
    for short, word in data.options(name).items():
        key = f"data.{short}"
        offered[key] = Option(key, word, word.default, "data")
    given = _given(rest, command)
    for option in given:
        if f"data.{option}" not in offered and option not in offered:
            raise ValueError(data.no_option(name, option, data.options(name), spelled))
    chosen = values(offered, given)
    options = {key.removeprefix("data."): value for key, value in chosen.items()}
    return data.load(name, root, **options)


def _given(rest: Sequence[str], command: str) -> dict[str, str]:
    """{name: value} of `--name value` and `--name=value`."""
    words = list(rest)
    given = {}
    while words:
        name, equals, value = words.pop(0).partition("=")
        has_value = equals or (words and not words[0].startswith("--"))
        if not name.startswith("--") or not has_value:
            raise ValueError(
                f"{name!r} is not an option with a value, --name value; "
                f"see `unweave {command} --help`"
            )
        if not equals:
            value = words.pop(0)
        given[plain(name)] = value
    return given
