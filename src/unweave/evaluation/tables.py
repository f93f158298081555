"""Encoding of the rows of a plan, each once, and the tables of codes that metrics read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.evaluation.columns import Columns, scored_columns
from unweave.evaluation.encoding import Plan, known_factors
from unweave.metrics.tables.checks import unvarying
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.groups import Groups
from unweave.metrics.tables.table import Table
from unweave.tensors import plain

if TYPE_CHECKING:
    from unweave.data.base import Dataset

TableKind = TypeVar("TableKind", Table, GroupTable)
BATCH = 4_096  # images that are encoded at a time


@dataclass(frozen=True)
class Encoded:
    """The tables that metrics read, each image encoded once.

    rows: codes beside factors. posteriors: the same with the codes' variances. others: the tables
    of the other kinds, "posteriors" among them, "classes" with the block of that name beside the
    class, and "groups" and "pairs" made by intervention. columns: which columns of the codes are
    scored, where these are chosen; else None.
    """

    rows: Table
    posteriors: Table
    others: dict[str, Table | GroupTable]
    columns: NDArray[np.int64] | None = None


def encode(
    plan: Plan,
    posterior: Callable[..., Any],
    blocks: Mapping[str, Block] = {},
    block: str | None = None,
) -> Encoded:
    """Encode every row that is needed once, and lay the codes out as tables.

    posterior: from images to (mean (n, W), log variance (n, W) or None). blocks: of the columns of
    a run's codes; none for a function. block: the only one that is scored.
    """
    # the distinct rows of all parts of the plan, and where each part stands among them
    needed = np.unique(np.concatenate([rows.ravel() for rows in plan.index.values()]))
    at = {name: np.searchsorted(needed, rows) for name, rows in plan.index.items()}
    mean, log_var = _encode(posterior, plan.source, needed)  # (needed, W)
    others: dict[str, Table | GroupTable] = {}
    category: NDArray[Any] | None = None
    if "class" in blocks:
        category = mean[at["fit"]][:, blocks["class"].columns]
    # of a run: the columns that are scored
    chosen = Columns()
    if blocks:
        of_fit = _rows(log_var, at["fit"])
        chosen = scored_columns(blocks, mean[at["fit"]], of_fit, block)
    if chosen.note:
        plan = replace(plan, notes=(*plan.notes, *chosen.note.split("; ")))
    if chosen.index is not None:
        mean = mean[:, chosen.index]
        if log_var is not None:
            log_var = log_var[:, chosen.index]
    factors = known_factors(plan.source, needed)  # (needed, K)
    full, posteriors = _tables(plan, at, mean, log_var, factors, chosen)
    others["posteriors"] = posteriors
    if category is not None and block in (None, "class") and plan.classes is not None:
        label = plan.classes.astype(float)[:, None]
        table = Table.of(category, label, seed=plan.seed, kinds="categorical")
        others["classes"] = _with_notes(table, plan)
    for kind in {name.split()[0] for name in plan.fixed}:
        others[kind] = _group_table(kind, plan, at, mean)
    return Encoded(full, posteriors, others, chosen.noted)


def _group_table(
    kind: str, plan: Plan, at: Mapping[str, NDArray[np.int64]], mean: NDArray[Any]
) -> GroupTable:
    """The groups by intervention of a kind, "groups" or "pairs".

    The codes of the plain rows are their reference.
    """
    names = (f"{kind} fit", f"{kind} test")
    fit, test = (Groups(mean[at[name]], plan.fixed[name]) for name in names)
    table = GroupTable.of(fit, test, mean[at["fit"]], plan.protocol, plan.seed)
    return _with_notes(table, plan)


def _tables(
    plan: Plan,
    at: Mapping[str, NDArray[np.int64]],
    mean: NDArray[Any],
    log_var: NDArray[Any] | None,
    factors: NDArray[Any] | None,
    chosen: Columns,
) -> tuple[Table, Table]:
    """The codes beside factors: without variances, and with those of Gaussian columns."""

    def table(columns: Any, log_var: NDArray[Any] | None) -> Table:
        test = None
        if "test" in at and factors is not None:
            test = (mean[at["test"]][:, columns], factors[at["test"]])
        if log_var is not None:
            log_var = log_var[at["fit"]][:, columns]
        found = Table.of(
            mean[at["fit"]][:, columns],
            _rows(factors, at["fit"]),
            test=test,
            log_var=log_var,
            protocol=plan.protocol,
            seed=plan.seed,
            kinds=plan.kinds,
        )
        return _with_notes(_named(found, plan.source.factor_names), plan)

    every = slice(None)
    if chosen.kl is None or chosen.gaussian is None:
        full = table(every, log_var)
        return replace(full, log_var=None, cache={}), full
    rows = table(every, None)
    kl = chosen.kl[list(rows.latents)]
    rows = replace(rows, kl=kl)
    if rows.test is not None:
        rows = replace(rows, test=replace(rows.test, kl=kl))
    if not chosen.gaussian.any():
        return rows, rows
    return rows, table(chosen.gaussian, log_var)


def _rows(values: NDArray[Any] | None, rows: NDArray[np.int64]) -> NDArray[Any] | None:
    """The rows of values that may be unknown."""
    if values is None:
        return None
    return values[rows]


def _named(table: Table, names: Sequence[str]) -> Table:
    """The table with factors that never vary by name in its notes, where Table has numbers."""
    constant = sorted(set(range(table.height)) - set(table.varying))
    if not names or not constant:
        return table
    by_number = unvarying(constant)
    by_name = {by_number: unvarying(constant, names)}
    notes = tuple(by_name.get(note, note) for note in table.notes)
    return replace(table, notes=notes)


def _with_notes(table: TableKind, plan: Plan) -> TableKind:
    """The table with the remarks that all its scores carry."""
    return replace(table, notes=table.notes + plan.notes)


def _encode(
    posterior: Callable[..., Any], source: Dataset, rows: NDArray[np.int64]
) -> tuple[Any, Any]:
    """Mean and log variance or None, (n, W) each, of rows (n,), encoded in batches of 4,096."""
    parts = [posterior(source.take(rows[i : i + BATCH])) for i in range(0, len(rows), BATCH)]
    mean = np.concatenate([np.asarray(plain(p[0]), dtype=np.float64) for p in parts])
    if len(mean) != len(rows):
        raise ValueError(f"the encoder gave {len(mean)} codes for {len(rows)} images")
    if parts[0][1] is None:
        return mean, None
    return mean, np.concatenate([plain(p[1]) for p in parts])
