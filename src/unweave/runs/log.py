"""The log of a run, log.jsonl: one record a line, each with its checksum; a last line that was cut off is forgiven."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unweave.files import WriteError, write
from unweave.runs.errors import RunError
from unweave.runs.sealed_json import Altered, parsed, sealed, unsealed


class Log:
    """The records in a file. with_checksums: whether its lines have them, as all have but those of the first format."""

    def __init__(self, path: Path, *, with_checksums: bool = True):
        self.path = path
        self.with_checksums = with_checksums

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a line. WriteError if it cannot be written."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(self._line(record))
        except OSError as error:
            raise WriteError(f"could not write {self.path}: {error.strerror}; resume when it can") from error

    def records(self) -> Iterator[dict[str, Any]]:
        """The records in order. RunError for a line that is damaged, unless it is the last and was cut off."""
        content = self.path.read_bytes() if self.path.is_file() else b""
        *lines, rest = content.split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                yield self._record(line)
            except ValueError as error:
                raise RunError(f"line {number} of {self.path} is damaged: {error}; restore it from a copy") from error
        if rest:  # written without its end, as by a kill
            try:
                yield self._record(rest)
            except ValueError:
                return

    def forget_after(self, step: int) -> None:
        """Take the log back to `step`: what came later is about to be repeated. RunError as of `records`."""
        kept = [self._line(record) for record in self.records() if record["step"] <= step]
        write(self.path, "".join(kept).encode())

    def _line(self, record: Mapping[str, Any]) -> str:
        return (sealed(record) if self.with_checksums else json.dumps(record)) + "\n"

    def _record(self, line: bytes) -> dict[str, Any]:
        record = unsealed(line) if self.with_checksums else parsed(line)
        step = record.get("step")
        if not isinstance(step, int) or isinstance(step, bool):
            raise Altered("it has no step")
        return record
