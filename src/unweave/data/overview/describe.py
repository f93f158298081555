"""Description of a data set in words: images, factors, classes, shifts, source and licence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.overview.contact import number, said
from unweave.data.sources.files import SOURCES
from unweave.data.subsets import every_row

SHOWN = 12  # values, classes; more are cut in the middle
STRIKING = 0.1  # correlation of two factors that is worth a line
SEEN = 100_000  # rows that the correlations are of


def described(data: Dataset, name: str = "") -> list[str]:
    """Lines of a property and its value. name: in the registry, for the source of its files."""
    lines = (*_images(data), *_known(data), *_published(name))
    return [f"{what:<10} {text}" for what, text in lines]


def _images(data: Dataset) -> Iterator[tuple[str, str]]:
    info = data.info
    yield "name", data.name
    yield "from", data.about
    if len(info.shape) == 1:
        yield "vectors", f"{len(data):,} of {info.shape[0]} numbers"
    else:
        channels, height, width = info.shape
        colour = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
        if info.binary and channels == 1:
            colour = "black and white"
        yield "images", f"{len(data):,} of {width}x{height}, {colour}"
    yield "kept", _kept(data)


def _kept(data: Dataset) -> str:
    """Where the images are stored, and how many bytes they take."""
    array = data.whole.array
    if array is None:
        return "nowhere: drawn when needed"
    base: object = array
    while base is not None and not isinstance(base, np.memmap):  # an array may be a view of one
        base = getattr(base, "base", None)
    if base is None:
        return f"in memory, {size(array.nbytes)}"
    return f"in a file, memory-mapped, {size(array.nbytes)}"


def _known(data: Dataset) -> Iterator[tuple[str, str]]:
    """Known factors, classes, groups and pairs."""
    yield from _factors(data)
    if data.y is not None:
        counts = np.bincount(data.y, minlength=len(data.class_names))
        named = zip(data.class_names, counts, strict=True)
        classes = [f"{name} ({count:,})" for name, count in named]
        yield "classes", f"{len(classes)}: {_values(classes)}"
    if data.groups is not None:
        sizes = np.unique(data.groups, return_counts=True)[1]
        several = f"{sizes.min():,}"
        if sizes.min() < sizes.max():
            several += f" to {sizes.max():,}"
        yield "groups", f"{len(sizes):,}, of {several} in a row"
    if data.pairs is not None:
        yield "pairs", f"{len(data.pairs):,}"


def _factors(data: Dataset) -> Iterator[tuple[str, str]]:
    """The factors of a grid or of a table, and how a view or wrong labels change them."""
    if data.grid is not None:
        for name, values in zip(data.grid.names, data.grid.values, strict=True):
            listed = _values([said(value) for value in values])
            yield "factor", f"{name}: {number(len(values), 'value')}, {listed}"
        if data.base is not None:
            yield from _shift(data)
        if not data.labels_are_true:
            yield from _wrong(data)
    elif data.factor_names:
        seen = data.observed_values(every_row(data))
        facts = zip(data.factor_names, data.factor_sizes, data.factor_kinds, strict=True)
        for k, (name, count, kind) in enumerate(facts):
            yield "factor", f"{name}: {_label(seen[:, k], count, kind)}"
    else:
        yield "factors", "none known"


def _label(column: NDArray[np.float64], count: int, kind: str) -> str:
    """A label (N,) of `count` values, 0 if not listed, in words. kind: as declared, or ""."""
    missing = int(np.isnan(column).sum())
    if missing == len(column):
        return "no label is known"
    span = f"{said(np.nanmin(column))} to {said(np.nanmax(column))}"
    if kind in ("categorical", "ordered") and not count:
        count = len(np.unique(column[~np.isnan(column)]))
    text = f"a measurement, {span}"
    if count:
        text = number(count, "value")
    if kind == "categorical":
        text = f"categorical, {text}"
    if missing:
        text += f"; {missing:,} of {number(len(column), 'label')} missing"
    return text


def _shift(data: Dataset) -> Iterator[tuple[str, str]]:
    """How a view differs from its whole grid: missing, frequent and correlated values."""
    names = data.factors.names
    rows = np.linspace(0, len(data) - 1, min(len(data), SEEN)).astype(np.int64)
    v = data.factors_at(rows)  # (n, K)
    share = len(np.unique(data.places(every_row(data)))) / len(data.factors)
    yield "shift", f"{share:.1%} of the {len(data.factors):,} combinations of factors are there"
    # values that are far more frequent than others of the same factor
    for k, name in enumerate(names):
        count = np.bincount(v[:, k], minlength=data.factors.sizes[k])
        least = count.min()
        most = count.max()
        if most > 1.5 * max(least, 1) and most > 50:
            shares = f"from {least / len(v):.1%} to {most / len(v):.1%}"
            yield "shift", f"{name}: its values have shares {shares}"
    varied = np.flatnonzero(v.std(0) > 0)  # (V,): a constant factor has no correlation
    # (V, V), also for a single factor, of which corrcoef returns a number
    table = np.corrcoef(v[:, varied].T).reshape(len(varied), len(varied))
    for i, j in np.argwhere(np.triu(np.abs(table) > STRIKING, 1)):
        yield "shift", f"{names[varied[i]]} and {names[varied[j]]}: correlation {table[i, j]:z.2f}"


def _wrong(data: Dataset) -> Iterator[tuple[str, str]]:
    """The share of wrong labels of each factor of a mislabelled data set."""
    rows = np.unique(np.linspace(0, len(data) - 1, min(len(data), SEEN)).astype(np.int64))
    shares = (data.observed_factors(rows) != data.factors_at(rows)).mean(0)  # (K,)
    named = zip(data.factors.names, shares, strict=True)
    listed = [f"{name} {share:.1%}" for name, share in named]
    yield "labels", f"wrong on purpose: {', '.join(listed)}"


def _published(name: str) -> Iterator[tuple[str, str]]:
    if name not in SOURCES:
        return
    source = SOURCES[name]
    yield "source", source.address
    yield "licence", source.licence
    for file, (count, sha256) in source.files.items():
        known = "none published; recorded by `unweave data verify`"
        if sha256:
            known = f"sha256 {sha256}, {size(count)}"
        yield "checksum", f"{file}: {known}"


def _values(values: list[str]) -> str:
    if len(values) > SHOWN:
        values = [*values[: SHOWN // 2], "...", values[-1]]
    return ", ".join(values)


def size(count: int) -> str:
    """A number of bytes with a unit.

    >>> size(267_573_662), size(900)
    ('267.6 MB', '900 bytes')
    """
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{count} bytes"
