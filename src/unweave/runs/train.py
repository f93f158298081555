"""Train a run from names to a finished folder, or continue one: what is chosen is resolved, checked, written down, done."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unweave import data as datasets
from unweave.data.base import Dataset
from unweave.data.sampling.options import refuse_unused
from unweave.data.shifts.labels import labels
from unweave.files.atomic import refuse_undecodable
from unweave.methods.base import Method
from unweave.methods.resolve import resolve
from unweave.methods.spec import STEPS, Spec
from unweave.runs import config as configs
from unweave.runs.beginning import begin, finish_replacement
from unweave.runs.config import DataConfig, LoopConfig, MethodConfig, Resolved, RunConfig
from unweave.runs.errors import RunError
from unweave.runs.folder import Folder, refuse_links
from unweave.runs.lock import writing
from unweave.runs.one_thread import this_thread
from unweave.runs.opening import method_of, open_data, parted, refuse_other
from unweave.runs.run import Run
from unweave.runs.seal import admit, sources
from unweave.runs.steps import Progress, finish, prepared
from unweave.settings import keywords
from unweave.training import precision as precisions
from unweave.training import ranks
from unweave.training.device import pick_device
from unweave.types import DataInfo


def train(
    method: str | type[Method],
    data: Any,
    *,
    steps: configs.Steps = STEPS,
    batch_size: configs.BatchSize = 64,
    seed: configs.Seed = 0,
    out: str | Path = "runs",
    precision: configs.Numbers = "auto",
    device: configs.Device = "auto",
    holdout: configs.Holdout = 0.0,
    log_every: configs.LogEvery = 100,
    overwrite: bool = False,
    root: str | Path | None = None,
    data_options: Mapping[str, Any] | None = None,
    batch_options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Run:
    """Train a method on data and return the run.

    method: a name (`unweave list`), a class, or "module:Class". data: a name, a path, an array or a data set.
    out: the folder in which the run's own folder is made; `overwrite` replaces one that is there.
    data_options, batch_options: keywords of the data set and of `data.batches.stream`. settings: of the method and its
    parts, e.g. beta=6, regulariser="density-ratio", encoder=my_module. progress: called with every record of the log, and
    once a second with where the run is ({"live": True, ...}).

    In several processes (`training.ranks`) each takes its share of batch_size images, and the first alone writes.

    Raises ValueError before anything is written if a name, a type or a value is wrong; NotFinite if a loss becomes NaN.
    """
    ranks.join()
    for name, place in (("out", out), ("root", root), ("data", data)):
        if isinstance(place, str | Path):
            refuse_undecodable(Path(place).absolute(), name)
    loop = LoopConfig(
        **checked_loop(steps, batch_size, seed, precision, device, holdout, log_every)
    )
    batches = configs.completed(configs.batch_words(), batch_options or {}, "batches")
    options = dict(data_options or {})
    if isinstance(data, str | Path):
        options = configs.completed(datasets.options(data), options, str(data))
    source = datasets.load(data, root, **options)
    seen, held = parted(source, loop)
    spec = choose(method, settings, seen.info)
    built, info = _made(spec, seen, loop, batches["labels"])
    config = RunConfig(
        MethodConfig.of(spec),
        _data_config(data, source, info, root, options),
        batches,
        loop,
        resolved(loop),
        configs.versions(),
    )
    config = dataclasses.replace(config, code=sources(config))
    refuse_unused(
        built.needs, batches, {name: word.default for name, word in configs.batch_words().items()}
    )
    training = prepared(
        built, seen, config
    )  # a batch that cannot be made is said before a folder exists
    path = Path(out) / config.run_name()
    with ExitStack() as lock:
        lock.enter_context(this_thread())
        ranks.first(lambda: begin(path, config, overwrite, lock))
        return finish(Folder(path), training, source, held, progress)


def _made(spec: Spec, seen: Dataset, loop: LoopConfig, count: int) -> tuple[Method, DataInfo]:
    """The method and the facts that it was made with. count: of labelled images, 0 for all; a fact for those that need it."""
    built = spec.make(seen.info, seed=loop.seed, steps=loop.steps)
    if "labels" not in built.needs:
        return built, seen.info
    info = dataclasses.replace(seen.info, labels=count or labels(seen))
    return spec.make(info, seed=loop.seed, steps=loop.steps), info


def resume(
    path: str | Path,
    *,
    data: Any = None,
    progress: Progress | None = None,
    trust: bool = False,
    **modules: nn.Module,
) -> Run:
    """Continue a run that was stopped, from its last checkpoint; a finished one is returned as it is.

    data, modules: the data set and the parts that were handed in as objects when it was started. trust: as of `load_run`.
    """
    ranks.join()
    refuse_links(Path(path))
    ranks.first(lambda: finish_replacement(Path(path)))
    folder = Folder(path)
    config = folder.config
    admit(
        folder.path, config, trusted=trust, given={*modules, *(() if data is None else ("data",))}
    )
    source = open_data(config) if data is None else datasets.load(data)
    rows = config.data.info.n if config.data.rows is None else config.data.rows
    if (source.info.shape, len(source)) != (config.data.info.shape, rows):
        raise RunError(
            f"the data have changed: {len(source)} images of {source.info.shape}; this run had others"
        )
    refuse_other(source, config, "a run goes on with the data that it began with")
    method = method_of(folder, modules)
    if folder.done:
        folder.load_weights(method)
        return Run(folder, method, source)
    before = 1 if config.resolved is None else config.resolved.processes
    if before != ranks.world():
        warnings.warn(
            f"{path} was trained by {before} processes, now by {ranks.world()}: its noise differs",
            stacklevel=2,
        )
    seen, held = parted(source, config.loop)
    with ExitStack() as lock:
        lock.enter_context(this_thread())
        ranks.first(lambda: lock.enter_context(writing(folder.path)))
        return finish(folder, prepared(method, seen, config), source, held, progress)


def choose(method: str | type[Method], given: Mapping[str, Any], info: DataInfo) -> Spec:
    """As `resolve`; ValueError where a setting, of the method or of a part, is named like an option of `train`."""
    spec = resolve(method, given, info)
    for _, node in spec.nodes():
        for setting in node.settings:
            if setting in keywords(train):
                owner = node.name.rpartition(":")[2]
                fact = (
                    "; without Setting it is filled in with the run's length"
                    if setting == "steps"
                    else ""
                )
                raise ValueError(
                    f"{owner} has a setting {setting!r}, which is an option of the loop: rename it{fact}"
                )
    return spec


def resolved(loop: LoopConfig) -> Resolved:
    """What "auto" stands for on this machine."""
    device = pick_device(loop.device)
    bf16 = precisions.dtype_of(loop.precision, device) is torch.bfloat16
    return Resolved(str(device), "bf16" if bf16 else "float32", ranks.world())


def checked_loop(*values: Any) -> dict[str, Any]:
    """The options of the loop, in the order of `LoopConfig`, in their types and ranges."""
    words = keywords(LoopConfig).values()
    return {word.name: word.check(value) for word, value in zip(words, values, strict=True)}


def _data_config(
    given: Any, source: Dataset, info: DataInfo, root: str | Path | None, options: Mapping[str, Any]
) -> DataConfig:
    return DataConfig(
        source.name,
        _opened_by(given),
        None if root is None else str(root),
        dict(options),
        source.about,
        info,
        len(source),
        source.white,
        source.floats,
        source.fingerprint,
    )


def _opened_by(given: Any) -> str | None:
    """What opens the data again from anywhere: a name, or a path in full; None if they were handed in as an object."""
    if not isinstance(given, str | Path):
        return None
    named = isinstance(given, str) and given in datasets.TABLE  # a Path is always a path
    if named or not Path(given).exists():
        return str(given)
    return str(Path(given).resolve())
