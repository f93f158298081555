"""Which columns of a run's codes are scored: blocks, the most used of many, and one-hots beside Gaussian columns."""

from __future__ import annotations

import math

import numpy as np
import pytest

import unweave.evaluation.columns
from unweave.blocks import Block, as_blocks
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.evaluation.columns import column_kl, scored_columns
from unweave.evaluation.encoding import plan_rows
from unweave.evaluation.tables import encode

RNG = np.random.default_rng(0)
MIXED = as_blocks(
    {
        "shape": Block(slice(0, 3), kind="one-hot"),
        "style": slice(3, 5),
        "pose": Block(slice(5, 6), kind="point"),
        "map": Block(slice(6, 10), shape=(4,), scored=False),
        "noise": slice(10, None),
    }
)


def test_blocks_that_are_not_scored_and_noise_are_left_out() -> None:
    found = scored_columns(MIXED, RNG.normal(size=(50, 12)), None)
    assert found.index is not None
    assert found.index.tolist() == list(range(6))
    assert (found.kl, found.note) == (None, "")
    assert (
        scored_columns(as_blocks({"code": slice(None)}), RNG.normal(size=(50, 12)), None).index
        is None
    )


def test_one_block_is_scored_alone_by_name_even_where_it_is_not_else() -> None:
    found = scored_columns(MIXED, RNG.normal(size=(50, 12)), None, "map")
    assert found.index is not None
    assert found.index.tolist() == [6, 7, 8, 9]
    assert found.note == "of the block map alone"
    with pytest.raises(
        ValueError,
        match="no block 'mop'; the blocks of this code are shape, style, pose, map, noise",
    ):
        scored_columns(MIXED, RNG.normal(size=(50, 12)), None, "mop")


@pytest.mark.parametrize("stochastic", [True, False])
def test_of_many_columns_the_most_used_are_scored_and_it_is_said(monkeypatch, stochastic) -> None:
    monkeypatch.setattr(unweave.evaluation.columns, "MOST", 3)
    mean = RNG.normal(size=(500, 9)) * np.array([0, 5, 0, 4, 0.0, 3, 2, 0, 0])
    found = scored_columns(
        as_blocks({"code": slice(None)}), mean, np.zeros((500, 9)) if stochastic else None
    )
    assert found.index is not None
    assert found.index.tolist() == [1, 3, 5]
    assert (
        found.note
        == f"scored on the 3 of 9 columns with the largest {'KL' if stochastic else 'variance'}"
    )
    monkeypatch.setattr(unweave.evaluation.columns, "MOST", 6)
    found = scored_columns(as_blocks({"code": slice(None)}), mean, np.zeros((500, 9)))
    assert found.index is not None
    assert found.index.tolist() == [1, 3, 5, 6], "columns of no KL are not among the most used"


def test_every_column_of_a_one_hot_has_the_kl_of_the_block() -> None:
    """A one-hot that is known is log 3 nats; N(2, 1) is 2; a point is known without end."""
    mean = np.tile([0.0, 1.0, 0.0, 2.0, 0.0, 9.0, 0, 0, 0, 0, 0, 0], (40, 1))
    found = column_kl(MIXED, mean, np.zeros_like(mean))
    assert found.tolist() == pytest.approx([math.log(3)] * 3 + [2.0, 0.0, math.inf] + [0.0] * 6)


def test_metrics_leave_out_a_one_hot_by_its_own_kl_and_see_variances_of_gaussian_columns_alone() -> (
    None
):
    """Its columns vary by a thousandth: it says nothing, though N(1/3, 1) would not either; the sure one stays."""
    space = FactorSpace(("row", "grey"), (3, 4))
    data = FactorImages(
        space, lambda v: np.repeat(v.astype(np.uint8), 8, 1).reshape(len(v), 1, 4, 4), name="board"
    )

    def posterior(images):
        v = images.reshape(len(images), -1)[:, [0, 8]].astype(int)
        sure, vague = np.eye(3)[v[:, 0]], 1 / 3 + 1e-3 * (np.eye(3)[v[:, 0]] - 1 / 3)
        return np.c_[sure, vague, v[:, 1] * 2.0], np.full((len(v), 7), -9.0)

    kinds = {
        "sure": Block(slice(0, 3), kind="one-hot"),
        "vague": Block(slice(3, 6), kind="one-hot"),
    }
    blocks = as_blocks(kinds | {"code": slice(6, 7)})
    tables = encode(
        plan_rows(data, n=12, seed=0, protocol="unweave", groups=False), posterior, blocks
    )
    assert tables.rows.audible().latents == (0, 1, 2, 6)
    assert tables.posteriors.width == 1
