"""Scores of anything that makes codes. The only place that knows both a model and a data set.

Every image that any of the metrics needs is encoded once; the metrics read the same tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unweave import data as datasets
from unweave import metrics as registry
from unweave.files import write
from unweave.locate import locate
from unweave.metrics.base import PROTOCOLS
from unweave.metrics.grouping import GroupTable
from unweave.metrics.groups import FIT_GROUPS, MEMBERS, TEST_GROUPS, Groups
from unweave.metrics.tables import FIT_ROWS, TEST_ROWS, Table
from unweave.settings import nearest

if TYPE_CHECKING:
    from unweave.run import Run

DEFAULT = ("mig", "dci", "factor_vae_score", "modularity", "sap", "explicitness")

Encoder = Callable[[NDArray[Any]], ArrayLike]


def evaluate(
    what: Run | Encoder | tuple[ArrayLike, ArrayLike | None],
    metrics: Iterable[str] | str | None = None,
    *,
    data: Any = None,
    n: int = FIT_ROWS,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    log_var: ArrayLike | None = None,
) -> dict[str, registry.Score]:
    """Score a run, an encoder, or codes beside factors.

    what: a run; a callable from images (n, C, H, W) uint8 to codes (n, D), with `data`; or (codes (N, D), factors (N, K)).
    metrics: names, "all" for every metric that these tables allow, or None for the usual six; either also with
        `class_accuracy` for a run whose codes have a block "class" and data whose classes are known. A name may be
        "module:metric".
    data: what to encode, with known factors or labels; the run's own data if None.
    n: images to encode (all if there are fewer). Under a "dlib" protocol, 5,000 more to test on, and groups of images
        by intervention; else groups are drawn from the n images.
    calibrate: also errors and null floors of metrics that fit models. test, log_var: as for any metric, with codes.

    Returns {name: Score}; a run keeps them in its scores.json. ValueError if there are no factors to score against.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"there is no protocol {protocol!r}; {nearest(protocol, PROTOCOLS)}")
    if isinstance(what, tuple):
        table = Table.of(*what, test=test, log_var=log_var, protocol=protocol, seed=seed)
        return score(names_of(metrics, table), table, calibrate=calibrate)
    from unweave.run import Run  # here, so that scoring arrays needs no torch

    if isinstance(what, Run):
        source, posterior = what.data if data is None else datasets.load(data), what.posterior
    elif data is None:
        raise ValueError("evaluating a function needs data=...: the images to encode, with their factors")
    else:
        source, posterior = datasets.load(data), _without_variance(what)
    names, groups = (
        None if metrics is None or metrics == "all" else names_of(metrics, None),
        protocol.startswith("dlib"),
    )
    tables = Tables(source, n=n, seed=seed, protocol=protocol, groups=groups and _wants_groups(names))
    blocks = what.blocks if isinstance(what, Run) else {}
    tables.encode(posterior, _scored_columns(blocks), blocks.get("class"))
    if names is None:
        names = names_of(metrics, tables.posteriors) + ["class_accuracy"] * ("classes" in tables.others)
    elif isinstance(what, Run):
        _refuse_classless(names, blocks, tables)
    scores = score(names, tables.rows, tables.others, calibrate=calibrate)
    if isinstance(what, Run):
        keep(what.path, scores)
    return scores


def score(
    names: Iterable[str],
    rows: Table,
    others: Mapping[str, Table | GroupTable] | None = None,
    *,
    calibrate: bool = False,
) -> dict[str, registry.Score]:
    """Each metric on the table of the kind it reads, the rows where there is no other; groups are drawn from them.

    A metric that the protocol does not define is the library's own; every score says which it is.
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
        found[name] = metric.score(table if defined else own, calibrate=calibrate)
    return found


def get(name: str) -> Any:
    """A metric (or one of several models, with the same `declares`) by name, or a stranger's by "module:metric"."""
    if ":" not in name:
        return registry.get(name)
    return locate(name)


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
    for name in names:
        get(name)
    return names


def keep(path: Path, scores: Mapping[str, registry.Score]) -> None:
    """Write scores into a run's scores.json, beside those that are there; a newer score of a name replaces it."""
    file = path / "scores.json"
    old = json.loads(file.read_text()) if file.exists() else {}
    write(file, json.dumps(old | {name: s.to_dict() for name, s in scores.items()}, indent=1).encode())


