"""The steps of a run: taken, logged and kept. Of several processes, the first one alone writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from unweave.data.sampling.options import grouped
from unweave.runs.folder import Folder
from unweave.runs.monitor import Clock, Look
from unweave.training import joint
from unweave.training.loop import NotFinite, Training
from unweave.training.records import COLUMNS, units

Progress = Callable[[dict[str, Any]], None]


def take_steps(folder: Folder, training: Training, source: Any, held: Any, progress: Progress | None) -> None:
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
        if _recorded(training, loop):
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


def follow_steps(folder: Folder, training: Training) -> None:
    """Take the steps that are left beside the first process, which writes them down."""
    loop = folder.config["loop"]
    folder.restore(training)
    for terms in training.until(loop["steps"]):
        _check_names(terms)
        if _recorded(training, loop):
            joint.check_equal(training.method, training.step)
            training.check_finite(training.means.values)
            training.means.clear()


def _recorded(training: Training, loop: Mapping[str, Any]) -> bool:
    """Whether the log has a record of the step that was just taken."""
    return training.step % loop["log_every"] == 0 or training.step == loop["steps"]


def _check_names(terms: Mapping[str, torch.Tensor]) -> None:
    if taken := COLUMNS & terms.keys():
        raise ValueError(
            f"a term of the losses is called {min(taken)!r}, as a column of the log: rename it in the method"
        )


def _record(training: Training, look: Look, told: Mapping[str, str]) -> dict[str, Any]:
    """The terms since the last record, which begin anew; their units, where the log has not `told` them; and a look."""
    means = training.means.values
    joint.check_equal(training.method, training.step)
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
