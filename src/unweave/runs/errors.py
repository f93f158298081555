"""What can be wrong with a run folder, in one line that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from unweave.settings import as_option

if TYPE_CHECKING:
    from unweave.metrics.score import Score


class RunError(ValueError):
    """A run folder cannot be used as requested; the message states why and what to do."""


class OtherData(RunError):
    """The data of a run have other contents than when it was trained."""


class RunExists(RunError):
    """There is a run in the folder already, finished or not."""

    def __init__(self, path: Path):
        state = f"an unfinished run: continue it, --resume {path} (unweave.resume), or"
        if (path / "done").exists():
            state = "a finished run:"
        super().__init__(
            f"{path} holds {state} choose {as_option('overwrite')} or another "
            f"{as_option('out', 'DIR')}"
        )
        self.path = path


class NotKept(RunError):
    """Scores were measured, and could not be written into the folder of their run.

    scores: {name: Score}.
    """

    def __init__(self, scores: Mapping[str, Score], reason: str):
        super().__init__(f"the scores are not kept: {reason}")
        self.scores = dict(scores)
