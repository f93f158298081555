"""Scores of a run, scores.json: {metric: score}, each with its checksum, and one of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unweave.files.atomic import WriteError, write
from unweave.metrics.score import Score
from unweave.runs import lock
from unweave.runs.errors import RunError
from unweave.runs.sealed_json import CHECKSUM, marked, parsed, sealed, unmarked
from unweave.settings.typed import typed


class ScoresFile:
    """The scores in a file of a run's folder.

    run: the name of the run, on which the checksums depend; "" in the first two formats.
    first_format: whether its scores may have no checksums.
    """

    def __init__(self, path: Path, *, run: str, first_format: bool):
        self.path = path
        self.run = run
        self.first_format = first_format

    def read(self) -> dict[str, Score]:
        """{metric: score}; empty without a file. RunError for one that is damaged."""
        found = {}
        for name, plain in self._plain().items():
            try:
                found[name] = Score.from_dict(plain)
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                raise RunError(f"{self.path} is damaged: {name} is no score ({error})") from error
        return found

    def keep(self, scores: Mapping[str, Score]) -> None:
        """Write scores beside those that are there, which stay as they were written.

        A newer one replaces its like. RunError if those that are there are damaged; WriteError
        where they cannot be written.
        """
        new = {name: score.to_dict() for name, score in scores.items()}
        try:
            with lock.scoring(self.path.parent):
                kept = self._plain() | new
                each = {name: marked(plain, self.run + name) for name, plain in kept.items()}
                write(self.path, sealed(each, self.run, indent=1).encode())
        except OSError as error:
            raise WriteError(f"could not write {self.path}: {error.strerror}") from error

    def _plain(self) -> dict[str, dict[str, Any]]:
        """The scores as plain dictionaries, without checksums."""
        if not self.path.is_file():
            return {}
        found = {}
        try:
            written = parsed(self.path.read_bytes())
            if CHECKSUM in written or self.run:  # of all of them, so that none is lost
                written = unmarked(written, self.run)
            for name, plain in written.items():
                score: dict[str, Any] = typed(name, plain, dict)
                # an earlier version wrote them without
                if CHECKSUM in score or not self.first_format:
                    score = unmarked(score, self.run + name)
                found[name] = score
        except ValueError as error:
            raise RunError(
                f"{self.path} is damaged: {error}; remove it, and score again"
            ) from error
        return found
