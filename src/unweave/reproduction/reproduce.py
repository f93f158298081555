"""Reproduction of claims: recipes are trained, and their numbers compared with the stated ones.

A recipe is a YAML file under recipes/: a claim, its source, numbers measured before, arms to train,
checks.

    claim: beta-TCVAE disentangles dSprites within six minutes on two cores
    source: chen2018tcvae, table 2 (another budget)
    minutes: 18
    machine: 2 cores, AVX512-BF16
    chosen_on: [0, 1, 2]
    seeds: [10, 11, 12, 13, 14]
    measured:
      chosen: MIG .26 .25 .27, ablation .03 .03 .02
      fresh: MIG .26 .24 .27 .25 .26, ablation .03 .02 .02
    arms:
      method: {method: beta-tcvae, data: dsprites, steps: 5000, settings: {beta: 6}}
      ablation: {method: vae, data: dsprites, steps: 5000}
    checks:
      - {measure: {score: mig, protocol: dlib}, at_least: 0.2, ablation: ablation, tolerance: 0.05}

Settings are chosen on the seeds `chosen_on`; the claim is stated on `seeds`, which were not used
for that. Arms that a claim is only compared with (baselines, ablations) take the first three. The
format of an arm is in `recipe`, that of a check in `check`, that of a measure in `measured`. Arms
that several recipes share are trained once.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from unweave.reproduction.check import Measure, key_of, measures_of
from unweave.reproduction.listed import read
from unweave.reproduction.measured import measured
from unweave.reproduction.recipe import Arm, Recipe, foreign_in
from unweave.reproduction.verdicts import Found, verdicts
from unweave.reproduction.workers import results
from unweave.runs.errors import RunExists
from unweave.runs.run import Run
from unweave.runs.steps import Progress
from unweave.runs.train import resume, train
from unweave.trust import refuse

Tell = Callable[[str], None]
Job = tuple[dict[str, float], float]  # {measure as JSON: value}, seconds
OUTCOMES = {True: "holds", False: "FAILS"}
Plan = dict[str, tuple[Arm, int, list[Measure]]]  # {key: (arm, seed, measures)}


def reproduce(
    names: Iterable[str],
    out: str | Path = "runs",
    *,
    seeds: Sequence[int] = (),
    jobs: int = 1,
    trust: bool = False,
    tell: Tell = print,
) -> bool:
    """Train every arm of the recipes with every seed, measure and check.

    Finished runs are used again.

    seeds: replace those of the recipe, to test a claim on seeds that nothing was chosen on.
    jobs: worker processes of one thread each; 1 trains in this process, on all threads.
    trust: whether third-party code that the recipes name may be run; else NotTrusted is raised with
    its names. tell: called with each line of the report, and with a summary if there are several
    recipes. Returns whether all checks hold.
    """
    texts = {name: read(name) for name in names}
    if seeds:
        for name, text in texts.items():
            texts[name] = dataclasses.replace(text, seeds=tuple(seeds))
    if not trust:
        for name, text in texts.items():
            refuse(name, foreign_in(text))
    start = time.monotonic()
    summary: dict[str, tuple[bool, float]] = {}  # of each recipe: whether it holds, minutes
    counted: set[str] = set()  # a run that recipes share counts for the first one only
    plan = {key: (*work, str(out), trust) for key, work in _plan(texts.values()).items()}
    with results(_job, plan, jobs) as result:
        for name, text in texts.items():
            keys = _keys(text)
            found: dict[str, list[dict[str, float]]] = {}
            for arm, of_arm in keys.items():
                found[arm] = _values(result, of_arm, f"{name}: arm {arm}")
            new = {key for of_arm in keys.values() for key in of_arm} - counted
            minutes = sum(result(key)[1] for key in new) / 60
            tell(f"{name}: {text.claim} (about {text.minutes} minutes on {text.machine})")
            summary[name] = (_account(text, found, tell), minutes)
            tell(f"  {minutes:.1f} minutes of work")
            counted |= new
    if len(summary) > 1:
        for name, (holds, minutes) in summary.items():
            tell(f"{name:<24} {OUTCOMES[holds]:<6} {minutes:6.1f} minutes of work")
        minutes = (time.monotonic() - start) / 60
        tell(f"{'all':<24} {minutes:13.1f} minutes by the clock, {jobs} at a time")
    return all(holds for holds, _ in summary.values())


def trained(
    arm: Arm, seed: int, out: str | Path, progress: Progress | None = None, *, trust: bool = False
) -> Run:
    """The run of an arm with a seed: trained, resumed if it was stopped, or loaded if finished."""
    try:
        return train(seed=seed, out=out, progress=progress, **arm.training())
    except RunExists as error:
        return resume(error.path, progress=progress, trust=trust)


def _values(
    result: Callable[[str], Job], keys: Sequence[str], place: str
) -> list[dict[str, float]]:
    """What was measured of an arm, for each seed. place: of the arm, for an error's message."""
    try:
        return [result(key)[0] for key in keys]
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def _key(arm: Arm, seed: int) -> str:
    """The key of a training in the plan: recipes with the same arm and seed share it."""
    return json.dumps([dataclasses.asdict(arm), seed], sort_keys=True)


def _keys(text: Recipe) -> dict[str, list[str]]:
    """{arm: keys of its trainings, one for each seed} of a recipe."""
    found = {}
    for name, arm in text.arms.items():
        found[name] = [_key(arm, seed) for seed in text.seeds_of(name)]
    return found


def _plan(texts: Iterable[Recipe]) -> Plan:
    """Every (arm, seed) of the recipes once, with all measures that any recipe has of it."""
    plan: Plan = {}
    for text in texts:
        measures_of_arm = measures_of(text.checks)
        for name, arm in text.arms.items():
            for seed in text.seeds_of(name):
                *_, measures = plan.setdefault(_key(arm, seed), (arm, seed, []))
                measures += [how for how in measures_of_arm.get(name, []) if how not in measures]
    return plan


def _job(arm: Arm, seed: int, measures: list[Measure], out: str, trust: bool) -> Job:
    """Train one arm with one seed and measure it."""
    start = time.monotonic()
    run = trained(arm, seed, out, trust=trust)
    values = {key_of(how): measured(how, run) for how in measures}
    return values, time.monotonic() - start


def _account(text: Recipe, found: Found, tell: Tell) -> bool:
    """Report the numbers of one recipe and its checks. Returns whether all checks hold."""
    for arm, measures in measures_of(text.checks).items():
        for how in measures:
            values = ", ".join(f"{seed[key_of(how)]:.4g}" for seed in found[arm])
            tell(f"  {arm}, {_words(how)}: {values}")
    all_hold = True
    for check in text.checks:
        for holds, words in verdicts(check, found):
            tell(f"  {OUTCOMES[holds]}: {_words(check.measure)}: {words}")
            all_hold &= holds
    return all_hold


def _words(how: Measure) -> str:
    """The short name of a measure."""
    name = str(how.get("score") or how.get("log"))
    if "call" in how:
        name = str(how["call"]).rpartition(":")[2]
    if "part" in how:
        name += f" ({how['part']})"
    return name
