"""What can be wrong with a run folder, in one line that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unweave.metrics.score import Score


class RunError(ValueError):
    """A run folder cannot be used as requested; the message states why and what to do."""


class OtherData(RunError):
    """The data of a run have other contents than when it was trained."""


class RunExists(RunError):
    """There is a run in the folder already, finished or not."""

    def __init__(self, path: Path):
        state = "an unfinished run"
        if (path / "done").exists():
            state = "a finished run"
        super().__init__(
            f"{path} holds {state}: continue it with resume, or choose overwrite or another out"
        )
        self.path = path


class NotKept(RunError):
    """Scores were measured, and could not be written into the folder of their run.

    scores: {name: Score}.
    """

    def __init__(self, scores: Mapping[str, Score], reason: str):
        super().__init__(f"the scores are not kept: {reason}")
        self.scores = dict(scores)
