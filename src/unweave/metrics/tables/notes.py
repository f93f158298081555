"""What the scores of a table have to say: what holds for most of them once, and the rest metric by metric."""

from __future__ import annotations

from collections.abc import Mapping

from unweave.metrics.score import Score


def notes(scores: Mapping[str, Score]) -> tuple[list[str], dict[str, list[str]]]:
    """What more than half of the scores say, and what else is said, {note: names of the metrics}.

    >>> few = {"mig": Score(1.0, reason="z3 is silent; odd"), "sap": Score(1.0, reason="z3 is silent"), "dci": Score(1.0)}
    >>> notes(few)
    (['z3 is silent'], {'odd': ['mig']})
    """
    said: dict[str, list[str]] = {}
    for name, score in scores.items():
        for note in dict.fromkeys(score.reason.split("; ")):
            said.setdefault(note, []).append(name)
    said.pop("", None)
    shared = [note for note, names in said.items() if len(scores) > 1 and len(names) > len(scores) / 2]
    return shared, {note: names for note, names in said.items() if note not in shared}
