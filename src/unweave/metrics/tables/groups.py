"""Groups of codes that share a factor: what interventional metrics read.

Groups given by the user come from interventions on the data. From a plain table they are drawn: an
image at random, then images at random among the rows with its value of the factor. Where the table
is the complete grid of a ground-truth data set, that is the intervention itself; on a sample of
rows it is the sample's conditional distribution, and values with few rows repeat them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unweave.metrics.estimators.classifiers import standardise_robustly
from unweave.metrics.tables.axes import in_double
from unweave.metrics.tables.checks import check_codes
from unweave.metrics.tables.kinds import factor_levels
from unweave.seeds import fold
from unweave.tensors import plain

if TYPE_CHECKING:
    from unweave.metrics.tables.table import Table

FIT_GROUPS = 10_000
TEST_GROUPS = 5_000
MEMBERS = 64  # rows of a group, or pairs


@dataclass(frozen=True)
class Groups:
    """Codes of images that share the value of one factor.

    codes: (G, L, D), G groups of L images; members 2l and 2l+1 count as a pair. fixed: (G,) which
        factor is shared.
    """

    codes: Any
    fixed: Any


@dataclass(frozen=True)
class Side:
    """Groups as rows of a table: members (G, L) index its codes, fixed (G,) their shared factor."""

    members: np.ndarray
    fixed: np.ndarray

    def take(self, index: np.ndarray) -> Side:
        """Some of the groups."""
        return Side(self.members[index], self.fixed[index])


def check_groups(groups: Any, latents: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Codes (G, L, D) and fixed (G,) of groups; ValueError if they are anything else. latents: D,
    of groups to test on.
    """
    if not isinstance(groups, Groups):
        raise ValueError(
            f"expected Groups(codes (G, L, D), fixed (G,)); got {type(groups).__name__}"
        )
    codes = check_codes(groups.codes, "groups' codes")
    fixed = np.asarray(plain(groups.fixed))
    if codes.ndim != 3 or codes.shape[1] < 2:
        raise ValueError(
            f"groups' codes have shape {codes.shape}; expected (G, L, D) with at least 2 members L"
        )
    if latents not in (None, codes.shape[2]):
        raise ValueError(f"test groups have {codes.shape[2]} latents and the groups have {latents}")
    if fixed.shape != codes.shape[:1] or fixed.dtype.kind not in "iu" or fixed.min() < 0:
        expected = f"expected {len(codes)} indices of factors"
        raise ValueError(f"fixed has shape {fixed.shape} ({fixed.dtype}); {expected}")
    return codes, fixed.astype(np.int64)


def draw(table: Table, groups: int, pairs: bool, rng: np.random.Generator) -> Side:
    """Groups from rows: a factor, a row at random, and rows at random that share its value of that
    factor.
    """
    v = factor_levels(table)
    fixed = rng.integers(v.shape[1], size=groups)
    members = np.empty((groups, MEMBERS * (1 + pairs)), np.int64)
    for k in range(v.shape[1]):
        of_k = np.flatnonzero(fixed == k)
        if pairs:
            # each pair has a value of its own: (groups, 64) twice -> (groups, 128), side by side
            first = _rows_of(table, v[:, k], None, (len(of_k), MEMBERS), rng)
            second = _rows_of(table, v[:, k], v[first, k], first.shape, rng)
            members[of_k] = np.stack([first, second], 2).reshape(len(of_k), 2 * MEMBERS)
        else:
            # all members have the value of one row: (groups, 1) -> (groups, 64)
            start = _rows_of(table, v[:, k], None, (len(of_k), 1), rng)
            members[of_k] = _rows_of(table, v[:, k], v[start, k], (len(of_k), MEMBERS), rng)
    return Side(members, fixed)


def _rows_of(
    table: Table,
    v: np.ndarray,
    level: np.ndarray | None,
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Rows drawn by their weight, among those with a known value or, broadcast to `shape`, with the
    value `level`.
    """
    # rows by level, those of unknown value (-1) first, and the weight of all rows before each
    order = np.argsort(v, kind="stable")
    mass = np.concatenate([[0.0], np.cumsum(table.row_weights()[order])])
    ordered = v[order]
    low: Any
    high: Any
    if level is None:
        low = np.searchsorted(ordered, 0, "left")
        high = len(v)
    else:
        low = np.searchsorted(ordered, level, "left")
        high = np.searchsorted(ordered, level, "right")
    # a uniform share of the weight between the two ends, and the row it falls on
    at = mass[low] + rng.random(shape) * (mass[high] - mass[low])
    row = at.astype(np.int64)  # rows of weight 1 are their own numbers, which saves the search
    if table.weights is not None:
        row = np.searchsorted(mass, at, "right") - 1
    return order[np.clip(row, low, np.asarray(high) - 1)]


def scarce(table: Table) -> tuple[str, ...]:
    """A note if some values of a factor have fewer rows than a group has members."""
    v = factor_levels(table)
    fewest = min(np.unique(column[column >= 0], return_counts=True)[1].min() for column in v.T)
    if fewest >= MEMBERS // 4:
        return ()
    return (f"groups repeat rows: a factor has a value with {fewest} rows only",)


def comparable(
    codes: np.ndarray, reference: np.ndarray, protocol: str, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Codes and reference (N, D) in deviations of the reference, cut at its tails; as they are
    under other protocols.

    weights: of the reference's rows.
    """
    if protocol != "unweave" or not codes.shape[1]:
        return codes, reference
    reference, codes = standardise_robustly(reference, codes, weights=weights)
    return codes, reference


def sides(
    groups: Groups, test: Any, protocol: str, seed: int
) -> tuple[np.ndarray, Side, Side, int]:
    """Codes (rows, D) of all groups, which the members of both sides index; groups to fit on, to
    test on; and D.
    """
    codes, fixed = check_groups(groups)
    g, length, d = codes.shape
    members = np.arange(g * length).reshape(g, length)
    order = np.random.default_rng(fold(seed, "groups to fit on")).permutation(g)
    flat = in_double(codes.reshape(-1, d), protocol)
    if test is None:
        cut = math.ceil(g * 2 / 3)
        fit = Side(members[order[:cut]], fixed[order[:cut]])
        return flat, fit, Side(members[order[cut:]], fixed[order[cut:]]), d
    test_codes, test_fixed = check_groups(test, d)
    # test rows stand after those of the groups to fit on
    test_members = len(flat) + np.arange(test_codes[..., 0].size).reshape(test_codes.shape[:2])
    flat = np.concatenate([flat, test_codes.reshape(-1, d)])
    return flat, Side(members[order], fixed[order]), Side(test_members, test_fixed), d
