"""The log of a run, log.jsonl: one record a line, each with its checksum.

A last line that was cut off is forgiven.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unweave.files.atomic import WriteError, write
from unweave.runs.errors import RunError
from unweave.runs.sealed_json import Altered, parsed, sealed, unsealed
from unweave.settings.typed import shown, typed
from unweave.training.records import COLUMNS

COLUMN = re.compile("0|[1-9][0-9]{0,9}")
OF_A_BLOCK = {"kl", "active", "latents"}


class Log:
    """The records in a file.

    with_checksums: whether its lines have them, as all have but those of the first format. run: the
    name of the run, which the checksums are of too. every: the most steps from one record to the
    next; 0 if that is not known.
    """

    def __init__(self, path: Path, *, with_checksums: bool = True, run: str = "", every: int = 0):
        self.path = path
        self.with_checksums = with_checksums
        self.run = run
        self.every = every

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a line. WriteError if it cannot be written."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(self._line(record))
        except OSError as error:
            raise WriteError(
                f"could not write {self.path}: {error.strerror}; resume when it can"
            ) from error

    def records(self) -> Iterator[dict[str, Any]]:
        """The records in order of their steps.

        RunError for a line that is damaged, unless it is the last and was cut off, and where lines
        were removed, moved or copied.
        """
        content = b""
        if self.path.is_file():
            content = self.path.read_bytes()
        *lines, rest = content.split(b"\n")
        if self._is_record(rest):  # it lacks its end alone
            lines.append(rest)
        before = 0
        for number, line in enumerate(lines, 1):
            try:
                record = self._record(line)
                self._refuse_gap(before, record["step"])
            except ValueError as error:
                raise RunError(
                    f"line {number} of {self.path} is damaged: {error}; restore it from a copy"
                ) from error
            before = record["step"]
            yield record

    def forget_after(self, step: int, due: int = 0) -> None:
        """Take the log back to `step`: what came later is about to be repeated.

        due: the step of the last record that has to be there. RunError if it is not, and as of
        `records`; then the file is kept.
        """
        kept = [record for record in self.records() if record["step"] <= step]
        last = kept[-1]["step"] if kept else 0
        if last < due:
            raise RunError(
                f"{self.path} ends at step {last}, and the checkpoint beside it is of step {step}; "
                "restore the log from a copy, or train again"
            )
        write(self.path, "".join(map(self._line, kept)).encode())

    def sync(self) -> None:
        """Have on the disk what was appended, also if the power fails: a checkpoint counts on it."""
        if self.path.is_file():
            with self.path.open("ab") as file:
                os.fsync(file.fileno())

    def _line(self, record: Mapping[str, Any]) -> str:
        if self.with_checksums:
            return sealed(record, self.run) + "\n"
        return json.dumps(record) + "\n"

    def _refuse_gap(self, before: int, step: int) -> None:
        """Altered if a record does not follow the one before it, by at most `every` steps.

        The first is at most `every` steps from the start.
        """
        if step <= before and before > 0:
            raise Altered(f"its step, {step}, is not after {before}, that of the line before")
        if self.every and step - before > self.every:
            raise Altered(
                f"lines before it are missing: its step is {step}, "
                f"and there is one every {self.every} steps"
            )

    def _is_record(self, line: bytes) -> bool:
        try:
            return bool(self._record(line))
        except ValueError:
            return False

    def _record(self, line: bytes) -> dict[str, Any]:
        if self.with_checksums:
            record = unsealed(line, self.run)
        else:
            record = parsed(line)
        if "step" not in record:
            raise Altered("it has no step")
        for name, value in record.items():
            kind = COLUMNS.get(name, float)
            if type(value) is not kind:  # most are floats, and logs are long
                typed(name, value, kind)
        if not 0 <= record.get("seconds", 0) < math.inf:
            raise Altered(f"seconds is {record['seconds']}; expected a length of time")
        _refuse_misshapen(record)
        return record


def _refuse_misshapen(record: Mapping[str, Any]) -> None:
    """Altered if the KL of latents or blocks is none that `kl_log.written` gives."""
    kl = record.get("kl per latent", [0.0])
    if not kl or not all(map(COLUMN.fullmatch, kl if isinstance(kl, dict) else ())):
        raise Altered(f"kl per latent is {shown(kl)}; expected the KL of columns by their numbers")
    for name, block in record.get("kl per block", {}).items():
        if block.keys() != OF_A_BLOCK:
            words = ", ".join(sorted(OF_A_BLOCK))
            raise Altered(f"kl per block: {name} is {shown(block)}; expected {words}")
