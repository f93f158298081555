"""A run is a folder: what was chosen, what happened, what was learned. Files are replaced at once, never unpickled.

    METHOD-DATA-HASH-SEED/
        config.json           everything that was chosen, versions, device
        config.json.next      of the run that replaces this one, for a moment
        origin.json           of a run that names code of its user's own: where it stands, sealed (see `seal`)
        log.jsonl             one record a line: the mean of each term of the losses since the one before
        weights.safetensors   of the method, as of the last checkpoint; without frozen networks
        state/checkpoint.safetensors   weights, state of the optimisers, step: all that a resumed run needs, in one file
        scores.json           {metric: score}, once evaluated
        done                  present once the last step was taken

Every file has a checksum of what is in it. No random state is stored: every step is seeded from (seed, step), so a killed
run continues as if it had not been.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unweave.files.atomic import WriteError, refuse_undecodable, write
from unweave.methods.base import Method
from unweave.metrics.score import Score
from unweave.runs import checkpoint, lock
from unweave.runs.config import RunConfig
from unweave.runs.errors import RunError, RunExists
from unweave.runs.log import Log
from unweave.runs.sealed_json import CHECKSUM, marked, parsed, sealed, unmarked, unsealed
from unweave.settings.typed import shown, typed
from unweave.training.loop import Training

FORMAT = 3  # 1 has no checksums in its text files; those of 2 are not of the run's name, so that a line of another run passes
CONFIG = "config.json"
NEXT = "config.json.next"  # of the run that is about to replace the one here
LOG = "log.jsonl"
WEIGHTS = "weights.safetensors"
CHECKPOINT = "state/checkpoint.safetensors"
SCORES = "scores.json"
ORIGIN = "origin.json"
DONE = "done"
STALE = (
    CHECKPOINT,
    DONE,
    WEIGHTS,
    LOG,
    SCORES,
    ORIGIN,
)  # of a run that is replaced, in the order of removal
OWN = (CONFIG, NEXT, "state", *STALE)  # what unweave writes


def refuse_links(path: Path) -> None:
    """RunError if a file of a run, or its folder `state`, is a symbolic link: what is written would land elsewhere.

    The run folder itself may be one. Whoever opens a folder to write into it calls this first.
    """
    if found := [name for name in OWN if (path / name).is_symlink()]:
        raise RunError(
            f"{path} is not written to: its {found[0]} is a symbolic link; put there what it links to, or remove it"
        )


def _remove_links(path: Path) -> None:
    """Remove the files of a run that are symbolic links, `state` first: nothing is removed through it."""
    for name in ("state", *OWN):
        if (path / name).is_symlink():
            (path / name).unlink()


class Folder:
    """The files of one run. `create` makes a new one, `Folder(path)` opens one that exists.

    config: what was chosen. format: 1 to 3, that of its files. RunError for a folder that is none, damaged, or newer.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        refuse_undecodable(self.path.absolute(), "the path of the run folder")
        file = self.path / CONFIG
        if not file.is_file():
            here = (
                f"is no run folder (it has no {CONFIG})" if self.path.exists() else "does not exist"
            )
            raise RunError(f"{self.path} {here}")
        self.format, self.config = read_config(file.read_bytes(), self.path)
        self.run = self.config.run_name() if self.format > 2 else ""
        self.log = Log(
            self.path / LOG,
            with_checksums=self.format > 1,
            run=self.run,
            every=self.config.loop.log_every,
        )

    @classmethod
    def create(cls, path: str | Path, config: RunConfig, *, overwrite: bool = False) -> Folder:
        """A new run folder with its config. RunExists if one is there already and is not to be overwritten.

        One that is overwritten loses what unweave wrote, once the new config is written; files of others stay. After a
        kill in between, `replace` does the rest.
        """
        path = Path(path)
        exists = (path / CONFIG).exists()
        if exists and overwrite:
            _remove_links(path)
        refuse_links(path)
        if exists and not overwrite:
            raise RunExists(path)
        path.mkdir(parents=True, exist_ok=True)
        write(path / NEXT, sealed({"format": FORMAT} | config.plain(), indent=1).encode())
        return cls.replace(path)

    @classmethod
    def replace(cls, path: str | Path) -> Folder:
        """The run folder, once the run that was to replace the one in it has done so, also after a kill meanwhile.

        The old config goes last, with the arrival of the new one: nothing stands beside a config of another run.
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
        """The records of the log. RunError for a damaged or missing line; a last one that was cut off is left out."""
        last = 0
        for record in self.log.records():
            last = record["step"]
            yield record
        if self.done and last < self.config.loop.steps:
            raise RunError(
                f"{self.path / LOG} ends at step {last} of a run of {self.config.loop.steps}; restore it from a copy"
            )

    def forget_after(self, step: int) -> None:
        """Take the log back to `step`, that of the checkpoint: what came later is about to be repeated.

        RunError for a log that is damaged, or ends before the checkpoint.
        """
        loop = self.config.loop
        due = step if step == loop.steps else step - step % loop.log_every
        self.log.forget_after(step, due)

    def scores(self) -> dict[str, Score]:
        """{metric: score} of what was scored last; empty if nothing was. RunError for a file that is damaged."""
        found = {}
        for name, plain in self._plain_scores().items():
            try:
                found[name] = Score.from_dict(plain)
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                raise RunError(
                    f"{self.path / SCORES} is damaged: {name} is no score ({error})"
                ) from error
        return found

    def keep_scores(self, scores: Mapping[str, Score]) -> None:
        """Write scores beside those that are there, which stay as they were written; a newer one replaces its like.

        RunError if those that are there are damaged; WriteError where they cannot be written.
        """
        try:
            with lock.scoring(self.path):
                kept = self._plain_scores() | {
                    name: score.to_dict() for name, score in scores.items()
                }
                each = {name: marked(plain, self.run + name) for name, plain in kept.items()}
                write(self.path / SCORES, sealed(each, self.run, indent=1).encode())
        except OSError as error:
            raise WriteError(f"could not write {self.path / SCORES}: {error.strerror}") from error

    def _plain_scores(self) -> dict[str, dict[str, Any]]:
        file = self.path / SCORES
        if not file.is_file():
            return {}
        found = {}
        try:
            written = parsed(file.read_bytes())
            if CHECKSUM in written or self.format > 2:  # of all of them, so that none is lost
                written = unmarked(written, self.run)
            for name, plain in written.items():
                score: dict[str, Any] = typed(name, plain, dict)
                earlier = (
                    self.format == 1 and CHECKSUM not in score
                )  # as an earlier version wrote it
                found[name] = score if earlier else unmarked(score, self.run + name)
        except ValueError as error:
            raise RunError(f"{file} is damaged: {error}; remove it, and score again") from error
        return found

    def checkpoint(self, training: Training, seconds: float) -> None:
        """Keep all that a resumed run needs, then the weights alone. seconds: of training so far."""
        self.log.sync()
        checkpoint.keep(training, seconds, self.path / CHECKPOINT, self.path / WEIGHTS)

    def restore(self, training: Training) -> float:
        """Put a new Training where the checkpoint was. Returns the seconds of training before it; 0 without one."""
        return checkpoint.restore(training, self.path / CHECKPOINT)

    def load_weights(self, method: Method) -> None:
        """The weights of the last checkpoint, into a method of the same making."""
        if not (self.path / WEIGHTS).is_file():
            raise RunError(
                f"{self.path} has no weights yet: it stopped before its first checkpoint; resume it"
            )
        checkpoint.load_weights(method, self.path / WEIGHTS)


def read_config(written: bytes, path: Path) -> tuple[int, RunConfig]:
    """(format, config) that the config.json of the run folder `path` holds. RunError if it is damaged, or newer."""
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
