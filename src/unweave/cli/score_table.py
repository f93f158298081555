"""Table of scores as text: values with errors, 95 % intervals and null floors, and notes."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unweave.metrics.tables.notes import notes

if TYPE_CHECKING:
    from unweave.metrics import Score


def table(scores: Mapping[str, Score]) -> str:
    """Table of scores as text: name, value with its error, 95 % interval and null floor.

    Above it the notes that most scores share, below it the notes of single scores.
    """
    shared, others = notes(scores)
    lines = []
    for note in shared:
        lines += [*wrapped(note), ""]
    rows = [("metric", "score ± standard error", "95 % interval", "null")]
    for name, score in scores.items():
        rows.append((name, _value(score), _interval(score), _floor(score)))
    lines += aligned(rows)
    for note, names in others.items():
        lines += ["", *wrapped(f"{', '.join(names)}: {note}")]
    return "\n".join(lines)


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows of a table as lines, their cells padded to the width of the column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


def _value(score: Score) -> str:
    """The value with its error; "nan" where it is undefined."""
    if math.isnan(score.value):
        return "nan"
    return str(score)


def _interval(score: Score) -> str:
    """The 95 % interval, or why there is none."""
    if not math.isfinite(score.error):
        return _unknown(score)
    return f"{score.low:z.3f} to {score.high:z.3f}"


def _floor(score: Score) -> str:
    """The null floor, or why there is none."""
    if not math.isfinite(score.null):
        return _unknown(score)
    return f"{score.null:z.3f}"


def _unknown(score: Score) -> str:
    """The text in place of a number that was not measured; nothing beside an undefined score."""
    if math.isnan(score.value):
        return ""
    return "not measured"


def wrapped(text: str) -> list[str]:
    """A text as lines of the width of the terminal."""
    return textwrap.wrap(text, max(40, shutil.get_terminal_size().columns), subsequent_indent="  ")
