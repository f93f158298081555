"""Resolution of names into a tree of classes and settings, with defaults for those not given.

Settings and parts have dotted names inside parts ("regulariser.beta"), or their last word where
only one part has it ("beta"). A whole name comes before the end of a longer one.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from unweave.methods import METHODS, PARTS, Entry, kind_of
from unweave.methods.base import Method
from unweave.methods.classes import checked, class_of, entry_of
from unweave.methods.spec import Spec, part_kinds
from unweave.settings import keywords
from unweave.settings.names import full_name
from unweave.types import DataInfo

NO_PART = (None, "none")  # values that leave a part out


def resolve(
    method: str | type[Method], given: Mapping[str, Any], info: DataInfo, entry: Entry | None = None
) -> Spec:
    """The tree of a method: the given parts and settings, checked, and defaults for the rest.

    method: a name, "module:Class", or a class. given: settings and parts by dotted or unique short
    name ("__" may stand for the dot); a part is a name, "module:Class", a class, a module, or None.
    info: of the data, which decide the default parts. entry: the parts and defaults in place of
    those in the table of methods.

    ValueError for unknown names (with the nearest), wrong types and values out of range.
    """
    if isinstance(method, str):
        name = method
        usual = entry_of(name, METHODS, "method")
    else:
        name = name_of(method)
        usual = Entry(name, "")
    if isinstance(method, type):
        made = checked(method, name, "method")
    else:
        made = class_of(name, "method")
    entry = entry or usual
    pairs = [(key.replace("__", "."), value) for key, value in given.items()]
    tree = _with_parts(name, made, entry, dict(pairs), info)
    return _with_settings(tree, _settings_in(pairs, tree), entry)


def name_of(made: type | nn.Module) -> str:
    """The name "module:Class" of a class, or of the class of an object."""
    if not isinstance(made, type):
        made = type(made)
    return f"{made.__module__}:{made.__qualname__}"


def _with_parts(name: str, made: Any, entry: Entry, given: dict[str, Any], info: DataInfo) -> Spec:
    """The tree of classes, without settings; takes the parts out of what is given.

    A given part goes to the outermost place whose name ends in its words: outer parts are chosen
    first, as they decide which inner places there are.
    """
    tree: dict[str, Spec] = {}
    waiting = deque([("", made, tree)])
    while waiting:
        path, owner, parts = waiting.popleft()
        words = keywords(owner)
        for keyword, kind in part_kinds(words):
            dotted = f"{path}{keyword}"
            optional = words[keyword].default is None
            chosen = _chosen_part(dotted, kind, optional, entry, given, info)
            if isinstance(chosen, nn.Module):
                parts[keyword] = Spec(name_of(chosen), chosen, {}, {})
            elif chosen not in NO_PART:
                if isinstance(chosen, type):
                    chosen = name_of(chosen)
                part = class_of(chosen, kind)
                inner: dict[str, Spec] = {}
                parts[keyword] = Spec(chosen, part, {}, inner)
                waiting.append((f"{dotted}.", part, inner))
            elif not optional:
                raise ValueError(f"{owner.__name__} cannot do without its {dotted}")
    return Spec(name, made, {}, tree)


def _chosen_part(
    dotted: str, kind: str, optional: bool, entry: Entry, given: dict[str, Any], info: DataInfo
) -> Any:
    """The part at a place: given, which takes it out of `given`, else the table's or the data's."""
    for key in given:
        if _ends_in(dotted, key):
            return given.pop(key)
    if dotted in entry.parts or optional:
        return entry.parts.get(dotted)
    return _default_part(kind, info)


def _settings_in(given: Sequence[tuple[str, Any]], tree: Spec) -> dict[str, Any]:
    """The given settings, without the parts, by dotted name and in their types."""
    words = tree.words()
    places = tree.places()
    known = {**words, **places}
    seen = set()
    found = {}
    for key, value in given:
        none = value in NO_PART and kind_of(key.rpartition(".")[2])
        if none and not any(_ends_in(name, key) for name in known):
            continue  # "none" for a part that this method does not have
        dotted = full_name(key, known, "setting")
        if dotted in seen:
            raise ValueError(f"{dotted} is given twice, the second time as {key!r}")
        seen.add(dotted)
        if dotted in words:
            found[dotted] = words[dotted].check(value, key)
    return found


def _ends_in(dotted: str, words: str) -> bool:
    """Whether a dotted name is these words, or ends in them."""
    return f".{dotted}".endswith(f".{words}")


def _with_settings(tree: Spec, chosen: Mapping[str, Any], entry: Entry, path: str = "") -> Spec:
    """The same tree with its settings: those chosen, else the entry's, else the signature's."""
    settings = {}
    for name, word in tree.keywords().items():
        if word.setting is None:
            continue
        dotted = f"{path}{name}"
        default = entry.defaults.get(dotted, word.default)
        if dotted not in chosen and default is inspect.Parameter.empty:
            raise ValueError(f"{dotted} has no default and was not given ({word.setting.about})")
        settings[name] = chosen.get(dotted, default)
    parts = {}
    for name, part in tree.parts.items():
        parts[name] = _with_settings(part, chosen, entry, f"{path}{name}.")
    return dataclasses.replace(tree, settings=settings, parts=parts)


def _default_part(kind: str, info: DataInfo) -> str:
    """Default part: convolutions and Bernoulli for images, else fully connected and Gaussian."""
    if len(info.shape) == 3:
        usual = {"encoder": "conv64", "decoder": "conv64", "likelihood": "bernoulli"}
    else:
        usual = {"encoder": "mlp", "decoder": "mlp", "likelihood": "gaussian"}
    return usual.get(kind) or next(iter(PARTS[kind]))
