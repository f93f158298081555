"""Damage to the text and to the values of JSON and YAML files, for `damage.py`."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import yaml

from unweave.runs.sealed_json import marked

OTHER_TYPES = (
    None,
    True,
    -1,
    0,
    3.5,
    1e300,
    float("nan"),
    float("inf"),
    10**30,
    "",
    "x",
    "1",
    [],
    [1],
    ["x"],
    {},
    {"a": 1},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values within a value."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def altered(plain: Any, other: Any, rng: np.random.Generator) -> Any:
    """Names with values, one of them of another type, renamed, removed, or as in the other run."""
    plain = json.loads(json.dumps(plain))
    every = places(plain)
    path = every[rng.integers(len(every))]
    holder = plain
    beside = other
    for key in path[:-1]:
        holder = holder[key]
        with contextlib.suppress(KeyError, IndexError, TypeError):
            beside = beside[key]
    last = path[-1]
    kind = rng.integers(4)
    if kind == 0 and isinstance(holder, dict):
        holder[f"{last}x"] = holder.pop(last)
    elif kind == 1:
        del holder[last]
    elif kind == 2 and isinstance(beside, dict) and last in beside:
        holder[last] = beside[last]
    else:
        holder[last] = OTHER_TYPES[rng.integers(len(OTHER_TYPES))]
    return plain


def damaged_text(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A flipped bit, bytes cut off, or a line removed, copied, moved, or of the other run."""
    lines = content.splitlines(keepends=True)
    line = int(rng.integers(len(lines)))
    kind = rng.integers(7)
    if kind <= 1:
        place = int(rng.integers(len(content)))
        return (
            content[:place]
            + bytes([content[place] ^ 1 << int(rng.integers(8))])
            + content[place + 1 :]
        )
    if kind == 2:
        return content[: int(rng.integers(len(content)))]
    taken = lines.pop(line)
    if kind == 3:
        return b"".join(lines)
    if kind == 4:
        taken *= 2
    if kind == 5:
        line = int(rng.integers(len(lines) + 1))
    if kind == 6:
        theirs = other.splitlines(keepends=True)
        taken = theirs[line % len(theirs)]
    return b"".join([*lines[:line], taken, *lines[line:]])


def resealed(name: str, plain: Any, run: str) -> Any:
    """The same with checksums that hold. run: its name."""
    if not isinstance(plain, dict):
        return plain
    if name == "config.json":
        return marked(plain)
    if name == "scores.json":
        plain = {
            key: marked(value, run + key) if isinstance(value, dict) else value
            for key, value in plain.items()
        }
    return marked(plain, run)


def damage(
    name: str, content: bytes, other: bytes, run: str, rng: np.random.Generator
) -> tuple[bytes, bool]:
    """(a damaged file, whether it was given checksums that hold)."""
    if rng.random() < 0.5:
        return damaged_text(content, other, rng), False
    if name.endswith(".yaml"):
        return yaml.safe_dump(
            altered(yaml.safe_load(content), yaml.safe_load(other), rng), sort_keys=False
        ).encode(), True
    forged = bool(rng.random() < 0.5)
    line = 0
    texts = [content], [other]
    if name == "log.jsonl":
        texts = content.splitlines(), other.splitlines()
        line = int(rng.integers(len(texts[0])))
    plain = altered(json.loads(texts[0][line]), json.loads(texts[1][line]), rng)
    if forged:
        plain = resealed(name, plain, run)
    texts[0][line] = json.dumps(plain, indent=1 if name == "config.json" else None).encode()
    return b"\n".join(texts[0]) + (b"\n" if name == "log.jsonl" else b""), forged
