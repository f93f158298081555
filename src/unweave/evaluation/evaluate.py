"""Evaluation: metrics of a run, of an encoder function, or of codes beside factors.

Every image that any of the metrics needs is encoded once; the metrics read the same tables.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from unweave import data as datasets
from unweave import metrics as registry
from unweave.blocks import Block, named
from unweave.evaluation.encoding import Plan, plan_rows
from unweave.evaluation.scoring import Asked, as_names, get, name_of, names_of, score
from unweave.evaluation.tables import Encoded, encode
from unweave.metrics.score import OF
from unweave.metrics.tables.arguments import check_how, refuse_unread
from unweave.metrics.tables.rows import FIT_ROWS
from unweave.metrics.tables.swapped import SWAPPED, look_swapped
from unweave.metrics.tables.table import Table

if TYPE_CHECKING:
    from unweave.data.base import Dataset
    from unweave.runs.run import Run

Encoder = Callable[..., Any]  # its results are read in `evaluation.encoder_output`
OF_RUNS = "is of a run, whose method says what the columns of its codes are"

OTHER_DATA = "scored on data with other contents than those that the run was trained on"


def evaluate(
    what: Run | Encoder | tuple[ArrayLike, ArrayLike | None],
    metrics: Any = None,
    *,
    data: Any = None,
    n: int | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    log_var: ArrayLike | None = None,
    kinds: Any = None,
    block: str | None = None,
) -> dict[str, registry.Score]:
    """Score a run, an encoder, or codes beside factors.

    what: a run; an encoder, with `data`; or (codes (N, D), factors (N, K)). An encoder is a
        function of images as the data set has them, uint8 (n, C, H, W) or vectors (n, F), of
        numpy, TensorFlow, JAX or torch; or a torch module or a method of one, such as vae.encode,
        which is given tensors on its device, images in [0, 1], in evaluation mode. It gives codes
        (n, D), (mean, log_var), a distribution, or a dict or dataclass with one entry of that shape
        or with a usual name: mean, mu, loc, z, codes, latents; log_var.
    metrics: names in any case, in a list or with commas between them, "all" for every metric that
        these tables allow, or None for the usual six;
        either also with `class_accuracy` for a run whose codes have a block "class" and data whose
        classes are known. In place of a name "module:metric", or the metric itself; either may be a
        bare function (codes, factors) -> float.
    data: what to encode, with known factors or labels. If None, the run's own: the rows that were
        held out of training where some were, as every score then notes in its `reason`; give
        `data=run.data` to score all.
    n: images to encode, 10,000 by default (all if there are fewer). Under a "dlib" protocol, 5,000
        others to test on (a third of the n where there are too few, as each score's estimator then
        states), and groups of images by intervention; else groups are drawn from the n images.
    calibrate: also errors and null floors of metrics that fit models. test, log_var: as for any
        metric, with codes.
    kinds: of the factors, "categorical", "ordered" or "continuous": one for all, one for each, or
        {factor: kind}, a factor by its name in the data or its number; in place of what the data
        set declares or, without that, of a guess.
    block: the one block of a run's codes that is scored, by name, e.g. "content"; all that are
        scored if None.

    Returns {name: Score}; a run keeps them in its scores.json, those of a block as "mig of
    content". Of a run whose codes have more than 64 columns the most used are scored, as every
    score then notes. ValueError if there are no factors to score against, and for an argument that
    what is scored has no use for.
    """
    how = {"seed": seed, "protocol": protocol, "calibrate": calibrate, "kinds": kinds}
    if isinstance(what, tuple):
        if len(what) != 2:
            raise ValueError(f"{len(what)} things are given to score; give (codes, factors)")
        _refuse(block=block, why=OF_RUNS)
        _refuse(data=data, n=n, why="is of what has to be encoded, and codes are scored as they are")
        return score_codes(*what, metrics, test=test, log_var=log_var, **how)
    _refuse(test=test, log_var=log_var, why="stands beside codes and factors that are given as such")
    from unweave.runs.run import Run  # here, so that scoring arrays needs no torch

    if isinstance(what, Run):
        return evaluate_run(what, metrics, data=data, n=n, block=block, **how)
    _refuse(block=block, why=OF_RUNS)
    if not callable(what):
        raise ValueError(
            f"cannot score a {type(what).__name__}; give a run, a function from images to codes, or (codes, factors)"
            f"{_method_meant(what)}"
        )
    if isinstance(what, type):
        raise ValueError(f"{what.__name__} is a class; give an object of it, as an encoder")
    if data is None:
        raise ValueError("evaluating a function needs data=...: the images to encode, with their factors")
    return evaluate_encoder(what, data, metrics, n=n, **how)


def score_codes(
    codes: ArrayLike,
    factors: ArrayLike | None,
    metrics: Any = None,
    *,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    log_var: ArrayLike | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    kinds: Any = None,
) -> dict[str, registry.Score]:
    """Score codes (N, D) beside factors (N, K); arguments as of `evaluate`.

    A UserWarning where the two look exchanged.
    """
    check_how(protocol, seed, calibrate)
    names = as_names(metrics)
    table = Table.of(codes, factors, test=test, log_var=log_var, protocol=protocol, seed=seed, kinds=kinds)
    if kinds is None and look_swapped(table):
        warnings.warn(SWAPPED, stacklevel=3)
    wanted = names_of(names, table)
    if test is not None and not any("test" in get(name).declares.uses for name in wanted):
        listed = ", ".join(map(name_of, wanted))
        raise ValueError(f"test was given, and {listed} fit nothing that it could test; leave it out")
    return score(wanted, table, calibrate=calibrate)


def evaluate_encoder(
    encoder: Encoder,
    data: Any,
    metrics: Any = None,
    *,
    n: int | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    kinds: Any = None,
) -> dict[str, registry.Score]:
    """Score a function from images (n, C, H, W) uint8 to codes (n, D) on a data set; arguments as
    of `evaluate`.
    """
    check_how(protocol, seed, calibrate)
    names = as_names(metrics)
    plan = _plan(datasets.load(data), names, n=n, seed=seed, protocol=protocol, kinds=kinds)
    from unweave.evaluation.encoder import EncoderCalls  # here, so that scoring arrays needs no torch
    from unweave.generators import all_left_alone

    calls = EncoderCalls(encoder)
    with all_left_alone():
        tables = encode(plan, calls)
    scores = score(_wanted(names, tables), tables.rows, tables.others, calibrate=calibrate)
    for note in calls.notes:
        scores = {name: _noted(found, note) for name, found in scores.items()}
    return scores


def evaluate_run(
    run: Run,
    metrics: Any = None,
    *,
    data: Any = None,
    n: int | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    kinds: Any = None,
    block: str | None = None,
) -> dict[str, registry.Score]:
    """Score a run on its own data or on others, and keep the scores in its scores.json; arguments
    as of `evaluate`.

    NotKept, which has the scores, where they cannot be written there.
    """
    check_how(protocol, seed, calibrate)
    names = as_names(metrics)
    from unweave.runs.errors import NotKept
    from unweave.runs.folder import refuse_links

    refuse_links(run.path)  # before the work: its scores are written there
    blocks = run.blocks
    if block is not None:
        named(blocks, block)  # ValueError for an unknown block, before the work
    tables, source = _encode_run(run, data, names, n, block, seed=seed, protocol=protocol, kinds=kinds)
    wanted = _wanted(names, tables)
    _refuse_classless(wanted, blocks, block, tables, source.name)
    options = {"class_accuracy": {"named": True}} if run.method.classes_named else {}
    scores = score(wanted, tables.rows, tables.others, calibrate=calibrate, options=options)
    if tables.columns is not None:
        chosen = {"columns": tables.columns}
        scores = {name: replace(found, parts=found.parts | chosen) for name, found in scores.items()}
    if data is None and run.data_differ:
        scores = {name: _noted(found, OTHER_DATA) for name, found in scores.items()}
    kept = scores
    if block is not None:
        kept = {f"{name}{OF}{block}": found for name, found in scores.items()}
    try:
        run.folder.keep_scores(kept)
    except ValueError as error:
        raise NotKept(scores, str(error)) from error
    return scores


def _noted(found: registry.Score, note: str) -> registry.Score:
    """The score with one more note in its reason."""
    return replace(found, reason=f"{found.reason}; {note}" if found.reason else note)


def _encode_run(
    run: Run,
    data: Any,
    names: list[Asked] | str | None,
    n: int | None,
    block: str | None,
    **how: Any,
) -> tuple[Encoded, Dataset]:
    """The tables of a run, and the data set they are of: `data`, or the run's held-out rows, or all
    its data.
    """
    held_out = data is None and run.held is not None
    if data is not None:
        source = datasets.load(data)
    elif run.held is not None:
        source = run.held
    else:
        source = run.data
    if run.method.encodes == "clips":
        from unweave.evaluation.clips import encode_clips

        frames = FIT_ROWS if n is None else n
        return encode_clips(run, source, n=frames, block=block, **how), source
    plan = _plan(source, names, n=n, held_out=held_out, **how)
    return encode(plan, run.posterior, run.blocks, block), source


def _plan(source: Dataset, names: list[Asked] | str | None, *, n: int | None, protocol: str, **more: Any) -> Plan:
    """The rows that these metrics need. ValueError if n is not a whole number of at least 2."""
    n = FIT_ROWS if n is None else n
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 2:
        raise ValueError(f"n is {n!r}; it has to be a whole number of images, at least 2")
    known = None
    if names is not None and names != "all":
        known = names_of(names, None)  # ValueError for an unknown name, before the work
    groups = protocol.startswith("dlib") and _wants_groups(known)
    return plan_rows(source, n=int(n), protocol=protocol, groups=groups, **more)


def _wanted(names: list[Asked] | str | None, tables: Encoded) -> list[Asked]:
    """The requested metrics; where they are not named, class_accuracy too if there are classes."""
    wanted = names_of(names, tables.posteriors)
    by_default = names is None or names == "all"
    if by_default and "classes" in tables.others:
        return [*wanted, "class_accuracy"]
    return wanted


def _refuse(*, why: str, **given: Any) -> None:
    """ValueError for an argument that is not None."""
    refuse_unread("evaluate", given, given, why)


def _method_meant(what: Any) -> str:
    """The method of an object that may be meant as an encoder, as a second half of a message."""
    for name in ("encode", "transform"):
        if callable(getattr(what, name, None)):
            return f"; its method {name} may be the function"
    return ""


def _refuse_classless(
    names: list[Asked], blocks: Mapping[str, Block], only: str | None, tables: Encoded, data: str
) -> None:
    """ValueError if a metric of classes is requested of a run without them: its codes would pass
    for probabilities.
    """
    wanted = [name_of(name) for name in names if get(name).declares.tables == "classes"]
    if wanted and "class" not in blocks:
        raise ValueError(f"{wanted[0]} needs a block 'class'; the codes of this run are {', '.join(blocks)}")
    if wanted and only not in (None, "class"):
        raise ValueError(f"{wanted[0]} reads the block 'class', and the block {only} alone is to be scored")
    if wanted and "classes" not in tables.others:
        raise ValueError(f"{wanted[0]} needs the class of each image, and {data} has none")


def _wants_groups(names: list[Asked] | None) -> bool:
    return names is None or any(get(name).declares.tables in ("groups", "pairs") for name in names)
