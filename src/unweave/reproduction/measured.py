"""One number of a run, as a recipe specifies it: a score, a term of the log, or a measure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from numbers import Real
from pathlib import Path
from typing import Annotated, Any

from unweave.evaluation.evaluate import evaluate
from unweave.metrics import METRICS
from unweave.reproduction.measures import MEASURES
from unweave.runs.run import Run
from unweave.settings import Setting, keywords, nearest
from unweave.settings.locate import locate
from unweave.settings.typed import shown, typed

KINDS = ("score", "log", "call")
NAMES = (*KINDS, "part", "data")


def measured(how: Mapping[str, Any], run: Run) -> float:
    """One number of a run.

    how: one of
    - {score: NAME, part: PART, ...}: a score, or a scalar part of it, with options of `evaluate`;
    - {log: TERM, records: N}: the mean of the last N (default 1) records of a term of the log;
    - {call: "module:function", ...}: a function of the run and keywords, one of `MEASURES` or,
      where the recipe is trusted, a third-party function.
    ValueError for a term, a part or an option that there is not.
    """
    if "score" in how:
        return _score(run, **how)
    if "log" in how:
        return _mean_of_last(run, **how)
    function = _measure(how["call"])
    options = {word: value for word, value in how.items() if word != "call"}
    _refuse_unknown(options, function)
    return float(function(run, **options))


def refuse_misshapen(how: Mapping[str, Any]) -> None:
    """ValueError unless a measure is a score, a term of the log or a call, and its options fit.

    Nothing of a third party is imported: what a function of theirs takes is found out when it is
    called.
    """
    if sum(word in how for word in KINDS) != 1:
        raise ValueError(f"the measure {shown(how)} has to name one of score, log and call")
    for word in NAMES:
        if word in how:
            typed(f"the measure: {word}", how[word], str)
    options = {word: value for word, value in how.items() if word != "call"}
    if "score" in how:
        if how["score"] not in METRICS and ":" not in how["score"]:
            hint = nearest(how["score"], METRICS)
            raise ValueError(f"the measure: there is no metric {how['score']!r}; {hint}")
        _refuse_unknown(options, _score)
    elif "log" in how:
        _refuse_unknown(options, _mean_of_last)
    elif how["call"] in MEASURES:
        _refuse_unknown(options, locate(how["call"]))
    elif ":" not in how["call"]:
        raise ValueError(f"the measure: call is {shown(how['call'])}; expected module:function")


def _refuse_unknown(given: Mapping[str, Any], function: Callable[..., float]) -> None:
    """ValueError for an option that is not the function's, of another type, or missing."""
    known = {name: word for name, word in keywords(function).items() if name != "run"}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"the measure has no option {shown(name)}; {nearest(name, known)}")
        known[name].check(value, f"the measure: {name}")
    for name, word in known.items():
        if word.required and name not in given:
            raise ValueError(f"the measure has no {name!r}, which it needs")


def _score(
    run: Run,
    score: str,
    part: str | None = None,
    *,
    data: str | None = None,
    n: Annotated[int | None, Setting("images to encode", low=1)] = None,
    seed: Annotated[int, Setting("of what is drawn", low=0)] = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    kinds: Any = None,
    block: str | None = None,
) -> float:
    """A score of a run, or the part of it by that name; options as of `evaluate`."""
    how = {
        "data": data,
        "n": n,
        "seed": seed,
        "protocol": protocol,
        "calibrate": calibrate,
        "kinds": kinds,
    }
    (found,) = evaluate(run, score, block=block, **how).values()
    if part is None:
        return float(found.value)
    scalars = {name: value for name, value in found.parts.items() if isinstance(value, Real)}
    if part not in scalars:
        raise ValueError(
            f"{score} has no part {part!r} that is one number; {nearest(part, scalars)}"
        )
    return float(scalars[part])


def _mean_of_last(
    run: Run, log: str, records: Annotated[int, Setting("of the log", low=1)] = 1
) -> float:
    """The mean of the last records of a term of the log."""
    values = [record[log] for record in run.records() if log in record]
    if not values:
        terms = {key for record in run.records() for key in record}
        raise ValueError(f"the log of {run.path} has no term {log!r}; {nearest(log, terms)}")
    last = values[-records:]
    return float(sum(last) / len(last))


def _measure(name: str) -> Callable[..., float]:
    """A measure by module:function.

    Raises ValueError if it is not a function whose first argument is `run`.
    """
    if name in MEASURES:
        return locate(name)
    found = locate(name, beside=[Path.cwd()])
    if not inspect.isfunction(found) or [*inspect.signature(found).parameters][:1] != ["run"]:
        raise ValueError(f"{name} is no measure: that is a function (run, **options)")
    return found
