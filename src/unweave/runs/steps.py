"""The steps of a run, from the first or from where it was stopped: taken, logged and kept.

Of several processes, the first one alone writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from unweave.data.base import Dataset
from unweave.data.sampling.batches import stream
from unweave.data.sampling.options import grouped
from unweave.data.shifts.labels import labelled
from unweave.files.atomic import write
from unweave.methods.base import Method
from unweave.runs import stopping
from unweave.runs.config import LoopConfig, RunConfig
from unweave.runs.folder import Folder
from unweave.runs.monitor import Clock, Look
from unweave.runs.run import Run
from unweave.seeds.generators import left_alone
from unweave.training import joint, ranks
from unweave.training.device import pick_device
from unweave.training.draws import watched
from unweave.training.layout import channels_last
from unweave.training.loop import NotFinite, Training
from unweave.training.precision import dtype_of
from unweave.training.records import COLUMNS, units
from unweave.training.turns import inside_losses

Progress = Callable[[dict[str, Any]], None]


def prepared(method: Method, seen: Dataset, config: RunConfig) -> Training:
    """The training loop with its stream of batches of the training rows.

    The first batch is drawn, so that one that cannot be made or used is an error before the first step.
    """
    loop = config.loop
    device = ranks.own_device(pick_device(loop.device))
    batches = stream(
        seen,
        method.needs,
        batch_size=loop.batch_size,
        seed=loop.seed,
        device=str(device),
        **asdict(config.batches),
    )
    method.check(joint.part(batches(0)))
    _refuse_unlabelled(method, seen, config)
    precision = loop.precision
    if config.resolved is not None:
        precision = config.resolved.precision
    method = channels_last(method.to(device))
    return Training(method, batches, seed=loop.seed, dtype=dtype_of(precision, device))


def _refuse_unlabelled(method: Method, seen: Dataset, config: RunConfig) -> None:
    """ValueError if a factor that the method learns from labels has none."""
    if not method.labelled_factors:
        return
    chosen = config.batches
    _, v = labelled(seen, config.loop.seed, count=chosen.labels, observed=chosen.observed)
    for k, name in enumerate(seen.factor_names):
        if name in method.labelled_factors and (v is None or np.isnan(v[:, k]).all()):
            raise ValueError(
                f"{config.method.name} learns from labels of {name}, "
                "which none of the labelled images has: "
                "add it to observed, or leave it out of the variables"
            )


def finish(
    folder: Folder,
    training: Training,
    source: Dataset,
    held: Dataset | None,
    progress: Progress | None,
) -> Run:
    """Train to the end, mark the run done.

    The caller's random state is left alone, also where training breaks down. The traceback of an
    error inside `losses` has no frames of the loop.
    """
    with left_alone(training.device):
        try:
            if ranks.rank() == 0:
                _take_steps(folder, training, source, held, progress)
            else:
                _follow_steps(folder, training)
        except Exception as error:
            error.__traceback__ = inside_losses(error)
            raise
    ranks.first(lambda: write(folder.path / "done", b""))
    return Run(folder, training.method, source)


def _take_steps(
    folder: Folder,
    training: Training,
    source: Dataset,
    held: Dataset | None,
    progress: Progress | None,
) -> None:
    """Take the steps that are left; log, keep checkpoints."""
    loop = folder.config.loop
    before = folder.restore(training)
    if progress:
        progress(_begun(folder, training, source))
    folder.forget_after(training.step)
    known_units = units(folder.records())
    if progress and training.step:
        progress({"resumed": training.step, "units": known_units})
    clock = Clock(before, training.step)
    look = Look(training, source, held)
    with stopping.remembered() as signal_received:
        for terms in watched(training.until(loop.steps), training.method):
            _check_names(terms)
            due = clock.due()
            recorded = _is_recorded(training, loop)
            if due or recorded:
                # before the monitor, whose images pass through the networks too
                training.kept.check(training.step)
            now = {"step": training.step} | clock.read(training.step, loop.batch_size)
            if recorded:
                record = now | _record(training, look, known_units)
                folder.append(record)
                clock.recorded(training.step)
                known_units |= record.get("units", {})
                if progress:
                    progress(record)
            elif progress and clock.second_passed():
                live = {"live": True, "units": dict(training.units)}
                progress(now | _plain(training.means.values) | live)
            if number := signal_received():
                if not (due or recorded):
                    training.kept.check(training.step)
                _keep(folder, training, clock)
                raise stopping.Stopped(number)
            if due:
                _keep(folder, training, clock)
    _keep(folder, training, clock)


def _follow_steps(folder: Folder, training: Training) -> None:
    """Take the steps that are left beside the first process, which writes them down."""
    loop = folder.config.loop
    folder.restore(training)
    for terms in training.until(loop.steps):
        _check_names(terms)
        if _is_recorded(training, loop):
            joint.check_equal(training.method, training.step)
            training.check_finite(training.means.values)
            training.means.clear()


def _is_recorded(training: Training, loop: LoopConfig) -> bool:
    """Whether the log has a record of the step that was just taken."""
    return training.step % loop.log_every == 0 or training.step == loop.steps


def _begun(folder: Folder, training: Training, source: Dataset) -> dict[str, Any]:
    """What progress is shown first: where the run is, and on what it trains."""
    loop = folder.config.loop
    batch = grouped(training.method.needs, loop.batch_size, folder.config.batches)
    about = source.about
    if batch is not None:
        about = f"{about}; a batch is {batch}"
    return {"run": folder.path, "steps": loop.steps, "batch_size": loop.batch_size, "data": about}


def _check_names(terms: Mapping[str, torch.Tensor]) -> None:
    if taken := COLUMNS.keys() & terms.keys():
        raise ValueError(
            f"a term of the losses is called {min(taken)!r}, as a column of the log: "
            "rename it in the method"
        )


def _record(training: Training, look: Look, known_units: Mapping[str, str]) -> dict[str, Any]:
    """A record of the log: the means of the terms since the last one, and what is monitored.

    With units that the log does not have. New means begin.
    """
    means = training.means.values
    joint.check_equal(training.method, training.step)
    training.check_finite(means)
    given = {term: training.units.get(term) for term in means if term not in known_units}
    new = {term: unit for term, unit in given.items() if unit}
    training.means.clear()
    record = _plain(means) | look.at_step()
    if new:
        record["units"] = new
    return record


def _plain(terms: Mapping[str, torch.Tensor]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in terms.items()}


def _keep(folder: Folder, training: Training, clock: Clock) -> None:
    """A checkpoint, unless a weight is not finite: then the last good one stays."""
    if bad := [n for n, w in training.method.named_parameters() if not bool(w.isfinite().all())]:
        raise NotFinite(
            f"step {training.step}: the weights {bad[0]} are not finite; "
            "the last good checkpoint is kept"
        )
    folder.checkpoint(training, clock.seconds())
    clock.kept()
