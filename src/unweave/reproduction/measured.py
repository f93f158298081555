"""One number of a run, as a recipe asks for it: a score, a term of the log, or a measure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from unweave.evaluation.evaluate import evaluate
from unweave.locate import locate
from unweave.reproduction.measures import MEASURES
from unweave.runs.run import Run


def measured(how: Mapping[str, Any], run: Run) -> float:
    """One number of a run.

    how: {score: NAME, part: PART, ...} is a score, or a scalar part of it, with options of `evaluate`; {log: TERM} a term
    of the log, the mean of its last {records: N} (1); {call: "module:function", ...} a function of the run and keywords,
    one of `MEASURES` or, where the recipe is trusted, anybody's.
    """
    options = {k: v for k, v in how.items() if k not in ("score", "part", "log", "call", "records")}
    if "score" in how:
        score = evaluate(run, how["score"], **options)[how["score"]]
        return float(score.parts[how["part"]] if "part" in how else score.value)
    if "log" in how:
        last = [r[how["log"]] for r in run.records() if how["log"] in r][-how.get("records", 1) :]
        return float(sum(last) / len(last))
    return float(_measure(how["call"])(run, **options))


def _measure(name: str) -> Callable[..., float]:
    """A function of a run, looked at before it is called. ValueError if it is none."""
    if name in MEASURES:
        return locate(name)
    found = locate(name, beside=[Path.cwd()])
    if not (inspect.isfunction(found) and next(iter(inspect.signature(found).parameters), "") == "run"):
        raise ValueError(f"{name} is no measure: that is a function (run, **options)")
    return found
