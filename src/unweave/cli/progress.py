"""Progress line of a training loop: one line, overwritten on a terminal; nothing elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO

from unweave.text import obeyed, visible
from unweave.training.records import COLUMNS, duration


class Progress:
    """Callback of a training loop: takes {"run": folder, "steps": ..., ...}, then each log record.

    run: the folder of the run, once it is known. stream: standard error if None.
    """

    def __init__(self, stream: TextIO | TextIOBase | None = None):
        self.stream = stream or obeyed(sys.stderr)
        self.shown = self.stream.isatty()
        self.run: Path | None = None
        self.steps = 0
        self.batch_size = 0
        self.units: dict[str, str] = {}
        self.open = False

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Print the data or the step resumed at once; any other record is on the progress line."""
        self.units |= record.get("units", {})
        if "run" in record:
            self.run = record["run"]
            self.steps = record["steps"]
            self.batch_size = record["batch_size"]
            print(f"data: {visible(record['data'])}", flush=True)
        elif "resumed" in record:
            print(f"resumed at step {record['resumed']}", flush=True)
        elif self.shown:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r\x1b[2K" + visible(self.line(record))[:width])
            self.stream.flush()
            self.open = True

    def line(self, record: Mapping[str, Any]) -> str:
        """Steps, terms of the loss, active latents, images per second and time left, as text."""
        words = [f"{record['step']:,}/{self.steps:,}", worded(terms(record), self.units)]
        if "active" in record:
            words.append(f"active {record['active']}")
        speed = record["images_per_s"]
        seconds_left = 0.0
        if speed:
            seconds_left = (self.steps - record["step"]) * self.batch_size / speed
        return "  ".join([*words, f"{speed:,.0f} images/s", f"{duration(seconds_left)} left"])

    def close(self) -> None:
        """End the progress line, so that later output begins on a new one."""
        if self.open:
            self.stream.write("\n")
        self.open = False


def terms(record: Mapping[str, Any]) -> dict[str, float]:
    """The named terms of the losses in a record; the losses themselves if there are no terms."""
    found = {name: value for name, value in record.items() if name not in COLUMNS}
    named = {name: value for name, value in found.items() if not name.startswith("loss/")}
    return named or found


def worded(values: Mapping[str, float], units: Mapping[str, str]) -> str:
    """Terms as text, grouped by unit, with the unit after each group."""
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        groups.setdefault(units.get(name, ""), []).append(f"{name} {value:z.4g}")
    parts = []
    for unit, words in groups.items():
        parts += words
        if unit:
            parts[-1] += f" ({unit})"
    return "  ".join(parts)
