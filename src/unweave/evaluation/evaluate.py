"""Scores of anything that makes codes. The only place that knows both a model and a data set.

Every image that any of the metrics needs is encoded once; the metrics read the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unweave import data as datasets
from unweave import metrics as registry
from unweave.evaluation.encoding import Tables
from unweave.locate import locate
from unweave.metrics.tables.arguments import check_how, refuse_unread
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.rows import FIT_ROWS, Table
from unweave.tensors import plain

if TYPE_CHECKING:
    from unweave.runs.run import Run

DEFAULT = ("mig", "dci", "factor_vae_score", "modularity", "sap", "explicitness")

Encoder = Callable[[NDArray[Any]], ArrayLike]


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
) -> dict[str, registry.Score]:
    """Score a run, an encoder, or codes beside factors.

    what: a run; a callable from images (n, C, H, W) uint8 to codes (n, D), with `data`; or (codes (N, D), factors (N, K)).
    metrics: names, "all" for every metric that these tables allow, or None for the usual six; either also with
        `class_accuracy` for a run whose codes have a block "class" and data whose classes are known. A name may be
        "module:metric".
    data: what to encode, with known factors or labels. If None, the run's own: the rows that were held out of training
        where some were, as every score then says in its `reason`; give `data=run.data` to score all.
    n: images to encode, 10,000 by default (all if there are fewer). Under a "dlib" protocol, 5,000 others to test on (a
        third of the n where there are too few, as each score's estimator then says), and groups of images by
        intervention; else groups are drawn from the n images.
    calibrate: also errors and null floors of metrics that fit models. test, log_var: as for any metric, with codes.
    kinds: of the factors, "categorical", "ordered" or "continuous": one for all, one for each, or {factor: kind}, a
        factor by its name in the data or its number; in place of what the data say or, where they do not, of a guess.

    Returns {name: Score}; a run keeps them in its scores.json. ValueError if there are no factors to score against, and
    for an argument that what is scored has no use for.
    """
    check_how(protocol, seed, calibrate)
    metrics = _as_names(metrics)
    if isinstance(what, tuple):
        _refuse_unread(what, {"data": data, "n": n}, "is of what has to be encoded, and codes are scored as they are")
        table = Table.of(*what, test=test, log_var=log_var, protocol=protocol, seed=seed, kinds=kinds)
        asked = names_of(metrics, table)
        if test is not None and not any("test" in get(name).declares.uses for name in asked):
            raise ValueError(f"test was given, and {', '.join(asked)} fit nothing that it could test; leave it out")
        return score(asked, table, calibrate=calibrate)
    _refuse_unread(what, {"test": test, "log_var": log_var}, "stands beside codes and factors that are given as such")
    n = FIT_ROWS if n is None else n
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 2:
        raise ValueError(f"n is {n!r}; it has to be a whole number of images, at least 2")
    from unweave.runs.folder import refuse_links
    from unweave.runs.run import Run

    if isinstance(what, Run):
        refuse_links(what.path)  # before the work: its scores are written there
    held = what.held if isinstance(what, Run) and data is None else None
    if isinstance(what, Run):
        own = what.data if held is None else held
        source, posterior = own if data is None else datasets.load(data), what.posterior
    elif not callable(what):
        raise ValueError(
            f"cannot score a {type(what).__name__}; give a run, a function from images to codes, or (codes, factors)"
        )
    elif data is None:
        raise ValueError("evaluating a function needs data=...: the images to encode, with their factors")
    else:
        source, posterior = datasets.load(data), _without_variance(what)
    names, groups = (
        None if metrics is None or metrics == "all" else names_of(metrics, None),
        protocol.startswith("dlib"),
    )
    wanted = groups and _wants_groups(names)
    tables = Tables(source, n=n, seed=seed, protocol=protocol, groups=wanted, kinds=kinds, held=held is not None)
    blocks = what.blocks if isinstance(what, Run) else {}
    tables.encode(posterior, _scored_columns(blocks), blocks.get("class"))
    if names is None:
        names = names_of(metrics, tables.posteriors) + ["class_accuracy"] * ("classes" in tables.others)
    elif isinstance(what, Run):
        _refuse_classless(names, blocks, tables)
    named = isinstance(what, Run) and what.method.classes_named
    options = {"class_accuracy": {"named": True}} if named else {}
    scores = score(names, tables.rows, tables.others, calibrate=calibrate, options=options)
    if isinstance(what, Run):
        what.folder.keep_scores(scores)
    return scores


def _as_names(metrics: Any) -> list[str] | str | None:
    """The metrics as they were asked for, by name. ValueError for anything that is no name."""
    if metrics is None or isinstance(metrics, str):
        return metrics
    names = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise ValueError(f"metrics holds {wrong[0]!r}; expected names, such as 'mig' or ['mig', 'dci']")
    return names


def _refuse_unread(what: Any, given: Mapping[str, Any], why: str) -> None:
    """ValueError for an argument that is not None, and for a tuple that is no (codes, factors)."""
    if isinstance(what, tuple) and len(what) != 2:
        raise ValueError(f"{len(what)} things are given to score; give (codes, factors)")
    refuse_unread("evaluate", given, given, why)


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


def _without_variance(encoder: Encoder) -> Callable[..., Any]:
    return lambda images: (np.asarray(plain(encoder(images))), None)


def _scored_columns(blocks: dict[str, slice]) -> NDArray[np.int64] | None:
    """The columns of a run's codes that are scored: all but those of the block "noise"."""
    if "noise" not in blocks:
        return None
    width = max(s.stop for s in blocks.values() if s.stop is not None)
    noise = set(range(*blocks["noise"].indices(width)))
    return np.array([i for i in range(width) if i not in noise])


def _refuse_classless(names: list[str], blocks: Mapping[str, slice], tables: Tables) -> None:
    """ValueError if a metric of classes is asked of a run without them: its codes would pass for probabilities."""
    wanted = [name for name in names if get(name).declares.tables == "classes"]
    if wanted and "class" not in blocks:
        raise ValueError(f"{wanted[0]} needs a block 'class'; the codes of this run are {', '.join(blocks)}")
    if wanted and "classes" not in tables.others:
        raise ValueError(f"{wanted[0]} needs the class of each image, and {tables.source.name} has none")


def _wants_groups(names: list[str] | None) -> bool:
    return names is None or any(get(name).declares.tables in ("groups", "pairs") for name in names)
