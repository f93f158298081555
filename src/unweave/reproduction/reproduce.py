"""Run recipes and compare what comes out with what they state.

A recipe is a YAML file under recipes/: a claim, its source, what was measured, the arms to train, what to check.

    claim: beta-TCVAE disentangles dSprites within six minutes on two cores
    source: chen2018tcvae, table 2 (another budget)
    minutes: 18
    machine: 2 cores, AVX512-BF16
    chosen_on: [0, 1, 2]
    seeds: [10, 11, 12, 13, 14]
    measured: {chosen: "MIG .26 .25 .27, ablation .03 .03 .02", fresh: "MIG .26 .24 .27 .25 .26, ablation .03 .02 .02"}
    arms:
      method: {method: beta-tcvae, data: dsprites, steps: 5000, settings: {beta: 6}}
      ablation: {method: vae, data: dsprites, steps: 5000}
    checks:
      - {measure: {score: mig, protocol: dlib}, at_least: 0.2, ablation: ablation, tolerance: 0.05}

Settings are chosen on the seeds `chosen_on`; the claim is stated on `seeds`, which played no part in that. Arms that a
claim is only compared with (baselines, ablations) take the first three. How a check is read: see `verdicts`, which
judges it; what an arm and a measure may say: `recipe`. Arms that several recipes share, word for word, are trained once.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

import unweave
from unweave.reproduction.checks import Found, claimed_of, key_of, measures_of, verdicts
from unweave.reproduction.measured import measured
from unweave.reproduction.recipe import foreign_in, validate
from unweave.runs.errors import RunExists
from unweave.runs.run import Run
from unweave.runs.steps import Progress
from unweave.runs.train import resume, train
from unweave.settings import nearest
from unweave.trust import refuse

Tell = Callable[[str], None]
Job = tuple[dict[str, float], float]  # what was measured, by the measure as JSON; seconds
COMPARED = 3  # seeds of an arm that a claim is only compared with
Plan = dict[str, tuple[Mapping[str, Any], int, list[Mapping[str, Any]]]]  # arm, seed, measures

INHERITED = {  # by the processes that train: two programs on all threads would slow each other down tenfold, and
    "OMP_NUM_THREADS": "1",
    "PYTHONSAFEPATH": "1",  # they start as `python -c`, which would look for modules in the working directory first
}


def recipes() -> dict[str, Path]:
    """The recipes that came with this unweave, by name."""
    package = Path(unweave.__file__).parent
    places = (package / "recipes", package.parents[1] / "recipes")  # installed, or in a checkout
    return {file.stem: file for place in places if place.is_dir() for file in sorted(place.glob("*.yaml"))}


def read(name: str) -> dict[str, Any]:
    """A recipe by name or path. ValueError with the nearest name if there is none, and for what it cannot say."""
    found = recipes()
    path = Path(name) if name.endswith(".yaml") else found.get(name)
    if path is None or not path.is_file():
        raise ValueError(f"there is no recipe {name!r}; {nearest(name, found)}")
    recipe = yaml.safe_load(path.read_text())
    validate(recipe, name)
    return recipe


def reproduce(
    names: Iterable[str],
    out: str | Path = "runs",
    *,
    seeds: Sequence[int] = (),
    jobs: int = 1,
    trust: bool = False,
    tell: Tell = print,
) -> bool:
    """Train every arm of the recipes with every seed, measure, compare; runs that are finished are used as they are.

    seeds: other ones than the recipe states, to see whether a claim holds where nothing was chosen on them. jobs:
    processes of one thread each; 1 trains in this process, on all threads. trust: whether code that the recipes name and
    that is not unweave's may be run; else NotTrusted says what that is. tell: called with each line of the account,
    and last with the bill, if there are several recipes. Returns whether all of them hold.
    """
    texts = {name: read(name) | ({"seeds": list(seeds)} if seeds else {}) for name in names}
    for name, text in texts.items() if not trust else ():
        refuse(name, foreign_in(text))
    start, bill, paid = time.monotonic(), dict[str, tuple[bool, float]](), set[str]()
    with _results(_plan(texts.values()), str(out), jobs, trust) as result:
        for name, text in texts.items():
            keys = {arm: [_key(wanted, seed) for seed in seeds_of(text, arm)] for arm, wanted in text["arms"].items()}
            found = {arm: [result(key)[0] for key in of] for arm, of in keys.items()}
            new = {key for of in keys.values() for key in of} - paid
            minutes = sum(result(key)[1] for key in new) / 60
            tell(f"{name}: {text['claim']} (about {text['minutes']} minutes on {text['machine']})")
            bill[name] = (_account(text, found, tell), minutes)
            tell(f"  {minutes:.1f} minutes of work")
            paid |= new
    if len(bill) > 1:
        for name, (holds, minutes) in bill.items():
            tell(f"{name:<24} {'holds' if holds else 'FAILS':<6} {minutes:6.1f} minutes of work")
        tell(f"{'all':<24} {(time.monotonic() - start) / 60:13.1f} minutes by the clock, {jobs} at a time")
    return all(holds for holds, _ in bill.values())


def seeds_of(text: Mapping[str, Any], arm: str) -> list[int]:
    """The seeds that an arm of a recipe is trained with."""
    return text["seeds"] if arm in claimed_of(text["checks"]) else text["seeds"][:COMPARED]


def trained(
    arm: Mapping[str, Any], seed: int, out: str | Path, progress: Progress | None = None, *, trust: bool = False
) -> Run:
    """The run of an arm with a seed: trained, continued, or as it was left when it was finished."""
    wanted = {k: v for k, v in arm.items() if k not in ("method", "data", "settings")}
    settings = arm.get("settings", {})
    try:
        return train(arm["method"], arm["data"], seed=seed, out=out, progress=progress, **wanted, **settings)
    except RunExists as error:
        return resume(error.path, progress=progress, trust=trust)


@contextmanager
def _results(plan: Plan, out: str, jobs: int, trust: bool) -> Iterator[Callable[[str], Job]]:
    """A function that gives the result of a key of the plan, worked out here when asked for, or by other processes.

    An error or an interrupt ends it: what other processes have not begun is not begun.
    """
    if jobs == 1:
        yield functools.cache(lambda key: _job(*plan[key], out, trust))
        return
    before = {name: os.environ.get(name) for name in INHERITED}
    os.environ |= INHERITED
    workers = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
    try:
        asked = {key: workers.submit(_job, *work, out, trust) for key, work in plan.items()}
        yield lambda key: asked[key].result()
    finally:
        workers.shutdown(cancel_futures=True)
        for name, value in before.items():
            os.environ.pop(name)
            os.environ |= {} if value is None else {name: value}


def _key(arm: Mapping[str, Any], seed: int) -> str:
    return json.dumps([arm, seed], sort_keys=True)


def _plan(texts: Iterable[Mapping[str, Any]]) -> Plan:
    """Every (arm, seed) of the recipes once, with all that any of them measures of it."""
    plan: Plan = {}
    for text in texts:
        asked = measures_of(text["checks"])
        for name, arm in text["arms"].items():
            for seed in seeds_of(text, name):
                *_, measures = plan.setdefault(_key(arm, seed), (arm, seed, []))
                measures += [how for how in asked.get(name, []) if how not in measures]
    return plan


def _job(arm: Mapping[str, Any], seed: int, measures: list[Mapping[str, Any]], out: str, trust: bool) -> Job:
    start = time.monotonic()
    run = trained(arm, seed, out, trust=trust)
    values = {key_of(how): measured(how, run) for how in measures}
    return values, time.monotonic() - start


def _account(text: Mapping[str, Any], found: Found, tell: Tell) -> bool:
    """Tell what came out of one recipe; whether it holds."""
    for arm, measures in measures_of(text["checks"]).items():
        for how in measures:
            tell(f"  {arm}, {_words(how)}: " + ", ".join(f"{seed[key_of(how)]:.4g}" for seed in found[arm]))
    holds = True
    for check in text["checks"]:
        for held, words in verdicts(check, found):
            tell(f"  {'holds' if held else 'FAILS'}: {_words(check['measure'])}: {words}")
            holds &= held
    return holds


def _words(how: Mapping[str, Any]) -> str:
    named = how.get("score") or how.get("log") or str(how.get("call")).rpartition(":")[2]
    return f"{named} ({how['part']})" if "part" in how else str(named)
