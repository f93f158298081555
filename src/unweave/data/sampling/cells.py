"""Cells of rows with equal factors, group or class, which batches are sampled from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unweave.data.base import Dataset
from unweave.data.factors import FactorSpace
from unweave.data.sampling.grid_cells import GridCells
from unweave.data.sampling.listed_cells import ListedCells
from unweave.data.subsets import every_row

Cells = ListedCells | GridCells


def shared_cells(data: Dataset, kind: str, shared: Sequence[str]) -> Cells:
    """Cells of rows that belong together: by shared factors, group, class, or the first factor."""
    if shared or (data.grid is not None and data.y is None) or data.groups is None:
        return class_cells(data, kind, shared)
    return ListedCells(data.groups)


def class_cells(data: Dataset, kind: str, shared: Sequence[str]) -> Cells:
    """Cells of rows of one class: by shared factors, the data's classes, or the first factor."""
    if not shared and data.y is not None:
        return ListedCells(data.y)
    if data.grid is not None:
        columns = [data.grid.index(factor) for factor in shared]
        return by(data, columns or [min(varying(data.grid))])
    if not shared or data.labels is None:
        raise ValueError(
            f"{data.name} has no groups, classes or factors, so it cannot make {kind}; give "
            "groups.csv or sub-folders as classes, or use data with factors, such as dsprites"
        )
    for factor in shared:
        if factor not in data.factor_names:
            raise ValueError(
                f"{data.name} has no factor {factor!r}; it has {', '.join(data.factor_names)}"
            )
    # (N, F) -> (N,): one key for each combination of labels, -1 for rows with a missing one
    labels = data.labels[:, [data.factor_names.index(factor) for factor in shared]]
    keys = np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return ListedCells(np.where(np.isnan(labels).any(1), -1, keys))


def by(data: Dataset, factors: Sequence[int]) -> Cells:
    """Cells of rows by the values of these factors, the last one named fastest."""
    whole = GridCells(data.factors, factors)
    if not data.labels_are_true:  # groups are made by reading labels, which may be wrong
        labels = data.observed_factors(every_row(data))
        return ListedCells(whole.keys_at(data.factors.rows(labels)))
    if data.base_rows is not None:
        return ListedCells(whole.keys_at(data.base_rows))
    return whole


def varying(factors: FactorSpace) -> list[int]:
    """Indices of the factors with more than one value; ValueError if there are none."""
    several = [k for k, size in enumerate(factors.sizes) if size > 1]
    if not several:
        raise ValueError(f"no factor of {factors} varies")
    return several


def of_two(data: Dataset, kind: str, cells: Cells) -> Cells:
    """The cells with at least two rows; ValueError if there are none."""
    twos = cells.keep(2)
    if not len(twos):
        raise ValueError(
            f"{data.name} cannot make {kind}: no two of its rows share a group, "
            "class or factor value"
        )
    return twos


def count(batch_size: int, members: int, kind: str) -> int:
    """How many groups of so many members fill a batch; ValueError if none does."""
    if members < 1 or batch_size < members:
        raise ValueError(
            f"batch_size counts images; {batch_size} are too few for {kind} of {members}"
        )
    return batch_size // members
