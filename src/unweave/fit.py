"""Train a run from names to a finished folder: build, loop, log, checkpoint, mark done."""

from __future__ import annotations

import dataclasses
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch import nn

from unweave import build
from unweave import data as datasets
from unweave.data.batches import stream
from unweave.data.views import split
from unweave.methods.base import Method, NotAvailable
from unweave.precision import Precision, resolve
from unweave.run import Run, evaluating, info_of, load_run, method_of, open_data, pixels
from unweave.runs import Folder, RunError, run_name
from unweave.seeds import fold
from unweave.settings import Keyword, Setting, keywords, nearest
from unweave.train import NotFinite, Training

Progress = Callable[[dict[str, Any]], None]

PROBED = 512  # images on which latents and the validation bound are looked at
CHECKPOINT_SECONDS = 20.0


def train(
    method: str | type[Method],
    data: Any,
    *,
    steps: Annotated[int, Setting("batches to train on", low=1)] = 30_000,
    batch_size: Annotated[int, Setting("images in a batch", low=1, search=(32, 64, 128, 256))] = 64,
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
    parts, e.g. beta=6, regulariser="density-ratio", encoder=my_module. progress: called with every record of the log.

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
    choice = build.choose(method, settings, source.info)
    config = describe(choice, data, source, root, data_options or {}, batch_options, loop)
    built = build.make(choice, source.info, seed=seed)
    training, held = _prepare(built, source, config)  # a batch that cannot be made is said before a folder exists
    path = Path(out) / run_name(choice.method, source.name, hashed(config), seed)
    if overwrite and (path / "config.json").exists():
        shutil.rmtree(path)
    folder = Folder.create(path, config)
    return _run(folder, training, source, held, progress)


def resume(path: str | Path, *, data: Any = None, progress: Progress | None = None, **modules: nn.Module) -> Run:
    """Continue a run that was stopped, from its last checkpoint; a finished one is returned as it is.

    data, modules: the data set and the parts that were handed in as objects when it was started.
    """
    folder = Folder(path)
    source, known = open_data(folder.config) if data is None else datasets.load(data), info_of(folder.config)
    if (source.info.shape, len(source)) != (known.shape, known.n):
        raise RunError(f"the data have changed: {len(source)} images of {source.info.shape}; this run had others")
    if folder.done:
        return load_run(path, **modules)
    training, held = _prepare(method_of(folder.config, modules), source, folder.config)
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


def describe(
    choice: build.Choice,
    given: Any,
    source: Any,
    root: str | Path | None,
    data_options: Mapping[str, Any],
    batch_options: Mapping[str, Any],
    loop: Mapping[str, Any],
) -> dict[str, Any]:
    """The config of a run: everything chosen, plain enough for JSON."""
    named = isinstance(given, str | Path)
    facts = dataclasses.asdict(source.info)
    return {
        "method": {
            "name": choice.method,
            "parts": choice.parts,
            "settings": choice.settings,
            "modules": sorted(choice.modules),
        },
        "data": {
            "name": source.name,
            "source": str(given) if named else None,
            "root": None if root is None else str(root),
            "options": dict(data_options),
            "about": source.about,
            "info": {k: list(v) if isinstance(v, tuple) else v for k, v in facts.items()},
        },
        "batches": dict(batch_options),
        "loop": dict(loop),
        "versions": {name: version(name) for name in ("unweave", "torch", "numpy")}
        | {"python": platform.python_version()},
    }


def hashed(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that a run's name hashes: what may change its numbers, but not the seed."""
    loop = {k: v for k, v in config["loop"].items() if k != "seed"}
    data = {k: config["data"][k] for k in ("name", "source", "options", "info")}
    return {"method": config["method"], "data": data, "batches": config["batches"], "loop": loop}


def pick_device(name: str) -> torch.device:
    """The device of a name; "auto" is the first accelerator there is, else the CPU."""
    if name == "auto":
        return (
            torch.accelerator.current_accelerator() or torch.device("cpu")
            if torch.accelerator.is_available()
            else torch.device("cpu")
        )
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not available here: {str(error).splitlines()[0]}") from error
    return device


def _prepare(method: Method, source: Any, config: Mapping[str, Any]) -> tuple[Training, Any]:
    """The loop with its stream, and the held-out part of the data (None without one)."""
    loop = config["loop"]
    device = pick_device(loop["device"])
    seen, held = split(source, loop["holdout"], loop["seed"]) if loop["holdout"] else (source, None)
    options = _completed(_batch_keywords(), config["batches"], "batches")  # from a file, where a tuple is a list
    batches = stream(
        seen, method.needs, batch_size=loop["batch_size"], seed=loop["seed"], device=str(device), **options
    )
    batches(0)
    method = channels_last(method.to(device))
    return Training(method, batches, seed=loop["seed"], dtype=resolve(loop["precision"], device)), held


def channels_last(method: Method) -> Method:
    """The method with its convolutions' weights in the layout in which they are fast."""
    for module in method.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return method


def _run(folder: Folder, training: Training, source: Any, held: Any, progress: Progress | None) -> Run:
    """Take the steps that are left; log, keep checkpoints, mark the run done."""
    loop = folder.config["loop"]
    before = folder.restore(training)
    if progress:
        progress({"run": folder.path, "steps": loop["steps"], "batch_size": loop["batch_size"], "data": source.about})
    folder.forget_after(training.step)
    if progress and training.step:
        progress({"resumed": training.step})
    probe, look = Clock(before, training.step), _Look(training, source, held)
    for terms in training.until(loop["steps"]):
        if training.step % loop["log_every"] == 0 or training.step == loop["steps"]:
            training.check_finite(terms)
            record = {"step": training.step, **probe.read(training.step, loop["batch_size"])}
            record |= {k: round(float(v), 6) for k, v in terms.items()} | look.at_step()
            folder.append(record)
            if progress:
                progress(record)
        if probe.due():
            _keep(folder, training, probe)
    _keep(folder, training, probe)
    (folder.path / "done").touch()
    return Run(folder, training.method, source)


def _keep(folder: Folder, training: Training, clock: Clock) -> None:
    """A checkpoint, unless a weight is not finite: then the last good one stays."""
    if bad := [n for n, w in training.method.named_parameters() if not bool(w.isfinite().all())]:
        raise NotFinite(f"step {training.step}: the weights {bad[0]} are not finite; the last good checkpoint is kept")
    folder.checkpoint(training, clock.seconds())
    clock.kept()


class Clock:
    """Seconds of training, and when a checkpoint is due: early on often, later every 20 seconds."""

    def __init__(self, before: float, step: int):
        self.before, self.start, self.last = before, time.monotonic(), time.monotonic()
        self.read_at, self.read_step = self.start, step

    def seconds(self) -> float:
        """Since the run began, time in which it was stopped left out."""
        return round(self.before + time.monotonic() - self.start, 3)

    def read(self, step: int, batch_size: int) -> dict[str, float]:
        """Seconds so far, and the speed since the last reading."""
        now = time.monotonic()
        speed = (step - self.read_step) * batch_size / max(now - self.read_at, 1e-9)
        self.read_at, self.read_step = now, step
        return {"seconds": self.seconds(), "images_per_s": round(speed, 1)}

    def due(self) -> bool:
        """Whether a kill now would lose more than it should."""
        now = time.monotonic()
        return now - self.last >= min(CHECKPOINT_SECONDS, 0.2 * (now - self.start))

    def kept(self) -> None:
        """A checkpoint was written."""
        self.last = time.monotonic()


class _Look:
    """What the log shows beside the losses: KL of each latent, active latents, the bound on held-out images."""

    def __init__(self, training: Training, source: Any, held: Any):
        self.training = training
        self.seen = self._images(source)
        self.held = None if held is None else self._images(held)

    def _images(self, source: Any) -> torch.Tensor:
        rows = np.unique(np.linspace(0, len(source) - 1, PROBED).astype(np.int64))
        return pixels(torch.from_numpy(source.take(rows)).to(self.training.device))

    def at_step(self) -> dict[str, Any]:
        """The record's part; seeded by the step, so that it disturbs nothing and repeats after a resume."""
        method = self.training.method
        found: dict[str, Any] = {}
        with evaluating(method), torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(fold(self.training.seed, self.training.step, "look"))
            try:
                q = method.encode(self.seen)
                if q.log_var is not None:
                    kl = q.kl().mean(0).tolist()
                    found |= {"active": sum(k > 0.01 for k in kl), "kl per latent": [round(k, 4) for k in kl]}
                if self.held is not None:
                    found["validation elbo"] = round(float(method.elbo(self.held).mean()), 4)
            except NotAvailable:
                pass
        return found
