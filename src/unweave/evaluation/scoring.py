"""Metrics by name, and their scores on tables of codes: no model and no data set is needed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unweave import metrics as registry
from unweave.locate import locate
from unweave.metrics.bare import as_metric
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.table import Table

Asked = str | registry.Metric  # a metric by its name, or one that was handed in
DEFAULT = ("mig", "dci", "factor_vae_score", "modularity", "sap", "explicitness")


def score(
    names: Iterable[Asked],
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
    for asked in names:
        metric, name = get(asked), name_of(asked)
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


def get(asked: Asked) -> Any:
    """A metric (or one of several models, with the same `declares`) by name, or the user's own by "module:metric".

    The user's own may be a bare function of codes and factors; one that was handed in is the metric itself.
    """
    if isinstance(asked, registry.Metric):
        return asked
    if ":" not in asked:
        return registry.get(asked)
    return as_metric(locate(asked, beside=[Path.cwd()]), asked)


def name_of(asked: Asked) -> str:
    """By which name the score of a metric is kept: that by which it was asked for, or its own."""
    return asked if isinstance(asked, str) else asked.name


def as_names(metrics: Any) -> list[Asked] | str | None:
    """The metrics as they were asked for: names, and as metrics what was handed in. ValueError for anything else."""
    if metrics is None or isinstance(metrics, str):
        return metrics
    asked = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    if wrong := [one for one in asked if not isinstance(one, str) and not callable(one)]:
        raise ValueError(f"metrics holds {wrong[0]!r}; expected names, such as 'mig' or ['mig', 'dci'], or functions")
    found = [one if isinstance(one, str) else as_metric(one) for one in asked]
    names = [name_of(one) for one in found]
    if twice := [one for one in found if not isinstance(one, str) and names.count(one.name) > 1]:
        raise ValueError(f"metrics holds two of the name {twice[0].name!r}; give each function a name of its own")
    return found


def names_of(metrics: Iterable[Asked] | str | None, table: Table | None) -> list[Asked]:
    """The metrics asked for; "all" are those that can read this table."""
    if metrics is None:
        metrics = DEFAULT
    if metrics == "all" and table is not None:
        readable = {"rows", "groups", "pairs"} if table.height else set()
        readable |= {"codes"} | ({"posteriors"} if table.log_var is not None else set())
        declared = {name: get(name).declares for name in registry.names()}
        return [k for k, d in declared.items() if d.tables in readable]
    names: list[Asked] = [metrics] if isinstance(metrics, str) else list(metrics)
    if not names:
        raise ValueError("metrics names none; leave it out for the usual six, or say 'all'")
    for name in names:
        get(name)
    return names
