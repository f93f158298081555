"""One number of a run, as a recipe specifies it: a score, a term of the log, or a measure."""

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

    how: one of
    - {score: NAME, part: PART, ...}: a score, or a scalar part of it, with options of `evaluate`;
    - {log: TERM, records: N}: the mean of the last N (default 1) records of a term of the log;
    - {call: "module:function", ...}: a function of the run and keywords, one of `MEASURES` or, where
      the recipe is trusted, a third-party function.
    """
    options = {k: v for k, v in how.items() if k not in ("score", "part", "log", "call", "records")}
    if "score" in how:
        score = evaluate(run, how["score"], **options)[how["score"]]
        if "part" in how:
            return float(score.parts[how["part"]])
        return float(score.value)
    if "log" in how:
        term = how["log"]
        values = [record[term] for record in run.records() if term in record]
        last = values[-how.get("records", 1) :]
        return float(sum(last) / len(last))
    return float(_measure(how["call"])(run, **options))


def _measure(name: str) -> Callable[..., float]:
    """A measure by module:function. Raises ValueError if it is not a function whose first argument is `run`."""
    if name in MEASURES:
        return locate(name)
    found = locate(name, beside=[Path.cwd()])
    first = next(iter(inspect.signature(found).parameters), "") if inspect.isfunction(found) else ""
    if first != "run":
        raise ValueError(f"{name} is no measure: that is a function (run, **options)")
    return found
