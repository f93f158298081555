"""Facts of the data that a run's config holds, and that its method is made with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unweave import data as datasets
from unweave.data.base import Dataset
from unweave.data.shifts.labels import labels
from unweave.methods.base import Method
from unweave.methods.spec import Spec
from unweave.runs.config import DataConfig, LoopConfig
from unweave.runs.opening import fingerprint
from unweave.types import DataInfo


def method_and_facts(
    spec: Spec, seen: Dataset, loop: LoopConfig, count: int
) -> tuple[Method, DataInfo]:
    """The method and the facts that it was made with.

    count: of labelled images, 0 for all; a fact for those methods that need it.
    """
    # what it needs is known once it is made
    info = with_labels(seen, count)
    built = spec.make(info, seed=loop.seed, steps=loop.steps)
    if "labels" in built.needs or info == seen.info:
        return built, info
    return spec.make(seen.info, seed=loop.seed, steps=loop.steps), seen.info


def with_labels(seen: Dataset, count: int = 0) -> DataInfo:
    """The facts of data for a method that needs labels: `count` of them, 0 for all that there are."""
    info = seen.info
    if not info.classes and not info.factor_names:
        return info
    return dataclasses.replace(info, labels=count or labels(seen))


def data_config(
    given: Any,
    source: Dataset,
    info: DataInfo,
    root: str | Path | None,
    options: Mapping[str, Any],
    *,
    whole: bool,
) -> DataConfig:
    """The data of a run.

    given: what the user gave; source: the data set that it opened. whole: whether all rows are in
    its fingerprint.
    """
    return DataConfig(
        source.name,
        _opened_by(given),
        None if root is None else str(root),
        dict(options),
        source.about,
        info,
        len(source),
        source.white,
        source.floats,
        fingerprint(source, whole=whole),
    )


def _opened_by(given: Any) -> str | None:
    """What opens the data again from anywhere: a name, or a path in full.

    None if they were handed in as an object.
    """
    if not isinstance(given, str | Path):
        return None
    named = isinstance(given, str) and given in datasets.TABLE  # a Path is always a path
    if named or not Path(given).exists():
        return str(given)
    return str(Path(given).resolve())
