"""Names become objects, here and nowhere else: a method with its parts, from a name and a flat dictionary of settings.

A constructor's keywords say what it takes: one named as a field of `DataInfo` is a fact and filled in from the data, and
so is `steps`, the length of the run, unless it carries a `Setting`; one named as a kind of part (`methods.PARTS`) is
chosen by name and built the same way; one that the owner's `part_arguments` names is filled in by it; the rest carry a
`Setting` and are the configuration, dotted inside parts ("regulariser.beta", or "beta" where only one part has it).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from unweave.generators import seeded
from unweave.methods import METHODS, PARTS, Entry
from unweave.methods.base import Method, Part
from unweave.methods.classes import checked, class_of, entry_of
from unweave.seeds import fold
from unweave.settings import Keyword, keywords, nearest
from unweave.types import DataInfo

STEPS = 30_000  # the length of a run that nobody chose


@dataclass(frozen=True)
class Choice:
    """A method with everything chosen, ready to be written to a file.

    method: name, or "module:Class". parts: {dotted kind: name}, e.g. {"regulariser.critic": "mlp"}.
    settings: {dotted setting: value}, all of them. modules: parts that were handed in as objects.
    """

    method: str
    parts: dict[str, str]
    settings: dict[str, Any]
    modules: dict[str, nn.Module] = field(default_factory=dict)


def choose(method: str | type[Method], given: Mapping[str, Any], info: DataInfo) -> Choice:
    """Everything chosen: what was given, and defaults for the rest.

    given: settings and parts by dotted or unique short name ("__" may stand for the dot); a part is a name,
    "module:Class", a class or a module. Raises ValueError for unknown names (with the nearest), wrong types and values
    out of range.
    """
    name = method if isinstance(method, str) else f"{method.__module__}:{method.__qualname__}"
    entry = entry_of(name, METHODS, "method") if isinstance(method, str) else Entry(name, "")
    made = checked(method, name, "method") if isinstance(method, type) else class_of(name, "method")
    left = {key.replace("__", "."): value for key, value in given.items()}
    parts, modules = {}, {}
    for path, value in _parts(made, "", entry, left, info):
        if isinstance(value, nn.Module):
            modules[path], value = value, f"{type(value).__module__}:{type(value).__qualname__}"
        parts[path] = value
    left = {k: v for k, v in left.items() if not _names_part(k, parts) and not (v in (None, "none") and _kind(k))}
    known = available(made, parts, modules)
    settings = {k: entry.defaults.get(k, word.default) for k, word in known.items()}
    named = {path: part for path, part in parts.items() if path not in modules}
    for key, value in left.items():
        dotted = _dotted(key, known, kinds(made, named))
        settings[dotted] = known[dotted].check(value, key)
    return Choice(name, parts, settings, modules)


def make(choice: Choice, info: DataInfo, *, seed: int = 0, steps: int = STEPS) -> Method:
    """The method as an object on the CPU; its weights are drawn from `seed`. The caller's random state is left alone.

    steps: the length of the run, for those that ask.
    """
    made = class_of(choice.method, "method")
    facts = {f.name: getattr(info, f.name) for f in dataclasses.fields(info)} | {"steps": steps}
    with seeded(fold(seed, "weights"), torch.get_default_device()):
        return _make(made, "", choice, facts)


def available(
    made: Any, parts: Mapping[str, str], modules: Mapping[str, nn.Module], path: str = ""
) -> dict[str, Keyword]:
    """The settings of a class and of the parts chosen for it, by dotted name."""
    found = {path + name: word for name, word in keywords(made).items() if word.setting is not None}
    for name in keywords(made):
        inner = path + name
        if inner in parts and inner not in modules:
            found |= available(class_of(parts[inner], name), parts, modules, inner + ".")
    return found


def kinds(made: Any, parts: Mapping[str, str], path: str = "") -> list[str]:
    """The kinds of part, dotted, that may be chosen for a class and for the parts chosen for it."""
    found = []
    for kind in (name for name in keywords(made) if name in PARTS):
        found.append(path + kind)
        if path + kind in parts:
            found += kinds(class_of(parts[path + kind], kind), parts, f"{path}{kind}.")
    return found


def _names_part(key: str, parts: Mapping[str, Any]) -> bool:
    """Whether a key is the dotted name of a chosen part, or the last word of one."""
    return key in parts or any(part.endswith(f".{key}") for part in parts)


def _kind(path: str) -> bool:
    return path.rpartition(".")[2] in PARTS


def _parts(made: Any, path: str, entry: Entry, given: Mapping[str, Any], info: DataInfo) -> Iterator[tuple[str, Any]]:
    """Every part of a class, outermost first: (dotted kind, name or module)."""
    for kind, word in keywords(made).items():
        if kind not in PARTS:
            continue
        default = entry.parts.get(path + kind, None if word.default is None else _default_part(kind, info))
        chosen = given.get(path + kind, given.get(kind, default))
        if chosen is None or chosen == "none":
            if word.default is not None:
                raise ValueError(f"{entry.where.rpartition(':')[2]} cannot do without its {path + kind}")
            continue
        if isinstance(chosen, type):
            chosen = f"{chosen.__module__}:{chosen.__qualname__}"
        yield path + kind, chosen
        if not isinstance(chosen, nn.Module):
            yield from _parts(class_of(chosen, kind), f"{path}{kind}.", entry, given, info)


def _default_part(kind: str, info: DataInfo) -> str:
    """The part for these data: convolutions and a Bernoulli likelihood for images, fully connected and Gaussian for vectors."""
    images = len(info.shape) == 3
    by_kind = {
        "encoder": "conv64" if images else "mlp",
        "decoder": "conv64" if images else "mlp",
        "likelihood": "bernoulli" if images else "gaussian",
    }
    return by_kind.get(kind) or next(iter(PARTS[kind]))


def _dotted(key: str, known: Mapping[str, Keyword], parts: list[str]) -> str:
    """The full name of a setting that may be given by its last word."""
    if key in known:
        return key
    matches = [k for k in known if k.rpartition(".")[2] == key]
    if len(matches) > 1:
        raise ValueError(f"{key!r} could be {' or '.join(matches)}: give the whole name")
    if not matches:
        names = {*known, *(k.rpartition(".")[2] for k in known), *parts}
        raise ValueError(f"there is no setting {key!r} here; {nearest(key, names)}")
    return matches[0]


def _make(made: Any, path: str, choice: Choice, facts: Mapping[str, Any], owner: str = "") -> Any:
    taken = {k: word for k, word in keywords(made).items() if word.setting is not None}
    own = {k: word.check(choice.settings.get(path + k, word.default), path + k) for k, word in taken.items()}
    part_arguments = made.part_arguments(dict(facts) | own) if issubclass(made, Method | Part) else {}
    arguments: dict[str, Any] = {}
    for name, word in keywords(made).items():
        if name in own:
            arguments[name] = own[name]
        elif path + name in choice.modules:
            arguments[name] = choice.modules[path + name]
        elif path + name in choice.parts:
            inner = class_of(choice.parts[path + name], name)
            told = dict(facts) | dict(part_arguments.get(name, {}))
            arguments[name] = _make(inner, f"{path}{name}.", choice, told, made.__name__)
        elif name in facts:
            arguments[name] = facts[name]
        elif name not in PARTS and word.required:
            if owner:
                kind = path.removesuffix(".")
                raise ValueError(
                    f"{kind} {made.__name__} takes {name!r}, which part_arguments of {owner} does not give"
                )
            raise ValueError(
                f"{made.__name__} takes {name!r}, which nobody gives: annotate it with Setting(...) to make it one"
            )
    return made(**arguments)
