"""A recipe as its file says it: a claim, arms to train, checks.

It is untrusted input, read before anything is run.

An arm chooses a training and nothing else: the output folder, overwriting and the device are the
user's choice. `foreign_in` finds all names of third-party code, at any place in a recipe.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from unweave.data.shifts.text import KINDS
from unweave.reproduction.check import Check, Measure, measures_of
from unweave.reproduction.measures import MEASURES
from unweave.runs.config import BatchSize, Holdout, LogEvery, LoopConfig, Numbers, Steps
from unweave.runs.train import train
from unweave.settings import Setting, keywords, nearest, schema
from unweave.settings.typed import shown
from unweave.trust import foreign, parts_in

COMPARED = 3  # seeds of an arm that a claim is only compared with


@dataclass(frozen=True)
class Arm:
    """One training but for its seed; settings: of the method and its parts."""

    method: str
    data: str
    root: str | None = None
    steps: Steps = LoopConfig.steps
    batch_size: BatchSize = LoopConfig.batch_size
    precision: Numbers = LoopConfig.precision
    holdout: Holdout = LoopConfig.holdout
    log_every: LogEvery = LoopConfig.log_every
    data_options: Mapping[str, Any] = field(default_factory=dict)
    batch_options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.settings:
            if name in keywords(train):
                raise ValueError(
                    f"it has a setting {name!r}, "
                    "which is none of a method's but an option of training"
                )

    def training(self) -> dict[str, Any]:
        """The keywords of `train`."""
        names = [option.name for option in dataclasses.fields(self) if option.name != "settings"]
        return {**{name: getattr(self, name) for name in names}, **self.settings}


@dataclass(frozen=True)
class Recipe:
    """A claim on seeds, and how to see whether it holds.

    minutes: of one thread, about. measured: what came of it before, in words, by the kind of its
    seeds. chosen_on: the seeds on which settings were chosen.
    """

    claim: str
    source: str
    minutes: Annotated[int | float, Setting("of one thread", low=0)]
    machine: str
    seeds: Annotated[tuple[int, ...], Setting("on which the claim is stated", low=0)]
    arms: Mapping[str, Arm]
    checks: tuple[Check, ...]
    measured: Mapping[str, str] = field(default_factory=dict)
    chosen_on: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("seeds", "checks"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds are {shown(list(self.seeds))}; one of them is there twice")
        for arm in measures_of(self.checks):
            if arm not in self.arms:
                raise ValueError(f"a check is about the arm {arm!r}; {nearest(arm, self.arms)}")

    @classmethod
    def read(cls, plain: Mapping[str, Any], name: str) -> Recipe:
        """The recipe in a file; ValueError with its name and the key.

        Other mappings at the top are blocks that its arms or checks have in common, by anchors and
        merge keys; one that none of them has is a key that means nothing.
        """
        known = keywords(cls)
        shared = {
            key: value
            for key, value in plain.items()
            if key not in known and isinstance(value, Mapping)
        }
        own = {key: value for key, value in plain.items() if key not in shared}
        taken = list(_mappings([own.get("arms"), own.get("checks")]))
        for key, block in shared.items():
            if not any(block.keys() <= one.keys() for one in taken):
                raise ValueError(
                    f"{name} has {shown(key)}, of which no arm and no check has anything; "
                    f"{nearest(key, known)}"
                )
        return schema.read(cls, own, name)

    def seeds_of(self, arm: str) -> tuple[int, ...]:
        """The seeds of an arm: all where a claim is about it, else the first three."""
        if any(arm in check.claimed() for check in self.checks):
            return self.seeds
        return self.seeds[:COMPARED]


def foreign_in(recipe: Recipe) -> list[str]:
    """Names of third-party code in a recipe: methods, parts, data, metrics, measures, each once."""
    found: list[str] = []
    for arm in recipe.arms.values():
        found += foreign(arm.method, parts_in(arm.settings), arm.data)
        for options in (arm.settings, arm.data_options, arm.batch_options):
            found += _named(options)
    for measures in measures_of(recipe.checks).values():
        for how in measures:
            found += _foreign_measure(how)
    return list(dict.fromkeys(found))


def _foreign_measure(how: Measure) -> list[str]:
    """Names of third-party code in a measure."""
    found: list[str] = []
    if how.get("call", "") not in ("", *MEASURES):
        found.append(how["call"])
    if ":" in how.get("score", ""):
        found.append(how["score"])
    found += foreign(data=how.get("data"))
    options = {key: value for key, value in how.items() if key not in ("call", "score", "data")}
    return found + list(_named(options))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """All mappings in a value, at any depth."""
    inner: Any = ()
    if isinstance(value, Mapping):
        yield value
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    for part in inner:
        yield from _mappings(part)


def _named(value: Any) -> Iterator[str]:
    """All texts in a value that could be module:Name, at any depth, keys included.

    Those are the texts with a colon that are not a shift of the data ("without:shape=0").
    """
    if isinstance(value, str):
        if ":" in value and value.partition(":")[0].strip() not in KINDS:
            yield value
    elif isinstance(value, Mapping):
        yield from _named(list(value.items()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part)
