"""Metrics by name, and their scores on tables of codes: no model and no data set is needed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unweave import metrics as registry
from unweave.locate import locate
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.rows import Table

DEFAULT = ("mig", "dci", "factor_vae_score", "modularity", "sap", "explicitness")


def score(
    names: Iterable[str],
    rows: Table,
    others: Mapping[str, Table | GroupTable] | None = None,
    *,
    calibrate: bool = False,
    options: Mapping[str, Mapping[str, Any]] = {},
) -> dict[str, registry.Score]:
    """Each metric on the table of the kind it reads, the rows where there is no other; groups are drawn from them.

    A metric that the protocol does not define is the library's own; every score says which it is. options: keywords of
    single metrics, by name.
    """
    found, own = {}, rows.under("unweave")
    for name in names:
        metric = get(name)
        if metric.declares.tables == "models":
            raise ValueError(f"{name} compares several models: call unweave.metrics.{name} with the codes of each")
        if not rows.height and metric.declares.tables not in ("codes", "posteriors"):
            raise ValueError(
                f"{name} needs the factors of the images, and none are known; give factors, or data with them"
            )
        table = (others or {}).get(metric.declares.tables, rows)
        defined = table.protocol in metric.declares.protocols
        found[name] = metric.score(table if defined else own, calibrate=calibrate, **options.get(name, {}))
    return found


def get(name: str) -> Any:
    """A metric (or one of several models, with the same `declares`) by name, or the user's own by "module:metric"."""
    if ":" not in name:
        return registry.get(name)
    found = locate(name, beside=[Path.cwd()])
    if not isinstance(found, registry.Metric):
        raise ValueError(f"{name} is no metric: that is a function under @unweave.metrics.base.metric")
    return found


def as_names(metrics: Any) -> list[str] | str | None:
    """The metrics as they were asked for, by name. ValueError for anything that is no name."""
    if metrics is None or isinstance(metrics, str):
        return metrics
    names = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise ValueError(f"metrics holds {wrong[0]!r}; expected names, such as 'mig' or ['mig', 'dci']")
    return names


def names_of(metrics: Iterable[str] | str | None, table: Table | None) -> list[str]:
    """The metrics asked for; "all" are those that can read this table."""
    if metrics is None:
        metrics = DEFAULT
    if metrics == "all" and table is not None:
        readable = {"rows", "groups", "pairs"} if table.height else set()
        readable |= {"codes"} | ({"posteriors"} if table.log_var is not None else set())
        declared = {name: get(name).declares for name in registry.names()}
        return [k for k, d in declared.items() if d.tables in readable]
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    if not names:
        raise ValueError("metrics names none; leave it out for the usual six, or say 'all'")
    for name in names:
        get(name)
    return names
