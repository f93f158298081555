"""A data set in words: what was understood of it, where it is from, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.overview.contact import said
from unweave.data.sources.files import SOURCES
from unweave.data.subsets import every_row

SHOWN = 12  # values, classes; more are cut in the middle
STRIKING = 0.1  # correlation of two factors that is worth a line
SEEN = 100_000  # rows that the correlations are of


def described(data: Dataset, name: str = "") -> list[str]:
    """Lines `what: how it is`. name: in the registry, for where its files are published."""
    return [f"{what:<10} {text}" for what, text in (*_images(data), *_known(data), *_published(name))]


def _images(data: Dataset) -> Iterator[tuple[str, str]]:
    info = data.info
    yield "name", data.name
    yield "from", data.about
    if len(info.shape) == 1:
        yield "vectors", f"{len(data):,} of {info.shape[0]} numbers"
    else:
        channels, height, width = info.shape
        colour = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
        colour = "black and white" if info.binary and channels == 1 else colour
        yield "images", f"{len(data):,} of {width}x{height}, {colour}"
    yield "kept", _kept(data)


def _kept(data: Dataset) -> str:
    array = data.whole.array
    if array is None:
        return "nowhere: drawn when asked for"
    base: object = array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    return f"{'in a file, memory-mapped' if base is not None else 'in memory'}, {size(array.nbytes)}"


def _known(data: Dataset) -> Iterator[tuple[str, str]]:
    if data.grid is not None:
        for name, values in zip(data.grid.names, data.grid.values, strict=True):
            yield "factor", f"{name}: {_number(len(values), 'value')}, {_values([said(v) for v in values])}"
        if data.base is not None:
            yield from _shift(data)
        if not data.labels_are_true:
            yield from _wrong(data)
    elif data.factor_names:
        seen = data.observed_values(every_row(data))
        for k, (name, count) in enumerate(zip(data.factor_names, data.factor_sizes, strict=True)):
            yield "factor", f"{name}: {_label(seen[:, k], count)}"
    else:
        yield "factors", "none known"
    if data.y is not None:
        counts = np.bincount(data.y, minlength=len(data.class_names))
        classes = [f"{name} ({count:,})" for name, count in zip(data.class_names, counts, strict=True)]
        yield "classes", f"{len(classes)}: {_values(classes)}"
    if data.groups is not None:
        sizes = np.unique(data.groups, return_counts=True)[1]
        several = f"{sizes.min():,}" if sizes.min() == sizes.max() else f"{sizes.min():,} to {sizes.max():,}"
        yield "groups", f"{len(sizes):,}, of {several} in a row"
    if data.pairs is not None:
        yield "pairs", f"{len(data.pairs):,}"


def _label(column: NDArray[np.float64], count: int) -> str:
    missing = int(np.isnan(column).sum())
    if missing == len(column):
        return "no label is known"
    span = f"{said(np.nanmin(column))} to {said(np.nanmax(column))}"
    text = _number(count, "value") if count else f"a measurement, {span}"
    return f"{text}; {missing:,} of {_number(len(column), 'label')} missing" if missing else text


def _shift(data: Dataset) -> Iterator[tuple[str, str]]:
    """How the rows of a view differ from its whole grid."""
    v, names = data.factors_at(np.linspace(0, len(data) - 1, min(len(data), SEEN)).astype(np.int64)), data.factors.names
    share = len(np.unique(data.places(every_row(data)))) / len(data.factors)
    yield "shift", f"{share:.1%} of the {len(data.factors):,} combinations of factors are there"
    for k, name in enumerate(names):
        count = np.bincount(v[:, k], minlength=data.factors.sizes[k])
        if count.max() > 1.5 * max(count.min(), 1) and count.max() > 50:
            yield (
                "shift",
                f"{name}: its values have shares from {count.min() / len(v):.1%} to {count.max() / len(v):.1%}",
            )
    varied = np.flatnonzero(v.std(0) > 0)
    table = np.corrcoef(v[:, varied].T).reshape(len(varied), len(varied))
    for i, j in np.argwhere(np.triu(np.abs(table) > STRIKING, 1)):
        yield "shift", f"{names[varied[i]]} and {names[varied[j]]}: correlation {table[i, j]:z.2f}"


def _wrong(data: Dataset) -> Iterator[tuple[str, str]]:
    """How many of the labels that are told of each factor are not what the images show."""
    rows = np.unique(np.linspace(0, len(data) - 1, min(len(data), SEEN)).astype(np.int64))
    shares = (data.observed_factors(rows) != data.factors_at(rows)).mean(0)
    listed = ", ".join(f"{name} {share:.1%}" for name, share in zip(data.factors.names, shares, strict=True))
    yield "labels", f"wrong on purpose: {listed}"


def _published(name: str) -> Iterator[tuple[str, str]]:
    if name not in SOURCES:
        return
    source = SOURCES[name]
    yield "source", source.address
    yield "licence", source.licence
    for file, (count, sha256) in source.files.items():
        known = f"sha256 {sha256}, {size(count)}" if sha256 else "none published; recorded by `unweave data verify`"
        yield "checksum", f"{file}: {known}"


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _values(values: list[str]) -> str:
    shown = values if len(values) <= SHOWN else [*values[: SHOWN // 2], "...", values[-1]]
    return ", ".join(shown)


def size(count: int) -> str:
    """Bytes as a person says them.

    >>> size(267_573_662), size(900)
    ('267.6 MB', '900 bytes')
    """
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{count} bytes"
