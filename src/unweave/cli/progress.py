"""What is seen of a run while it trains: one line that is written over on a terminal, nothing elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO

from unweave.training.records import COLUMNS, duration


class Progress:
    """Called with every record of a run's log, and before them with what it is: {"run": folder, "steps": ..., ...}.

    run: the folder, once it is known. resumed: the step at which the run was taken up, None for a new one.
    """

    def __init__(self, stream: TextIO | TextIOBase | None = None):
        self.stream = stream or sys.stderr
        self.shown = self.stream.isatty()
        self.run: Path | None = None
        self.steps = self.batch_size = 0
        self.units: dict[str, str] = {}
        self.open = False

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Say what the record says."""
        self.units |= record.get("units", {})
        if "run" in record:
            self.run, self.steps, self.batch_size = record["run"], record["steps"], record["batch_size"]
            print(f"data: {record['data']}", flush=True)
        elif "resumed" in record:
            print(f"resumed at step {record['resumed']}", flush=True)
        elif self.shown:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r\x1b[2K" + self.line(record)[:width])
            self.stream.flush()
            self.open = True

    def line(self, record: Mapping[str, Any]) -> str:
        """Steps, the terms of the loss, active latents, speed, time left."""
        words = [f"{record['step']:,}/{self.steps:,}"]
        words += [worded(terms(record), self.units)]
        words += [f"active {record['active']}"] if "active" in record else []
        speed = record["images_per_s"]
        left = (self.steps - record["step"]) * self.batch_size / speed if speed else 0
        return "  ".join([*words, f"{speed:,.0f} images/s", f"{duration(left)} left"])

    def close(self) -> None:
        """End the line, so that what follows stands below it."""
        if self.open:
            self.stream.write("\n")
        self.open = False


def terms(record: Mapping[str, Any]) -> dict[str, float]:
    """The named terms of the losses in a record; the losses themselves only where nothing else is named."""
    found = {name: value for name, value in record.items() if name not in COLUMNS}
    return {k: v for k, v in found.items() if not k.startswith("loss/")} or found


def worded(values: Mapping[str, float], units: Mapping[str, str]) -> str:
    """Terms side by side, those of one unit together and before it."""
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        groups.setdefault(units.get(name, ""), []).append(f"{name} {value:z.4g}")
    return "  ".join("  ".join(words) + (f" ({unit})" if unit else "") for unit, words in groups.items())
