"""Options of `unweave train METHOD`, from signatures: of loop, method, parts, data and batches.

The signatures are the only list of options. An option has the name of its keyword, dotted where it
belongs to a part ("regulariser.beta"), the data ("data.size") or the batches
("batches.group_size"). The last word is enough where only one option ends in it; dashes and
underscores are the same.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from unweave import data as datasets
from unweave.cli.parser import plain
from unweave.data.sampling.options import BatchConfig
from unweave.methods import PARTS, kind_of
from unweave.runs import train as fit
from unweave.settings import Keyword, Setting, keywords
from unweave.settings.names import full_name
from unweave.settings.typed import number
from unweave.settings.typed import word as type_word
from unweave.types import DataInfo

IMAGES = DataInfo(1, (1, 64, 64))  # the kind of data decides which parts a method has by default
VECTORS = DataInfo(1, (1,))
METAVARS: dict[Any, str] = {int: "N", float: "X", str: "NAME", bool: "true|false"}


@dataclasses.dataclass(frozen=True)
class Option:
    """One option: its full name, its keyword, its default here, and its group in the help text."""

    key: str
    word: Keyword
    default: Any
    group: str

    def help(self) -> str:
        """Help text: meaning and unit, range, search law of a study, type and default."""
        setting = self.word.setting
        words = []
        if setting is not None:
            words += [setting.about, *_range(setting)]
            if setting.search:
                words.append(f"a study tries {_law(setting.search)}")
        kind = f"type: {type_word(self.word.type)}"
        if not self.word.required:
            kind += f", default: {self.default}"
        text = f"{'; '.join(words)} ({kind})"
        return text.replace("%", "%%")  # argparse formats help texts with %


def offered(
    method: str,
    data: str | None,
    given: Mapping[str, Any],
    infos: tuple[DataInfo, ...] = (VECTORS, IMAGES),
) -> dict[str, Option]:
    """All options of a method with the parts chosen in `given`, by full name.

    data: name of the data set; None leaves out its own options. infos: kinds of data that are
    possible, as the data are not read yet; later ones win.
    """
    parts = {key: value for key, value in given.items() if kind_of(key.rpartition(".")[2])}
    found = list(_loop())
    for info in infos:
        found += _method(method, parts, info)
    found += _prefixed("batches.", keywords(BatchConfig), "batches")
    if data is not None:
        found += _prefixed("data.", datasets.options(data), f"data ({data})")
    return {option.key: option for option in found}


def _loop() -> Iterator[Option]:
    """The options of the training loop."""
    for name, word in keywords(fit.train).items():
        if word.setting is not None:
            yield Option(name, word, word.default, "loop")


def _method(method: str, chosen: Mapping[str, Any], info: DataInfo) -> Iterator[Option]:
    """One option for each place of a part, then the settings of the method and its parts."""
    spec = fit.choose(method, chosen, info)
    parts = spec.part_names()
    for place, kind in spec.places().items():
        about = f"{', '.join(PARTS[kind]) or 'none yet'}; or module:Class"
        yield Option(
            place, Keyword(place, str, None, Setting(about)), parts.get(place, "none"), "parts"
        )
    values = spec.flat()
    for name, word in spec.words().items():
        yield Option(name, word, values[name], name.rpartition(".")[0] or method)


def _prefixed(prefix: str, words: Mapping[str, Keyword], group: str) -> Iterator[Option]:
    """Keywords as options with a prefix."""
    for name, word in words.items():
        yield Option(prefix + name, word, word.default, group)


def values(
    options: Mapping[str, Option], given: Mapping[str, Any], data: str | None = None
) -> dict[str, Any]:
    """Given values by full name, in the types of the options: text as typed, or values from YAML.

    data: the name of the data set, for the message on an option that it does not have.
    Raises ValueError for an unknown option, a value out of range, and an option given twice.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if data is not None:
            _refuse_of_data(plain(name), data)
        option = options[full_name(plain(name), options, "option", spelled)]
        if option.key in found:
            raise ValueError(f"{spelled(option.key)} is given twice")
        found[option.key] = _read(option, value)
    return found


def _refuse_of_data(name: str, data: str) -> None:
    """ValueError for an option "data.NAME" that the data set does not have."""
    group, _, option = name.partition(".")
    known = datasets.options(data)
    if group == "data" and option not in known:
        raise ValueError(
            datasets.no_option(data, option, known, lambda word: spelled(f"data.{word}"))
        )


def _read(option: Option, value: Any) -> Any:
    """A value in the type of its option; True is an option without a value."""
    if value is True and option.word.type is not bool:
        raise ValueError(f"{spelled(option.key)} needs a value")
    if isinstance(value, str):
        return option.word.read(value, option.key)
    if value is None and kind_of(option.key.rpartition(".")[2]):  # no such part, as YAML writes it
        return None
    return option.word.check(value, option.key)


def spelled(name: str) -> str:
    """An option as on the command line: `--` in front, dashes inside."""
    return f"--{name.replace('_', '-')}"


def help_text(options: Mapping[str, Option]) -> str:
    """The options in groups, with meaning, range, type and default."""
    shown = argparse.ArgumentParser(add_help=False, usage=argparse.SUPPRESS)
    short = _short_names(options)
    groups: dict[str, Any] = {}
    for option in options.values():
        if option.group not in groups:
            groups[option.group] = shown.add_argument_group(option.group)
        names = [spelled(option.key)]
        if option.key in short:
            names.append(spelled(short[option.key]))
        groups[option.group].add_argument(
            *names,
            metavar=METAVARS.get(option.word.type, "VALUE"),
            help=option.help(),
            dest=option.key,
        )
    return shown.format_help()


def _short_names(options: Mapping[str, Option]) -> dict[str, str]:
    """{full name: last word} of the dotted options whose last word is unique."""
    count = Counter(key.rpartition(".")[2] for key in options)
    last = {key: key.rpartition(".")[2] for key in options if "." in key}
    return {key: word for key, word in last.items() if count[word] == 1}


def _range(setting: Setting) -> Iterator[str]:
    """The bounds of a setting as text."""
    bounds = (("at least", setting.low), ("above", setting.above), ("at most", setting.high))
    for how, bound in bounds:
        if bound is not None:
            yield f"{how} {number(bound)}"


def _law(search: tuple[Any, ...]) -> str:
    """The search law of a study as text."""
    if search[0] == "log":
        return f"{number(search[1])} to {number(search[2])}, log-uniform"
    return ", ".join(map(str, search))
