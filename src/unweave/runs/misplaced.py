"""Options of the data or of the batches that were given to `train` as settings of the method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unweave import data as datasets
from unweave.data.sampling.options import BatchConfig
from unweave.settings import Keyword, keywords


def misplaced(name: str, settings: Mapping[str, Any], data: Any) -> str:
    """The message for a name that is no setting of the method; "" if it is an option of nothing.

    settings: all that were given. data: what was given to train on. "data.NAME" and "batches.NAME", as options of the command
    line are called, mean the options NAME.
    """
    known: dict[str, Mapping[str, Keyword]] = {
        "data": datasets.options(data),
        "batches": keywords(BatchConfig),
    }
    # "data__clips" is "data.clips" too
    value = {key.replace("__", "."): value for key, value in settings.items()}[name]
    arguments = {"data": "data_options", "batches": "batch_options"}
    group, _, option = name.rpartition(".")
    for place, words in known.items():
        if option in words and group in ("", place):
            given = f"{arguments[place]}={{{option!r}: {value!r}}}"
            return (
                f"{name!r} is no setting of the method, but an option of the {place}: give {given}"
            )
    if group == "data":
        called = getattr(data, "name", "the array")
        if isinstance(data, str | Path):
            called = str(data)
        lacks = datasets.no_option(called, option, known["data"])
        return f"{name!r} is no setting of the method, and {lacks}"
    return ""
