"""What a run's config describes: its method with fresh weights, its data set, its held-out part."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from unweave import data
from unweave.data.base import Dataset
from unweave.data.subsets import split
from unweave.methods.base import Method
from unweave.runs.config import LoopConfig, RunConfig
from unweave.runs.errors import OtherData, RunError
from unweave.runs.folder import Folder

WHOLE = "whole:"  # before a fingerprint of all rows


def method_of(folder: Folder, modules: Mapping[str, nn.Module] = {}) -> Method:
    """The method that a run's config describes, with fresh weights.

    modules: the parts that were handed in as objects. RunError if one of these is missing, or for a
    config that no method can be made of.
    """
    config = folder.config
    if missing := [path for path in config.method.modules if path not in modules]:
        raise RunError(
            f"this run was trained with a {missing[0]} handed in as an object: "
            f"give {missing[0]}=... again, in Python"
        )
    info = config.data.info
    try:
        spec = config.method.resolved(info, modules)
        return spec.make(info, seed=config.loop.seed, steps=config.loop.steps)
    except ValueError as error:
        reason = f"of its config.json no method can be made: {error}"
        raise RunError(f"{folder.path}: {reason}") from error


def open_data(config: RunConfig) -> Dataset:
    """The data set that a config names. RunError if it was handed in as an object."""
    chosen = config.data
    if chosen.source is None:
        raise RunError(
            f"the data ({chosen.name}) were handed in as an object: give data=... again, in Python, "
            "or to evaluate --data NAME"
        )
    return data.load(chosen.source, chosen.root, **chosen.options)


def differ(source: Dataset, config: RunConfig) -> bool:
    """Whether data have other contents than those of a run, as far as it says."""
    known = config.data.fingerprint
    return known not in ("", fingerprint(source, whole=known.startswith(WHOLE)))


def fingerprint(source: Dataset, *, whole: bool) -> str:
    """The fingerprint of data that a config holds. whole: of all rows, however many."""
    if whole:
        return WHOLE + source.digest(whole=True)
    return source.fingerprint


def refuse_other(source: Dataset, config: RunConfig, hint: str) -> None:
    """OtherData, with what can be done, if data have other contents than those of a run."""
    if differ(source, config):
        raise OtherData(
            f"the data have changed: the contents of {source.name} are not those "
            f"that this run was trained on; {hint}"
        )


def parted(source: Dataset, loop: LoopConfig) -> tuple[Dataset, Dataset | None]:
    """(the rows of a data set that are trained on, those that are held out, None if none are)."""
    if not loop.holdout:
        return source, None
    return split(source, loop.holdout, loop.seed)
