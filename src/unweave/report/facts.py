"""What was chosen and what it was run on, as rows of words for a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from unweave.runs.config import RunConfig
from unweave.runs.run import Run

Rows = list[tuple[str, str]]


def settings(config: RunConfig) -> Rows:
    """Every choice of a run by its dotted name: method, parts, settings, loop, batches, options of the data."""
    method = config.method
    chosen: dict[str, Any] = {"method": method.name, **method.parts, **method.settings, "data": config.data.name}
    chosen |= {f"data.{k}": v for k, v in config.data.options.items()}
    chosen |= asdict(config.loop)
    chosen |= {f"batches.{k}": v for k, v in config.batches.items()}
    return [(name, word(value)) for name, value in chosen.items()]


def data(run: Run) -> Rows:
    """The facts of the data."""
    info = run.info
    chosen = run.config.data
    found = [("name", chosen.name), ("where from", chosen.about)]
    found += [("source", chosen.source)] if chosen.source else []
    found += [("folder", chosen.root)] if chosen.root else []
    found += [("contents", "other than those that it was trained on")] if _differ(run) else []
    held = chosen.held_out
    number = f"{info.n:,}" + (f" to train on, {held:,} held out" if held else "")
    found += [("images" if len(info.shape) == 3 else "vectors", number)]
    found += [("shape", " × ".join(map(str, info.shape)) + (" (C, H, W)" if len(info.shape) == 3 else ""))]
    if info.factor_names:
        sizes = zip(info.factor_names, info.factor_sizes, strict=True)
        found += [("factors", ", ".join(f"{name} ({size})" if size else name for name, size in sizes))]
    if info.classes:
        found += [("classes", ", ".join(class_names(run)) or str(info.classes))]
    return [*found, ("pixels", "black or white" if info.binary else "0 to 255")] if len(info.shape) == 3 else found


def _differ(run: Run) -> bool:
    try:
        return run.data_differ
    except (ValueError, OSError, ImportError):
        return False


def class_names(run: Run, most: int = 50) -> Sequence[str]:
    """Names of the classes of the data; none if the data cannot be opened."""
    try:
        names = list(run.data.class_names)
    except (ValueError, OSError, ImportError):
        return ()
    return names[:most] + [f"and {len(names) - most} more"] * (len(names) > most)


def versions(config: RunConfig) -> Rows:
    """What the run was made with."""
    machine = {} if config.resolved is None else asdict(config.resolved)
    return [(name, str(found)) for name, found in {**config.versions, **machine}.items()]


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """Names of the settings that are not the same in all runs, the seed left out."""
    tables = [dict(settings(config)) for config in configs]
    names = dict.fromkeys(name for table in tables for name in table)
    return [name for name in names if name != "seed" and len({table.get(name, word(None)) for table in tables}) > 1]


def word(value: Any) -> str:
    """A setting as one writes it.

    >>> word(1e-4), word(6.0), word(True), word([1, 2]), word(None), word([])
    ('0.0001', '6', 'yes', '1, 2', '–', '–')
    """
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(word, value))
    return str(value)
