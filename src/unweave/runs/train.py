"""Train a run from names to a finished folder: build, loop, log, checkpoint, mark done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import nn

from unweave import data as datasets
from unweave.data.base import Dataset
from unweave.data.sampling.batches import stream
from unweave.data.sampling.options import grouped, refuse_unused
from unweave.files import write
from unweave.generators import left_alone
from unweave.methods import build
from unweave.methods.base import Method
from unweave.runs.config import describe, hashed, pick_device
from unweave.runs.folder import Folder, RunError, refuse_links, run_name
from unweave.runs.monitor import Clock, Look
from unweave.runs.run import Run, info_of, method_of, open_data, parted
from unweave.settings import Keyword, Setting, keywords, nearest
from unweave.training.loop import NotFinite, Training
from unweave.training.precision import Precision, resolve
from unweave.training.records import COLUMNS, units
from unweave.trust import admit, seal
from unweave.types import DataInfo

Progress = Callable[[dict[str, Any]], None]


def train(
    method: str | type[Method],
    data: Any,
    *,
    steps: Annotated[int, Setting("batches to train on", low=1)] = build.STEPS,
    batch_size: Annotated[int, Setting("images in a batch: 64 are 32 pairs", low=1, search=(32, 64, 128, 256))] = 64,
    seed: Annotated[int, Setting("of weights, batches and noise", low=0)] = 0,
    out: str | Path = "runs",
    precision: Annotated[Precision, Setting("bf16 where the hardware has it, or as told")] = "auto",
    device: Annotated[str, Setting("cpu, cuda, cuda:1, mps, or auto")] = "auto",
    holdout: Annotated[float, Setting("share of the images kept for validation", low=0, high=0.9)] = 0.0,
    log_every: Annotated[int, Setting("steps between records of the log", low=1)] = 100,
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

    Raises ValueError before anything is written if a name, a type or a value is wrong; NotFinite if a loss becomes NaN.
    """
    loop: dict[str, Any] = {
        "steps": steps,
        "batch_size": batch_size,
        "seed": seed,
        "precision": precision,
        "device": device,
    }
    loop |= {"holdout": holdout, "log_every": log_every}
    loop = {name: keywords(train)[name].check(value) for name, value in loop.items()}
    batch_options = _completed(_batch_keywords(), batch_options or {}, "batches")
    if isinstance(data, str | Path):
        data_options = _completed(datasets.options(data), data_options or {}, str(data))
    source = datasets.load(data, root, **(data_options or {}))
    seen, held = parted(source, loop)
    choice = choose(method, settings, seen.info)
    config = describe(choice, data, source, seen.info, root, data_options or {}, batch_options, loop)
    built = build.make(choice, seen.info, seed=seed, steps=steps)
    refuse_unused(built.needs, batch_options, {name: word.default for name, word in _batch_keywords().items()})
    training = _prepare(built, seen, config)  # a batch that cannot be made is said before a folder exists
    path = Path(out) / run_name(choice.method, source.name, hashed(config), seed)
    if overwrite and (path / "config.json").exists():
        if path.is_symlink():
            raise RunError(f"{path} is a symbolic link, and is not overwritten: remove it, or choose another out")
        shutil.rmtree(path)
    folder = Folder.create(path, config)
    seal(folder.path, config)
    return _run(folder, training, source, held, progress)


def choose(method: str | type[Method], given: Mapping[str, Any], info: DataInfo) -> build.Choice:
    """As `build.choose`; ValueError where a setting, of the method or of a part, is named like an option of `train`."""
    choice = build.choose(method, given, info)
    for setting in choice.settings:
        path, _, name = setting.rpartition(".")
        if name in keywords(train):
            owner = choice.parts.get(path, choice.method).rpartition(":")[2]
            fact = "; without Setting it is filled in with the run's length" if name == "steps" else ""
            raise ValueError(f"{owner} has a setting {name!r}, which is an option of the loop: rename it{fact}")
    return choice


def resume(
    path: str | Path, *, data: Any = None, progress: Progress | None = None, trust: bool = False, **modules: nn.Module
) -> Run:
    """Continue a run that was stopped, from its last checkpoint; a finished one is returned as it is.

    data, modules: the data set and the parts that were handed in as objects when it was started. trust: as of `load_run`.
    """
    refuse_links(Path(path))
    folder = Folder(path)
    admit(folder.path, folder.config, trusted=trust, given={*modules, *(() if data is None else ("data",))})
    source, known = open_data(folder.config) if data is None else datasets.load(data), info_of(folder.config)
    rows = folder.config["data"].get("rows", known.n)  # older runs: of all rows, also where some were held out
    if (source.info.shape, len(source)) != (known.shape, rows):
        raise RunError(f"the data have changed: {len(source)} images of {source.info.shape}; this run had others")
    method = method_of(folder.config, modules)
    if folder.done:
        folder.load_weights(method)
        return Run(folder, method, source)
    seen, held = parted(source, folder.config["loop"])
    training = _prepare(method, seen, folder.config)
    return _run(folder, training, source, held, progress)


