"""The configuration of a run: what was chosen, what it was made with, and what its name hashes.

It lies in the run folder as config.json, and is read back through `schema.read`: an unknown key, a
missing one and a value of another type are refused by name. Fields with a default are those that
runs of earlier versions do not have.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from unweave.data.sampling.options import BatchConfig
from unweave.methods import Entry
from unweave.methods.resolve import resolve
from unweave.methods.spec import STEPS, Spec
from unweave.settings import Keyword, Setting, nearest, schema
from unweave.training.precision import Precision
from unweave.types import DataInfo

Steps = Annotated[int, Setting("batches to train on", low=1)]
BatchSize = Annotated[
    int, Setting("images in a batch: 64 are 32 pairs", low=1, search=(32, 64, 128, 256))
]
Seed = Annotated[int, Setting("of weights, batches and noise", low=0, high=2**63 - 1)]
Numbers = Annotated[
    Precision, Setting("of convolutions and products: the faster here, or one of the two")
]
Device = Annotated[str, Setting("cpu, cuda, cuda:1, mps, or auto")]
Holdout = Annotated[float, Setting("share of the images kept for validation", low=0, high=0.9)]
LogEvery = Annotated[int, Setting("steps between records of the log", low=1)]


@dataclass(frozen=True)
class MethodConfig:
    """The tree of a method, flat: parts and settings by dotted name.

    Modules are the parts handed in as objects.
    """

    name: str
    parts: Mapping[str, str]
    settings: Mapping[str, Any]
    modules: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: Spec) -> MethodConfig:
        """What a resolved method says of itself."""
        return cls(spec.name, spec.part_names(), spec.flat(), tuple(sorted(spec.modules())))

    def resolved(self, info: DataInfo, modules: Mapping[str, Any] = {}) -> Spec:
        """The tree again. modules: the parts that were handed in, by dotted keyword.

        ValueError as of `resolve`.
        """
        saved = Entry(self.name, "", dict(self.parts))
        return resolve(self.name, {**self.settings, **modules}, info, saved)


@dataclass(frozen=True)
class DataConfig:
    """The data of a run.

    name: of the data set. source: what opens it again, a name or a path; None if it was handed in
    as an object. root: the folder of the published files. options: of the data set. about: one line
    on where it came from. info: facts of the rows that are trained on. rows: number of all rows,
    None of a run that does not say. white, floats: the numbers that were white, and black and
    white, where images were deeper than bytes or floats. fingerprint: of the contents, from a sample
    of large ones, or from all rows where it begins with "whole:"; "" of a run that does not say.
    """

    name: str
    source: str | None
    root: str | None
    options: Mapping[str, Any]
    about: str
    info: DataInfo
    rows: int | None = None
    white: int = 255
    floats: tuple[int, int] | None = None
    fingerprint: str = ""

    @property
    def held_out(self) -> int:
        """Number of rows that are not trained on; 0 of a run that does not say."""
        if self.rows is None:
            return 0
        return self.rows - self.info.n


@dataclass(frozen=True)
class LoopConfig:
    """How the training loop goes."""

    steps: Steps = STEPS
    batch_size: BatchSize = 64
    seed: Seed = 0
    precision: Numbers = "auto"
    device: Device = "auto"
    holdout: Holdout = 0.0
    log_every: LogEvery = 100


@dataclass(frozen=True)
class Resolved:
    """What "auto" stood for where the run began, and how many processes trained.

    A resumed run keeps the precision.
    """

    device: str
    precision: Precision
    processes: int = 1


@dataclass(frozen=True)
class RunConfig:
    """Everything that was chosen for a run, plain enough for JSON.

    versions: of what it was made with. code: the files of third-party code that it names,
    {"module:Name": {"file": base name, "blake2b": digest}}, and of what was imported from the same
    folders, {"module": the same}.
    """

    method: MethodConfig
    data: DataConfig
    batches: BatchConfig
    loop: LoopConfig
    resolved: Resolved | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    code: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, plain: Any, place: str) -> RunConfig:
        """The config in a file; `place` is the file.

        ValueError, in one line, for what is no config.
        """
        return schema.read(cls, plain, place)

    def plain(self) -> dict[str, Any]:
        """As names with values, for JSON."""
        return dataclasses.asdict(self)

    def hashed(self) -> dict[str, Any]:
        """The part that a run's name hashes: what may change its numbers, but not the seed."""
        plain = self.plain()
        loop = {k: v for k, v in plain["loop"].items() if k != "seed"}
        data = {k: plain["data"][k] for k in ("name", "source", "options", "info")}
        del data["info"]["labels"]  # it follows from the data and the options of batches
        # runs of before there was this option keep their names
        if not data["options"].get("classes"):
            data["options"].pop("classes", None)
        return {"method": plain["method"], "data": data, "batches": plain["batches"], "loop": loop}

    def run_name(self) -> str:
        """METHOD-DATA-HASH-SEED; the hash is of everything that was chosen but the seed."""
        chosen = json.dumps(self.hashed(), sort_keys=True)
        digest = hashlib.blake2b(chosen.encode(), digest_size=4).hexdigest()
        method = _in_a_name(self.method.name)
        data = _in_a_name(self.data.name)
        return f"{method}-{data}-{digest}-{self.loop.seed}"


def _in_a_name(text: str) -> str:
    """The part of a run's name for a method or data set: without folders, colons and blanks."""
    return text.rpartition("/")[2].replace(":", ".").replace(" ", "_")


def completed(known: Mapping[str, Keyword], given: Mapping[str, Any], of: str) -> dict[str, Any]:
    """What was given, checked, with the defaults of the rest.

    So the same run has the same config however it was written.
    """
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"{of} has no option {unknown[0]!r}; {nearest(unknown[0], known)}")
    defaults = {name: word.default for name, word in known.items() if not word.required}
    return defaults | {name: known[name].check(value) for name, value in given.items()}


def versions() -> dict[str, str | None]:
    """What a run is made with here."""
    installed = {name: version(name) for name in ("unweave", "torch", "numpy")}
    return {**installed, "python": platform.python_version(), "commit": commit()}


def commit() -> str | None:
    """The commit of unweave's own checkout, None where it was installed from a package."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    git = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return git.stdout.strip() or None
