"""A run is a folder: what was chosen, what happened, what was learned.

Files are replaced at once, never unpickled.

    METHOD-DATA-HASH-SEED/
        config.json           everything that was chosen, versions, device
        config.json.next      of the run that replaces this one, for a moment
        origin.json           of a run that names third-party code: where it is, sealed (see `seal`)
        log.jsonl             one record a line: the mean of each term of the losses since the last
        weights.safetensors   of the method, as of the last checkpoint; without frozen networks
        state/checkpoint.safetensors   all that a resumed run needs: weights, optimisers, step
        scores.json           {metric: score}, once evaluated
        done                  present once the last step was taken

Every file has a checksum of what is in it. No random state is stored: every step is seeded from
(seed, step), so a killed run continues as if it had not been.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unweave.files.atomic import refuse_undecodable, write
from unweave.methods.base import Method
from unweave.metrics.score import Score
from unweave.runs import checkpoint
from unweave.runs.config import RunConfig
from unweave.runs.errors import RunError, RunExists
from unweave.runs.log import Log
from unweave.runs.own_files import (
    CHECKPOINT,
    CONFIG,
    DONE,
    LOG,
    NEXT,
    SCORES,
    STALE,
    WEIGHTS,
    refuse_links,
    remove_links,
)
from unweave.runs.scores_file import ScoresFile
from unweave.runs.sealed_json import parsed, sealed, unsealed
from unweave.settings.typed import shown
from unweave.training.loop import Training

# 1 has no checksums in its text files; those of 2 do not depend on the run's name, so that a line
# of another run passes
FORMAT = 3


class Folder:
    """The files of one run. `create` makes a new one, `Folder(path)` opens one that exists.

    config: what was chosen. format: 1 to 3, that of its files. RunError for a folder that is none,
    damaged, or newer.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        refuse_undecodable(self.path.absolute(), "the path of the run folder")
        file = self.path / CONFIG
        if not file.is_file():
            here = "does not exist"
            if self.path.exists():
                here = f"is no run folder (it has no {CONFIG})"
            raise RunError(f"{self.path} {here}")
        self.format, self.config = read_config(file.read_bytes(), self.path)
        self.run = ""
        if self.format > 2:
            self.run = self.config.run_name()
        self.log = Log(
            self.path / LOG,
            with_checksums=self.format > 1,
            run=self.run,
            every=self.config.loop.log_every,
        )
        self._scores = ScoresFile(self.path / SCORES, run=self.run, first_format=self.format == 1)

    @classmethod
    def create(cls, path: str | Path, config: RunConfig, *, overwrite: bool = False) -> Folder:
        """A new run folder with its config.

        RunExists if one is there already and is not to be overwritten.

        One that is overwritten loses what unweave wrote, once the new config is written; files of
        others stay. After a kill in between, `replace` does the rest.
        """
        path = Path(path)
        exists = (path / CONFIG).exists()
        if exists and overwrite:
            remove_links(path)
        refuse_links(path)
        if exists and not overwrite:
            raise RunExists(path)
        path.mkdir(parents=True, exist_ok=True)
        write(path / NEXT, sealed({"format": FORMAT} | config.plain(), indent=1).encode())
        return cls.replace(path)

    @staticmethod
    def is_unused(path: Path) -> bool:
        """Whether a run was begun here that ended before its first checkpoint: nothing is lost.

        RunError if a file of it is a link.
        """
        refuse_links(path)
        kept = (CHECKPOINT, WEIGHTS, DONE, SCORES)
        return (path / CONFIG).is_file() and not any((path / name).exists() for name in kept)

    @classmethod
    def replace(cls, path: str | Path) -> Folder:
        """The run folder, with the run in it replaced by the next one, also after a kill meanwhile.

        The old config goes last, with the arrival of the new one: nothing stands beside a config of
        another run.
        """
        path = Path(path)
        if (path / NEXT).is_file():
            for name in STALE:
                (path / name).unlink(missing_ok=True)
            os.replace(path / NEXT, path / CONFIG)
        return cls(path)

    @property
    def done(self) -> bool:
        """Whether the last step was taken."""
        return (self.path / DONE).exists()

    def append(self, record: dict[str, Any]) -> None:
        """Add a line to the log."""
        self.log.append(record)

    def records(self) -> Iterator[dict[str, Any]]:
        """The records of the log.

        RunError for a damaged or missing line; a last one that was cut off is left out.
        """
        last = 0
        for record in self.log.records():
            last = record["step"]
            yield record
        if self.done and last < self.config.loop.steps:
            raise RunError(
                f"{self.path / LOG} ends at step {last} of a run of {self.config.loop.steps}; "
                "restore it from a copy"
            )

    def forget_after(self, step: int) -> None:
        """Take the log back to `step`, that of the checkpoint: what came later is about to be repeated.

        RunError for a log that is damaged, or ends before the checkpoint.
        """
        loop = self.config.loop
        due = step if step == loop.steps else step - step % loop.log_every
        self.log.forget_after(step, due)

    def scores(self) -> dict[str, Score]:
        """{metric: score} of what was scored last; empty if nothing was. RunError if damaged."""
        return self._scores.read()

    def keep_scores(self, scores: Mapping[str, Score]) -> None:
        """Write scores beside those that are there; a newer one replaces its like.

        RunError if those that are there are damaged; WriteError where they cannot be written.
        """
        self._scores.keep(scores)

    def checkpoint(self, training: Training, seconds: float) -> None:
        """Keep all that a resumed run needs, then the weights. seconds: of training so far."""
        self.log.sync()
        checkpoint.keep(training, seconds, self.path / CHECKPOINT, self.path / WEIGHTS)

    def restore(self, training: Training) -> float:
        """Put a new Training where the checkpoint was.

        Returns the seconds of training before it; 0 without one.
        """
        return checkpoint.restore(training, self.path / CHECKPOINT)

    def load_weights(self, method: Method) -> None:
        """The weights of the last checkpoint, into a method of the same making."""
        if not (self.path / WEIGHTS).is_file():
            raise RunError(
                f"{self.path} has no weights yet: it stopped before its first checkpoint; resume it"
            )
        checkpoint.load_weights(method, self.path / WEIGHTS)


def read_config(written: bytes, path: Path) -> tuple[int, RunConfig]:
    """(format, config) that the config.json of the run folder `path` holds.

    RunError if it is damaged, or newer.
    """
    file = path / CONFIG
    try:
        plain = parsed(written)
        version = plain.pop("format", 0)
        if isinstance(version, int) and version > FORMAT:
            raise RunError(
                f"{path} was written by a newer unweave; this one reads format {FORMAT}: upgrade"
            )
        if not isinstance(version, int):
            raise ValueError(f"format is {shown(version)}; expected int")
        if version > 1:
            plain = unsealed(written)
            del plain["format"]
        return version, RunConfig.read(plain, file.name)
    except RunError:
        raise
    except ValueError as error:
        raise RunError(f"{file} is damaged: {error}") from error