class Tables:
    """Which rows of a data set the metrics need, and, once encoded, the tables they read.

    rows: the table of codes beside factors. others: the tables of the other kinds, "posteriors" with the codes'
    variances, "classes" with the block of that name beside the class, and "groups" and "pairs" made by intervention.
    """

    def __init__(self, source: Any, *, n: int, seed: int, protocol: str, groups: bool):
        rng = np.random.default_rng([seed, 100])
        self.index = {"fit": _some(rng, len(source), n)}
        if protocol.startswith("dlib"):
            self.index["test"] = _some(rng, len(source), TEST_ROWS)
        if hasattr(
            source, "of"
        ):  # a view: from here on rows are those of the data behind it, as interventions name them
            self.index = {name: source.rows[rows] for name, rows in self.index.items()}
            source = source.of
        self.source, self.seed, self.protocol = source, seed, protocol
        self.fixed: dict[str, NDArray[np.int64]] = {}
        space = getattr(source, "factors", None)
        if groups and space is not None:
            for kind, side, count in (
                (kind, side, count)
                for kind in ("groups", "pairs")
                for side, count in (("fit", FIT_GROUPS), ("test", TEST_GROUPS))
            ):
                self.fixed[f"{kind} {side}"], drawn = intervene(space, count, kind == "pairs", rng)
                self.index[f"{kind} {side}"] = drawn
        self.others: dict[str, Table | GroupTable] = {}

    def encode(
        self, posterior: Callable[..., Any], columns: NDArray[np.int64] | None, classes: slice | None = None
    ) -> None:
        """Encode every row that is needed once, and lay the codes out as tables.

        columns: those that are scored, all if None. classes: those of the block "class".
        """
        needed = np.unique(np.concatenate([rows.ravel() for rows in self.index.values()]))
        mean, log_var = _encode(posterior, self.source, needed)
        category = mean[:, classes or slice(0)]
        if columns is not None:
            mean, log_var = mean[:, columns], None if log_var is None else log_var[:, columns]
        at = {name: np.searchsorted(needed, rows) for name, rows in self.index.items()}
        if classes is not None and (y := getattr(self.source, "y", None)) is not None:
            label = np.asarray(y)[self.index["fit"]].astype(float)[:, None]
            self.others["classes"] = Table.of(category[at["fit"]], label, seed=self.seed)
        factors = known_factors(self.source, needed)
        test = None if "test" not in at or factors is None else (mean[at["test"]], factors[at["test"]])
        full = Table.of(
            mean[at["fit"]],
            None if factors is None else factors[at["fit"]],
            test=test,
            log_var=None if log_var is None else log_var[at["fit"]],
            protocol=self.protocol,
            seed=self.seed,
        )
        self.rows, self.posteriors = replace(full, log_var=None, cache={}), full
        self.others["posteriors"] = full
        for kind in {name.split()[0] for name in self.fixed}:
            fit, held = (Groups(mean[at[f"{kind} {side}"]], self.fixed[f"{kind} {side}"]) for side in ("fit", "test"))
            self.others[kind] = GroupTable.of(fit, held, mean[at["fit"]], self.protocol, self.seed)


def intervene(
    space: Any, count: int, pairs: bool, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups of 64 rows in which one factor is held at a value (of 64 pairs that share one each): fixed (G,), rows (G, L)."""
    fixed = rng.integers(len(space.sizes), size=count)
    members = 2 * MEMBERS if pairs else MEMBERS
    v = space.sample(count * members, rng).reshape(count, members, -1)
    g = np.arange(count)
    if pairs:
        v[g[:, None], 1::2, fixed[:, None]] = v[g[:, None], 0::2, fixed[:, None]]
    else:
        v[g, :, fixed] = v[g, 0, fixed][:, None]
    return fixed, space.rows(v.reshape(count * members, -1)).reshape(count, members)


def known_factors(source: Any, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The factors (n, K) of rows: of the grid, the labels, or the class as the only one; None if nothing is known."""
    if hasattr(source, "factors"):
        return np.asarray(source.told(rows), dtype=float)
    if getattr(source, "labels", None) is not None:
        return np.asarray(source.labels)[rows].astype(float)
    if source.y is not None:
        return np.asarray(source.y)[rows].astype(float)[:, None]
    return None


def _encode(posterior: Callable[..., Any], source: Any, rows: NDArray[np.int64]) -> tuple[Any, Any]:
    parts = [posterior(source.take(rows[i : i + 4096])) for i in range(0, len(rows), 4096)]
    mean = np.concatenate([np.asarray(p[0], dtype=np.float64) for p in parts])
    if len(mean) != len(rows):
        raise ValueError(f"the encoder gave {len(mean)} codes for {len(rows)} images")
    return mean, None if parts[0][1] is None else np.concatenate([p[1] for p in parts])


def _without_variance(encoder: Encoder) -> Callable[..., Any]:
    return lambda images: (np.asarray(encoder(images)), None)


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


def _some(rng: np.random.Generator, size: int, n: int) -> NDArray[np.int64]:
    """N rows without replacement, all of them if there are no more."""
    return np.arange(size) if n >= size else np.sort(rng.choice(size, n, replace=False))
