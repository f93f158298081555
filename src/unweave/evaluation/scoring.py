"""Look-up of metrics by name, and their scores on tables of codes, without model or data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unweave import metrics as registry
from unweave.metrics.bare import as_metric
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.table import Table
from unweave.settings.locate import locate

MetricOrName = str | registry.Metric  # a metric by its name, or the metric itself
DEFAULT = ("mig", "dci", "factor_vae_score", "modularity", "sap", "explicitness")


def score(
    names: Iterable[MetricOrName],
    rows: Table,
    others: Mapping[str, Table | GroupTable] | None = None,
    *,
    calibrate: bool = False,
    options: Mapping[str, Mapping[str, Any]] = {},
) -> dict[str, registry.Score]:
    """Each metric on the table of the kind that it reads; without one, on the rows.

    Groups are then drawn from the rows. A metric that the protocol does not define is computed
    under the library's own; every score names its protocol. options: keywords of single metrics, by
    name. ValueError for a metric that these tables do not suffice for.
    """
    found = {}
    own = rows.under("unweave")
    others = others or {}
    for wanted in names:
        metric = get(wanted)
        name = name_of(wanted)
        kind = metric.declares.tables
        if kind == "models":
            raise ValueError(
                f"{name} compares several models: "
                f"call unweave.metrics.{name} with the codes of each"
            )
        if not rows.height and kind not in ("codes", "posteriors"):
            raise ValueError(
                f"{name} needs the factors of the images, and none are known; "
                "give factors, or data with them"
            )
        table = others.get(kind, rows)
        if table.protocol not in metric.declares.protocols:
            table = own
        found[name] = metric.score(table, calibrate=calibrate, **options.get(name, {}))
    return found


def get(metric: MetricOrName) -> Any:
    """A metric (or one of several models, with the same `declares`) by name or "module:metric".

    The user's own may be a bare function of codes and factors; a metric object is returned as it
    is.
    """
    if isinstance(metric, registry.Metric):
        return metric
    if ":" not in metric:
        return registry.get(metric)
    return as_metric(locate(metric, beside=[Path.cwd()]), metric)


def name_of(metric: MetricOrName) -> str:
    """The name under which the score of a metric is kept: as it was requested, or its own."""
    if isinstance(metric, str):
        return metric
    return metric.name


def as_names(metrics: Any) -> list[MetricOrName] | str | None:
    """The requested metrics: names as they are spelled, functions as metrics; None, or "all".

    Text is of names with commas between them, in any case. ValueError for anything else, or for two
    functions of one name.
    """
    if metrics is None:
        return None
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        metrics = [metrics]
    wanted: list[Any] = []
    for one in metrics:
        if isinstance(one, str):
            wanted += _spelled(one)
        else:
            wanted.append(one)
    if wanted == ["all"]:
        return "all"
    wrong = [one for one in wanted if not isinstance(one, str) and not callable(one)]
    if wrong:
        raise ValueError(
            f"metrics holds {wrong[0]!r}; "
            "expected names, such as 'mig' or ['mig', 'dci'], or functions"
        )
    found = [one if isinstance(one, str) else as_metric(one) for one in wanted]
    names = [name_of(one) for one in found]
    twice = [one for one in found if not isinstance(one, str) and names.count(one.name) > 1]
    if twice:
        name = twice[0].name
        raise ValueError(
            f"metrics holds two of the name {name!r}; give each function a name of its own"
        )
    return found


def _spelled(text: str) -> list[str]:
    """The names in a text; those of metrics of this library as they are spelled there."""
    names = [name.strip() for name in text.split(",")]
    known = {name: name for name in (*registry.names(), "all")}  # all in lower case
    return [known.get(name.lower(), name) for name in names if name]


def names_of(
    metrics: Iterable[MetricOrName] | str | None, table: Table | None
) -> list[MetricOrName]:
    """The requested metrics; "all" are those that can read this table.

    ValueError for none, or an unknown name.
    """
    if metrics is None:
        metrics = DEFAULT
    if metrics == "all" and table is not None:
        readable = {"codes"}
        if table.height:
            readable |= {"rows", "groups", "pairs"}
        if table.log_var is not None:
            readable.add("posteriors")
        return [name for name in registry.names() if get(name).declares.tables in readable]
    if isinstance(metrics, str):
        metrics = [metrics]
    names: list[MetricOrName] = list(metrics)
    if not names:
        raise ValueError("metrics names none; leave it out for the usual six, or say 'all'")
    for name in names:
        get(name)
    return names
