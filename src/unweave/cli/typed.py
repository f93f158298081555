"""The options of `unweave train` as they were typed, or stand in a file of options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unweave.cli.parser import plain
from unweave.settings.typed import TRUTHS, shown

TEXTS = ("method", "data", "config", "resume", "out", "root")
SWITCHES = ("overwrite", "whole_fingerprint", "dry_run", "trust", "help")
OWN = (*TEXTS, *SWITCHES)
# not in a file of options; --trust has a message of its own
TYPED_ONLY = ("config", "resume", "help")


def split(arguments: Sequence[str]) -> dict[str, Any]:
    """Options as typed: {"method": ..., "beta": "6", "overwrite": True}; True without a value.

    Raises ValueError for a second word that is not an option, and for an option given twice.
    """
    words = list(arguments)
    given: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word == "-h":
            word = "--help"
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            if "method" in given:
                raise ValueError(
                    f"{word!r} is one word too many: the method is {given['method']!r}, "
                    "and values follow --names"
                )
            given["method"] = word
            continue
        name = plain(name)
        if name in given:
            raise ValueError(f"--{name} is given twice")
        if equals:
            given[name] = value
        elif name not in SWITCHES and words and not words[0].startswith("--"):
            given[name] = words.pop(0)
        else:
            given[name] = True
    return given


def own_option(name: str, value: Any) -> Any:
    """A value of one of this command's own options."""
    if name in SWITCHES:
        truth = TRUTHS.get(str(value).lower())
        if truth is None:
            raise ValueError(f"--{name.replace('_', '-')} is a switch; it was given {shown(value)}")
        return truth
    if not isinstance(value, str) or not value:  # an empty path would be the folder one is in
        came = shown(value)
        if value is True:
            came = "none; one that begins with -- is written ./--NAME"
        raise ValueError(f"--{name} needs a value; it was given {came}")
    return value


def from_file(path: Path) -> dict[str, Any]:
    """The options in a YAML file, by name."""
    from unweave.settings.yaml_file import read_yaml

    found: dict[str, Any] = {}
    for written, value in read_yaml(path).items():
        name = plain(written)
        if name in TYPED_ONLY:
            raise ValueError(f"{path} says {written}, which is said on the command line alone")
        if name in found:
            raise ValueError(f"{path} says {name} twice, the second time as {written!r}")
        found[name] = value
    return found
