"""Run a recipe and compare what comes out with what it states.

A recipe is a YAML file under recipes/: a claim, its source, the arms to train, how to measure, what to expect.

    claim: beta-TCVAE disentangles dSprites within six minutes on two cores
    source: chen2018isolating, table 2 (another budget)
    minutes: 18
    machine: 2 cores, AVX512-BF16
    seeds: [0, 1, 2]
    arms:
      method: {method: beta-tcvae, data: dsprites, steps: 5000, settings: {beta: 6}}
      ablation: {method: vae, data: dsprites, steps: 5000}
    measure: {score: mig, protocol: dlib}
    expect: {median: 0.25, tolerance: 0.05}

`measure` is a score ({score: NAME}), a term of the last record of the log ({log: TERM}), or a function of the run
({call: "module:function"}). `expect` names `median` with `tolerance`, or `at_least`, or `at_most`, for the median over
seeds of the arm "method" (their mean, with `of: mean`; the largest, with `of: best`, where the paper's is of one run).
The arm "ablation", if there is one, has to miss the expectation by more than the tolerance in every seed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import unweave
from unweave.evaluate import evaluate
from unweave.fit import Progress, resume, train
from unweave.locate import locate
from unweave.run import Run
from unweave.runs import RunExists
from unweave.settings import nearest


def recipes() -> dict[str, Path]:
    """The recipes that came with this unweave, by name."""
    package = Path(unweave.__file__).parent
    places = (package / "recipes", package.parents[1] / "recipes")  # installed, or in a checkout
    return {file.stem: file for place in places if place.is_dir() for file in sorted(place.glob("*.yaml"))}


def read(name: str) -> dict[str, Any]:
    """A recipe by name or path. ValueError with the nearest name if there is none."""
    found = recipes()
    path = Path(name) if name.endswith(".yaml") else found.get(name)
    if path is None or not path.is_file():
        raise ValueError(f"there is no recipe {name!r}; {nearest(name, found)}")
    return yaml.safe_load(path.read_text())


def reproduce(name: str, out: str | Path = "runs", tell: Callable[[str], None] = print) -> bool:
    """Train every arm of a recipe with every seed, measure, compare; runs that are finished are used as they are.

    tell: called with each line of the account. Returns whether the recipe holds.
    """
    recipe = read(name)
    tell(f"{name}: {recipe['claim']} (about {recipe['minutes']} minutes on {recipe['machine']})")
    start = time.monotonic()
    values: dict[str, list[float]] = {}
    for arm, wanted in recipe["arms"].items():
        values[arm] = []
        for seed in recipe["seeds"]:
            run = trained(wanted, seed, out)
            values[arm].append(measured(recipe["measure"], run))
            tell(f"  {arm}, seed {seed}: {values[arm][-1]:.4f}   {run.path}")
    verdicts = list(judge(recipe["expect"], values))
    for holds, words in verdicts:
        tell(f"  {'holds' if holds else 'FAILS'}: {words}")
    tell(f"  {(time.monotonic() - start) / 60:.1f} minutes")
    return all(holds for holds, _ in verdicts)


def trained(arm: Mapping[str, Any], seed: int, out: str | Path, progress: Progress | None = None) -> Run:
    """The run of an arm with a seed: trained, continued, or as it was left when it was finished."""
    wanted = {k: v for k, v in arm.items() if k not in ("method", "data", "settings")}
    settings = arm.get("settings", {})
    try:
        return train(arm["method"], arm["data"], seed=seed, out=out, progress=progress, **wanted, **settings)
    except RunExists as error:
        return resume(error.path, progress=progress)


def measured(how: Mapping[str, Any], run: Run) -> float:
    """One number of a run, found as a recipe's `measure` says."""
    if "score" in how:
        options = {k: v for k, v in how.items() if k not in ("score", "part")}
        score = evaluate(run, how["score"], **options)[how["score"]]
        return float(score.parts[how["part"]] if "part" in how else score.value)
    if "log" in how:
        return float(run.records()[-1][how["log"]])
    return float(locate(how["call"])(run))


def judge(expect: Mapping[str, Any], values: Mapping[str, list[float]]) -> Iterator[tuple[bool, str]]:
    """Each thing a recipe expects: whether it holds, in words."""
    kind, tolerance = expect.get("of", "median"), expect.get("tolerance", 0.0)
    middle = _summary(kind, values["method"])
    if "median" in expect:
        yield (
            abs(middle - expect["median"]) <= tolerance,
            f"{kind} {middle:.4f}, stated {expect['median']} ± {tolerance}",
        )
    if "at_least" in expect:
        yield middle >= expect["at_least"], f"{kind} {middle:.4f}, at least {expect['at_least']}"
    if "at_most" in expect:
        yield middle <= expect["at_most"], f"{kind} {middle:.4f}, at most {expect['at_most']}"
    if "ablation" in values:
        yield (
            ablation_misses(expect, values["ablation"]),
            f"the ablation misses it: {[round(v, 4) for v in values['ablation']]}",
        )


def _summary(kind: str, values: list[float]) -> float:
    if kind == "best":
        return max(values)
    return statistics.fmean(values) if kind == "mean" else statistics.median(values)


def ablation_misses(expect: Mapping[str, Any], values: list[float]) -> bool:
    """Whether every seed of the ablation is off by more than the tolerance."""
    tolerance = expect.get("tolerance", 0.0)
    low = expect.get("at_least", expect.get("median"))
    high = expect.get("at_most", expect.get("median"))
    return all(
        (low is not None and value < low - tolerance) or (high is not None and value > high + tolerance)
        for value in values
    )
