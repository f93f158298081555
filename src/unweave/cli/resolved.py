"""Chosen options of `unweave train`: in the groups that training takes, and resolved, as YAML."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from unweave.text import encodable

if TYPE_CHECKING:
    from unweave.cli.options import Option


def show(own: Mapping[str, Any], chosen: Mapping[str, Any], options: Mapping[str, Option]) -> int:
    """Print all resolved options as YAML that `--config` takes."""
    import yaml

    from unweave import data as datasets
    from unweave.runs import train as fit

    parts = grouped(chosen)
    source = datasets.load(own["data"], own.get("root"), **parts["data"])
    spec = fit.choose(own["method"], parts["settings"], source.info)
    resolved = {name: own[name] for name in ("method", "data", "root", "out") if name in own}
    resolved |= spec.part_names()
    resolved |= spec.flat()
    for name, option in options.items():
        if group_of(name) != "settings":
            resolved[name] = chosen.get(name, option.default)
    for name, value in resolved.items():
        if isinstance(value, tuple):  # YAML has lists only
            resolved[name] = list(value)
    text = yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True)
    if encodable(text, sys.stdout) != text:  # the escapes of YAML, which mean the same
        text = yaml.safe_dump(resolved, sort_keys=False)
    print(text, end="")
    return 0


def grouped(chosen: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The options in the groups that `fit.train` takes: loop, settings, data and batches."""
    parts: dict[str, dict[str, Any]] = {"loop": {}, "settings": {}, "data": {}, "batches": {}}
    for key, value in chosen.items():
        group = group_of(key)
        parts[group][key.removeprefix(f"{group}.")] = value
    return parts


def group_of(key: str) -> str:
    """The group of an option: "loop", "settings", "data" or "batches"."""
    from unweave.runs import train as fit
    from unweave.settings import keywords

    first, dot, _ = key.partition(".")
    if dot and first in ("data", "batches"):
        return first
    if key in keywords(fit.train):
        return "loop"
    return "settings"
