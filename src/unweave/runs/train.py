"""Train a run, from names to a finished folder, or resume one."""

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
from unweave.data.sampling.options import BatchConfig, refuse_unused
from unweave.files.atomic import refuse_undecodable
from unweave.methods.base import Method
from unweave.methods.resolve import resolve
from unweave.methods.spec import STEPS, Spec
from unweave.runs import config as configs
from unweave.runs.beginning import begin, finish_replacement
from unweave.runs.config import LoopConfig, MethodConfig, Resolved, RunConfig
from unweave.runs.errors import RunError
from unweave.runs.facts import data_config, method_and_facts
from unweave.runs.folder import Folder
from unweave.runs.lock import writing
from unweave.runs.misplaced import misplaced
from unweave.runs.one_thread import this_thread
from unweave.runs.opening import method_of, open_data, parted, refuse_other
from unweave.runs.own_files import refuse_links
from unweave.runs.run import Run
from unweave.runs.seal import admit, sources
from unweave.runs.steps import Progress, finish, prepared
from unweave.settings import UnknownName, keywords
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
    whole_fingerprint: bool = False,
    root: str | Path | None = None,
    data_options: Mapping[str, Any] | None = None,
    batch_options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Run:
    """Train a method on data and return the run.

    method: a name (`unweave list`), a class, or "module:Class". data: a name, a path, an array or a
    data set. out: the folder in which the run's own folder is made; `overwrite` replaces one that
    is there. whole_fingerprint: whether a change of any row of the data is noticed later, however
    large they are: all are read, now and whenever the run is opened with its data. data_options,
    batch_options: keywords of the data set and of `data.batches.stream`. settings: of the method
    and its parts, e.g. beta=6, regulariser="density-ratio", encoder=my_module. progress: called
    with every record of the log, and once a second with where the run is ({"live": True, ...}).

    In several processes (`training.ranks`) each takes its share of batch_size images, and the first
    alone writes.

    Raises ValueError before anything is written if a name, a type or a value is wrong; NotFinite if
    a loss becomes NaN.
    """
    ranks.join()
    for name, place in (("out", out), ("root", root), ("data", data)):
        if isinstance(place, str | Path):
            refuse_undecodable(Path(place).absolute(), name)
    loop = checked_loop(
        steps=steps,
        batch_size=batch_size,
        seed=seed,
        precision=precision,
        device=device,
        holdout=holdout,
        log_every=log_every,
    )
    chosen = configs.completed(keywords(BatchConfig), batch_options or {}, "batches")
    batches = BatchConfig(**chosen)
    options = dict(data_options or {})
    if isinstance(data, str | Path):
        options = configs.completed(datasets.options(data), options, str(data))
    source = datasets.load(data, root, **options)
    seen, held = parted(source, loop)
    try:
        spec = choose(method, settings, seen.info)
    except UnknownName as error:
        raise ValueError(misplaced(error.name, settings, data) or str(error)) from error
    built, info = method_and_facts(spec, seen, loop, batches.labels)
    config = RunConfig(
        MethodConfig.of(spec),
        data_config(data, source, info, root, options, whole=whole_fingerprint),
        batches,
        loop,
        resolved(loop),
        configs.versions(),
    )
    config = dataclasses.replace(config, code=sources(config))
    refuse_unused(built.needs, batches)
    # before a folder exists: a batch that cannot be made is an error
    training = prepared(built, seen, config)
    path = Path(out) / config.run_name()
    with ExitStack() as lock:
        lock.enter_context(this_thread())
        ranks.first(lambda: begin(path, config, overwrite, lock))
        return finish(Folder(path), training, source, held, progress)


def resume(
    path: str | Path | Run,
    *,
    data: Any = None,
    progress: Progress | None = None,
    trust: bool = False,
    **modules: nn.Module,
) -> Run:
    """Continue a run that was stopped, from its last checkpoint.

    A finished one is returned as it is.

    path: its folder, or the run itself. data, modules: the data set and the parts that were handed
    in as objects when it was started. trust: as of `load_run`.
    """
    if isinstance(path, Run):
        path = path.path
    place = Path(path)
    ranks.join()
    refuse_links(place)
    ranks.first(lambda: finish_replacement(place))
    folder = Folder(place)
    config = folder.config
    given = set(modules)
    if data is not None:
        given.add("data")
    admit(folder.path, config, trusted=trust, given=given)
    if data is None:
        source = open_data(config)
    else:
        source = datasets.load(data)
    rows = config.data.info.n + config.data.held_out
    if (source.info.shape, len(source)) != (config.data.info.shape, rows):
        found = f"{len(source)} images of {source.info.shape}"
        raise RunError(f"the data have changed: {found}; this run had others")
    refuse_other(source, config, "a run goes on with the data that it began with")
    method = method_of(folder, modules)
    if folder.done:
        folder.load_weights(method)
        return Run(folder, method, source)
    before = 1
    if config.resolved is not None:
        before = config.resolved.processes
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
    """The tree of a method, as `resolve` gives it.

    ValueError where a setting, of the method or of a part, is named like an option of `train`.
    """
    spec = resolve(method, given, info)
    for _, node in spec.nodes():
        for setting in node.settings:
            if setting in keywords(train):
                owner = node.name.rpartition(":")[2]
                fact = ""
                if setting == "steps":
                    fact = "; without Setting it is filled in with the run's length"
                reason = "which is an option of the loop: rename it"
                raise ValueError(f"{owner} has a setting {setting!r}, {reason}{fact}")
    return spec


def resolved(loop: LoopConfig) -> Resolved:
    """What "auto" stands for on this machine."""
    device = pick_device(loop.device)
    precision: precisions.Precision = "float32"
    if precisions.dtype_of(loop.precision, device) is torch.bfloat16:
        precision = "bf16"
    return Resolved(str(device), precision, ranks.world())


def checked_loop(**given: Any) -> LoopConfig:
    """The options of the loop, in their types and ranges."""
    words = keywords(LoopConfig)
    return LoopConfig(**{name: words[name].check(value) for name, value in given.items()})
