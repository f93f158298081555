"""The tables that metrics read: the rows of a plan, encoded once, and laid out as each kind of metric reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.evaluation.columns import Columns, scored_columns
from unweave.evaluation.encoding import Plan, known_factors
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.groups import Groups
from unweave.metrics.tables.table import Table
from unweave.tensors import plain

if TYPE_CHECKING:
    from unweave.data.base import Dataset

AnyTable = TypeVar("AnyTable", Table, GroupTable)


@dataclass(frozen=True)
class Encoded:
    """The tables that metrics read, each image encoded once.

    rows: codes beside factors. posteriors: the same with the codes' variances. others: the tables of the other kinds,
    "posteriors" among them, "classes" with the block of that name beside the class, and "groups" and "pairs" made by
    intervention. columns: which columns of the codes are scored, where these are chosen; else None.
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

    blocks: what the columns of the codes are, as a run says; none for a function. block: the only one that is scored.
    """
    needed = np.unique(np.concatenate([rows.ravel() for rows in plan.index.values()]))
    mean, log_var = _encode(posterior, plan.source, needed)
    at = {name: np.searchsorted(needed, rows) for name, rows in plan.index.items()}
    classes = blocks.get("class")
    category = mean[:, slice(0) if classes is None else classes.columns]
    chosen = Columns()
    if blocks:
        own = at["fit"]
        chosen = scored_columns(blocks, mean[own], None if log_var is None else log_var[own], block)
    if chosen.note:
        plan = replace(plan, notes=(*plan.notes, *chosen.note.split("; ")))
    if chosen.index is not None:
        mean, log_var = mean[:, chosen.index], None if log_var is None else log_var[:, chosen.index]
    factors = known_factors(plan.source, needed)
    full, posteriors = _tables(plan, at, mean, log_var, factors, chosen)
    others: dict[str, Table | GroupTable] = {"posteriors": posteriors}
    if classes is not None and block in (None, "class") and plan.classes is not None:
        label = plan.classes.astype(float)[:, None]
        table = Table.of(category[at["fit"]], label, seed=plan.seed, kinds="categorical")
        others["classes"] = _said(table, plan)
    for kind in {name.split()[0] for name in plan.fixed}:
        fit, held = (Groups(mean[at[f"{kind} {side}"]], plan.fixed[f"{kind} {side}"]) for side in ("fit", "test"))
        others[kind] = _said(GroupTable.of(fit, held, mean[at["fit"]], plan.protocol, plan.seed), plan)
    return Encoded(full, posteriors, others, chosen.index if chosen.note else None)


def _tables(
    plan: Plan,
    at: Mapping[str, NDArray[np.int64]],
    mean: NDArray[Any],
    log_var: NDArray[Any] | None,
    factors: NDArray[Any] | None,
    chosen: Columns,
) -> tuple[Table, Table]:
    """The codes beside factors without variances, and with them: the latter of Gaussian columns alone."""

    def table(columns: Any, log_var: NDArray[Any] | None) -> Table:
        test = None if "test" not in at or factors is None else (mean[at["test"]][:, columns], factors[at["test"]])
        found = Table.of(
            mean[at["fit"]][:, columns],
            None if factors is None else factors[at["fit"]],
            test=test,
            log_var=None if log_var is None else log_var[at["fit"]][:, columns],
            protocol=plan.protocol,
            seed=plan.seed,
            kinds=plan.kinds,
        )
        return _said(found, plan)

    every = slice(None)
    if chosen.kl is None or chosen.gaussian is None:
        full = table(every, log_var)
        return replace(full, log_var=None, cache={}), full
    rows = table(every, None)
    kl = chosen.kl[list(rows.latents)]
    rows = replace(rows, kl=kl, test=None if rows.test is None else replace(rows.test, kl=kl))
    return rows, table(chosen.gaussian, log_var) if chosen.gaussian.any() else rows


def _said(table: AnyTable, plan: Plan) -> AnyTable:
    """The table with what is to be said of all its scores."""
    return replace(table, notes=table.notes + plan.notes)


def _encode(posterior: Callable[..., Any], source: Dataset, rows: NDArray[np.int64]) -> tuple[Any, Any]:
    parts = [posterior(source.take(rows[i : i + 4096])) for i in range(0, len(rows), 4096)]
    mean = np.concatenate([np.asarray(plain(p[0]), dtype=np.float64) for p in parts])
    if len(mean) != len(rows):
        raise ValueError(f"the encoder gave {len(mean)} codes for {len(rows)} images")
    return mean, None if parts[0][1] is None else np.concatenate([plain(p[1]) for p in parts])