def _batch_keywords() -> dict[str, Keyword]:
    """The options of `data.batches.stream` that are not the loop's."""
    return {k: word for k, word in keywords(stream).items() if word.setting is not None and k != "batch_size"}


def _completed(known: Mapping[str, Keyword], given: Mapping[str, Any], of: str) -> dict[str, Any]:
    """What was given, checked, with the defaults of the rest: the same run has the same config however it was asked for."""
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"{of} has no option {unknown[0]!r}; {nearest(unknown[0], known)}")
    defaults = {name: word.default for name, word in known.items() if not word.required}
    return defaults | {name: known[name].check(value) for name, value in given.items()}


def _prepare(method: Method, seen: Dataset, config: Mapping[str, Any]) -> Training:
    """The loop with its stream of the rows that are trained on."""
    loop = config["loop"]
    device = pick_device(loop["device"])
    options = _completed(_batch_keywords(), config["batches"], "batches")  # from a file, where a tuple is a list
    batches = stream(
        seen, method.needs, batch_size=loop["batch_size"], seed=loop["seed"], device=str(device), **options
    )
    batches(0)
    precision = config.get("resolved", loop)["precision"]
    method = channels_last(method.to(device))
    return Training(method, batches, seed=loop["seed"], dtype=resolve(precision, device))


def channels_last(method: Method) -> Method:
    """The method with its convolutions' weights in the layout in which they are fast."""
    for module in method.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return method


def _run(folder: Folder, training: Training, source: Dataset, held: Dataset | None, progress: Progress | None) -> Run:
    """Train to the end, mark the run done. The caller's random state is left alone, also where training breaks down."""
    with left_alone(training.device):
        _take_steps(folder, training, source, held, progress)
    write(folder.path / "done", b"")
    return Run(folder, training.method, source)


def _take_steps(
    folder: Folder, training: Training, source: Dataset, held: Dataset | None, progress: Progress | None
) -> None:
    """Take the steps that are left; log, keep checkpoints."""
    loop = folder.config["loop"]
    before = folder.restore(training)
    if progress:
        batch = grouped(training.method.needs, loop["batch_size"], folder.config["batches"])
        about = source.about if batch is None else f"{source.about}; a batch is {batch}"
        progress({"run": folder.path, "steps": loop["steps"], "batch_size": loop["batch_size"], "data": about})
    folder.forget_after(training.step)
    told = units(folder.records())
    if progress and training.step:
        progress({"resumed": training.step, "units": told})
    clock, look = Clock(before, training.step), Look(training, source, held)
    for terms in training.until(loop["steps"]):
        _check_names(terms)
        if due := clock.due():
            training.kept.check(training.step)  # before a look, whose images pass through the networks too
        now = {"step": training.step} | clock.read(training.step, loop["batch_size"])
        if training.step % loop["log_every"] == 0 or training.step == loop["steps"]:
            record = now | _record(training, look, told)
            folder.append(record)
            clock.recorded(training.step)
            told |= record.get("units", {})
            if progress:
                progress(record)
        elif progress and clock.second_passed():
            progress(now | _plain(training.means.values) | {"live": True, "units": dict(training.units)})
        if due:
            _keep(folder, training, clock)
    _keep(folder, training, clock)


def _check_names(terms: Mapping[str, torch.Tensor]) -> None:
    if taken := COLUMNS & terms.keys():
        raise ValueError(
            f"a term of the losses is called {min(taken)!r}, as a column of the log: rename it in the method"
        )


def _record(training: Training, look: Look, told: Mapping[str, str]) -> dict[str, Any]:
    """The terms since the last record, which begin anew; their units, where the log has not `told` them; and a look."""
    means = training.means.values
    training.check_finite(means)
    new = {term: unit for term in means if (unit := training.units.get(term)) and term not in told}
    training.means.clear()
    return _plain(means) | look.at_step() | ({"units": new} if new else {})


def _plain(terms: Mapping[str, torch.Tensor]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in terms.items()}


def _keep(folder: Folder, training: Training, clock: Clock) -> None:
    """A checkpoint, unless a weight is not finite: then the last good one stays."""
    if bad := [n for n, w in training.method.named_parameters() if not bool(w.isfinite().all())]:
        raise NotFinite(f"step {training.step}: the weights {bad[0]} are not finite; the last good checkpoint is kept")
    folder.checkpoint(training, clock.seconds())
    clock.kept()
