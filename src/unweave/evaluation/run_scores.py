"""Evaluation of a run, on its own data or on others; its scores are kept in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from unweave import data as datasets
from unweave.blocks import Block, named
from unweave.evaluation.planned import noted, planned, wanted_of
from unweave.evaluation.scoring import MetricOrName, as_names, get, name_of, score
from unweave.evaluation.tables import Encoded, encode
from unweave.metrics.score import OF, Score
from unweave.metrics.tables.arguments import check_how
from unweave.metrics.tables.rows import FIT_ROWS

if TYPE_CHECKING:
    from unweave.data.base import Dataset
    from unweave.runs.run import Run

OTHER_DATA = "scored on data with other contents than those that the run was trained on"


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
) -> dict[str, Score]:
    """Score a run on its own data or on others, and keep the scores in its scores.json.

    Arguments as of `evaluate`. NotKept, which has the scores, where they cannot be written there.
    """
    check_how(protocol, seed, calibrate)
    names = as_names(metrics)
    from unweave.runs.errors import NotKept
    from unweave.runs.own_files import refuse_links

    refuse_links(run.path)  # before the work: its scores are written there
    blocks = run.blocks
    if block is not None:
        named(blocks, block)  # ValueError for an unknown block, before the work
    tables, source = _encode_run(
        run, data, names, n, block, seed=seed, protocol=protocol, kinds=kinds
    )
    wanted = wanted_of(names, tables)
    _refuse_classless(wanted, blocks, block, tables, source.name)
    options: dict[str, dict[str, Any]] = {}
    if run.method.classes_named:
        options["class_accuracy"] = {"named": True}
    scores = score(wanted, tables.rows, tables.others, calibrate=calibrate, options=options)
    if tables.columns is not None:
        for name, found in scores.items():
            scores[name] = replace(found, parts=found.parts | {"columns": tables.columns})
    if data is None and run.data_differ:
        scores = {name: noted(found, OTHER_DATA) for name, found in scores.items()}
    kept = scores
    if block is not None:
        kept = {f"{name}{OF}{block}": found for name, found in scores.items()}
    try:
        run.folder.keep_scores(kept)
    except ValueError as error:
        raise NotKept(scores, str(error)) from error
    return scores


def _encode_run(
    run: Run,
    data: Any,
    names: list[MetricOrName] | str | None,
    n: int | None,
    block: str | None,
    **how: Any,
) -> tuple[Encoded, Dataset]:
    """The tables of a run, and the data set they are of.

    That is `data`, or else the run's held-out rows, or all its data.
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

        if n is None:
            n = FIT_ROWS
        return encode_clips(run, source, n=n, block=block, **how), source
    plan = planned(source, names, n=n, held_out=held_out, **how)
    return encode(plan, run.posterior, run.blocks, block), source


def _refuse_classless(
    names: list[MetricOrName],
    blocks: Mapping[str, Block],
    only: str | None,
    tables: Encoded,
    data: str,
) -> None:
    """ValueError if a metric of classes is requested of a run without them.

    Its codes would pass for probabilities.
    """
    wanted = [name_of(name) for name in names if get(name).declares.tables == "classes"]
    if wanted and "class" not in blocks:
        raise ValueError(
            f"{wanted[0]} needs a block 'class'; the codes of this run are {', '.join(blocks)}"
        )
    if wanted and only not in (None, "class"):
        raise ValueError(
            f"{wanted[0]} reads the block 'class', and the block {only} alone is to be scored"
        )
    if wanted and "classes" not in tables.others:
        raise ValueError(f"{wanted[0]} needs the class of each image, and {data} has none")
