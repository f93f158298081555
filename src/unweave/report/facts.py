"""Settings, data and versions of a run as rows of text for a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from unweave.runs.config import RunConfig
from unweave.runs.run import Run

Rows = list[tuple[str, str]]


def settings(config: RunConfig) -> Rows:
    """All settings of a run by dotted name: method, parts, settings, data, loop and batches."""
    chosen: dict[str, Any] = {"method": config.method.name}
    chosen |= config.method.parts
    chosen |= config.method.settings
    chosen["data"] = config.data.name
    chosen |= {f"data.{k}": v for k, v in config.data.options.items()}
    chosen |= asdict(config.loop)
    chosen |= {f"batches.{k}": v for k, v in asdict(config.batches).items()}
    return [(name, word(value)) for name, value in chosen.items()]


def data(run: Run) -> Rows:
    """Name, source, size, shape, factors and classes of the data of a run."""
    info = run.info
    chosen = run.config.data
    of_images = len(info.shape) == 3
    found = [("name", chosen.name), ("where from", chosen.about)]
    if chosen.source:
        found.append(("source", chosen.source))
    if chosen.root:
        found.append(("folder", chosen.root))
    if _differ(run):
        found.append(("contents", "other than those that it was trained on"))
    number = f"{info.n:,}"
    if chosen.held_out:
        number += f" to train on, {chosen.held_out:,} held out"
    shape = " × ".join(map(str, info.shape))
    if of_images:
        found += [("images", number), ("shape", f"{shape} (C, H, W)")]
    else:
        found += [("vectors", number), ("shape", shape)]
    if info.factor_names:
        sizes = zip(info.factor_names, info.factor_sizes, strict=True)
        found.append(("factors", ", ".join(_factor(name, size) for name, size in sizes)))
    if info.classes:
        found.append(("classes", ", ".join(class_names(run)) or str(info.classes)))
    if of_images:
        values = "0 to 255"
        if info.binary:
            values = "black or white"
        found.append(("pixels", values))
    return found


def _factor(name: str, size: int) -> str:
    """A factor's name, with its number of values where it has one (0: continuous)."""
    if not size:
        return name
    return f"{name} ({size})"


def _differ(run: Run) -> bool:
    try:
        return run.data_differ
    except (ValueError, OSError, ImportError):
        return False


def class_names(run: Run, most: int = 50) -> Sequence[str]:
    """Names of the classes of the data, at most `most`; none if the data cannot be opened."""
    try:
        names = list(run.data.class_names)
    except (ValueError, OSError, ImportError):
        return ()
    if len(names) > most:
        return [*names[:most], f"and {len(names) - most} more"]
    return names


def versions(config: RunConfig) -> Rows:
    """Versions of the packages, and the resolved device and precision of a run."""
    found: dict[str, Any] = dict(config.versions)
    if config.resolved is not None:
        found |= asdict(config.resolved)
    return [(name, str(value)) for name, value in found.items()]


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """Names of the settings that differ between runs, without the seed."""
    tables = [dict(settings(config)) for config in configs]
    names = dict.fromkeys(name for table in tables for name in table)
    names.pop("seed", None)
    absent = word(None)
    return [name for name in names if len({table.get(name, absent) for table in tables}) > 1]


def word(value: Any) -> str:
    """The value of a setting as text.

    >>> word(1e-4), word(6.0), word(True), word([1, 2]), word(None), word([])
    ('0.0001', '6', 'yes', '1, 2', '–', '–')
    """
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return {True: "yes", False: "no"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(word, value))
    return str(value)
