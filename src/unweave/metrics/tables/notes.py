"""Notes of the scores of a table: those that most of them share once, and the rest by metric."""

from __future__ import annotations

from collections.abc import Mapping

from unweave.metrics.score import Score


def notes(scores: Mapping[str, Score]) -> tuple[list[str], dict[str, list[str]]]:
    """The notes that more than half of the scores share, and the others, {note: names of the
    metrics}.

    >>> reasons = {"mig": "z3 is silent; odd", "sap": "z3 is silent", "dci": ""}
    >>> notes({name: Score(1.0, reason=reason) for name, reason in reasons.items()})
    (['z3 is silent'], {'odd': ['mig']})
    """
    found: dict[str, list[str]] = {}
    for name, score in scores.items():
        for note in dict.fromkeys(score.reason.split("; ")):
            found.setdefault(note, []).append(name)
    found.pop("", None)
    shared = []
    if len(scores) > 1:
        shared = [note for note, names in found.items() if len(names) > len(scores) / 2]
    return shared, {note: names for note, names in found.items() if note not in shared}
