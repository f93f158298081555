"""The options of `unweave train METHOD --data NAME`: every keyword of the loop, the method, its parts, data and batches.

There is no list of options but the signatures. An option has the keyword's name, dotted where it belongs to a part
("regulariser.beta"), the data ("data.size") or the batches ("batches.group_size"); the last word alone will do where
only one option ends in it, and dashes and underscores are the same. jsonargparse gives each its type, on the command
line and in YAML; the range is checked where the object is made.
"""

from __future__ import annotations

import dataclasses
from argparse import ArgumentError
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from jsonargparse import ArgumentParser

from unweave import data as datasets
from unweave.cli.parser import plain
from unweave.data.sampling.batches import stream
from unweave.methods import PARTS, build
from unweave.methods.classes import class_of
from unweave.runs import train as fit
from unweave.settings import Keyword, Setting, keywords, nearest
from unweave.types import DataInfo

IMAGES, VECTORS = DataInfo(1, (1, 64, 64)), DataInfo(1, (1,))  # what decides the parts that a method has by default


@dataclasses.dataclass(frozen=True)
class Option:
    """One option: its full name, the keyword behind it, its default here, and what it belongs to."""

    key: str
    word: Keyword
    default: Any
    group: str

    @property
    def dest(self) -> str:
        """The name inside jsonargparse, to which a dot means nesting: "regulariser" and "regulariser.beta" would clash."""
        return self.key.replace(".", "__")

    def help(self) -> str:
        """Meaning and unit, range, and what a study tries."""
        setting = self.word.setting
        if setting is None:
            return ""
        bounds = (("at least", setting.low), ("above", setting.above), ("at most", setting.high))
        words = [setting.about, *(f"{how} {bound:g}" for how, bound in bounds if bound is not None)]
        if setting.search:
            law = setting.search
            span = f"{law[1]:g} to {law[2]:g}, log-uniform" if law[0] == "log" else ", ".join(map(str, law))
            words.append(f"a study tries {span}")
        return "; ".join(words).replace("%", "%%")


def offered(
    method: str, data: str | None, given: Mapping[str, Any], infos: tuple[DataInfo, ...] = (VECTORS, IMAGES)
) -> dict[str, Option]:
    """Every option of a method with the parts chosen in `given`, on a data set (None: without its own options).

    infos: what the data may be, since they are not read yet; later ones win.
    """
    found = {o.key: o for o in _loop()}
    parts = {key: value for key, value in given.items() if key.rpartition(".")[2] in PARTS}
    for info in infos:
        found |= {o.key: o for o in _method(method, parts, info)}
    found |= {o.key: o for o in _prefixed("batches.", keywords(stream), "batches")}
    if data is not None:
        found |= {o.key: o for o in _prefixed("data.", datasets.options(data), f"data ({data})")}
    return found


def _loop() -> Iterator[Option]:
    for name, word in keywords(fit.train).items():
        if word.setting is not None:
            yield Option(name, word, word.default, "loop")


def _method(method: str, chosen: Mapping[str, Any], info: DataInfo) -> Iterator[Option]:
    choice = fit.choose(method, chosen, info)
    made = class_of(method, "method")
    for kind in build.kinds(made, choice.parts):
        about = f"{', '.join(PARTS[kind.rpartition('.')[2]]) or 'none yet'}; or module:Class"
        yield Option(kind, Keyword(kind, str, None, Setting(about)), choice.parts.get(kind, "none"), "parts")
    for name, word in build.available(made, choice.parts, {}).items():
        yield Option(name, word, choice.settings[name], name.rpartition(".")[0] or method)


def _prefixed(prefix: str, words: Mapping[str, Keyword], group: str) -> Iterator[Option]:
    for name, word in words.items():
        if not (prefix == "batches." and (word.setting is None or name == "batch_size")):  # the loop gives these
            yield Option(prefix + name, word, word.default, group)


def short_names(options: Mapping[str, Option]) -> dict[str, str]:
    """{last word: full name} where one option alone ends in it."""
    count = Counter(key.rpartition(".")[2] for key in options)
    return {key.rpartition(".")[2]: key for key in options if "." in key and count[key.rpartition(".")[2]] == 1}


def full_name(name: str, options: Mapping[str, Option]) -> str:
    """The option meant by a name as it was typed. ValueError with the nearest one, or with all it could be."""
    name = plain(name)
    if name in options:
        return name
    if (short := short_names(options)).get(name):
        return short[name]
    if several := [key for key in options if key.endswith("." + name)]:
        raise ValueError(f"--{name} could be {' or '.join('--' + key for key in several)}: give the whole name")
    raise ValueError(
        f"there is no option {spelled(name)} here; {nearest(spelled(name), map(spelled, [*options, *short]))}"
    )


def spelled(name: str) -> str:
    """An option as it is shown: dashes in front and inside."""
    return f"--{name.replace('_', '-')}"


def values(options: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, by full name and in the types of the options: text from the command line, values from YAML."""
    parser = typed_parser(options)
    found: dict[str, Any] = {}
    for name, value in given.items():
        option = options[full_name(name, options)]
        if option.key in found:
            raise ValueError(f"{spelled(option.key)} is given twice")
        found[option.key] = _typed(parser, option, value)
    return found


def _typed(parser: ArgumentParser, option: Option, value: Any) -> Any:
    if value is True and option.word.type is not bool:
        raise ValueError(f"{spelled(option.key)} needs a value")
    if value is None and not isinstance(option.word.type, type):
        return None
    if isinstance(value, str) and get_origin(option.word.type) is tuple and not value.startswith("["):
        value = f"[{value}]"  # a,b as well as [a, b]
    try:
        if isinstance(value, str):
            read = parser.parse_args([f"{spelled(option.key)}={value}"], defaults=False)
        else:
            read = parser.parse_object({option.dest: value}, defaults=False)
    except ArgumentError:
        option.word.check(value, option.key)  # says it in fewer words
        raise ValueError(f"{option.key} is {value!r}; expected {option.word.type}") from None
    return option.word.check(read[option.dest], option.key)


def typed_parser(options: Mapping[str, Option], prog: str = "unweave train") -> ArgumentParser:
    """The parser of the options, for their types and for the help text."""
    parser = ArgumentParser(
        prog=prog, exit_on_error=False, usage="%(prog)s --data NAME [options]", add_help=False, default_env=False
    )
    short = {key: name for name, key in short_names(options).items()}
    groups: dict[str, Any] = {}
    for option in options.values():
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        names = dict.fromkeys(spelled(key) for key in (option.key, short.get(option.key)) if key)
        typed = {"metavar": METAVARS[option.word.type]} if option.word.type in METAVARS else {}
        groups[option.group].add_argument(
            *names, dest=option.dest, type=option.word.type, default=option.default, help=option.help(), **typed
        )
    return parser


METAVARS: dict[Any, str] = {int: "N", float: "X", str: "NAME"}
