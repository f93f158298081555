"""Blocks of columns: what a plain slice means, and what is refused."""

from __future__ import annotations

import pytest

from unweave.blocks import Block, as_blocks, named


def test_a_plain_slice_is_gaussian_but_for_two_names() -> None:
    found = as_blocks({"class": slice(0, 3), "style": slice(3, 5), "noise": slice(5, 9)})
    assert [block.kind for block in found.values()] == ["one-hot", "gaussian", "noise"]
    assert [block.scored for block in found.values()] == [True, True, False]
    assert [block.latents(9) for block in found.values()] == [1, 2, 0]


def test_a_block_keeps_what_was_said_of_it_under_any_name() -> None:
    given = Block(slice(2, 10), shape=(2, 2, 2), scored=False, kind="point")
    assert as_blocks({"class": given}) == {"class": given}
    assert given.places(20) == range(2, 10)
    assert not Block(slice(2), kind="noise").scored


def test_what_does_not_fit_is_refused_in_one_line() -> None:
    with pytest.raises(
        ValueError, match="kind is 'onehot'; expected one of gaussian, one-hot, point, noise"
    ):
        Block(slice(2), kind="onehot")
    with pytest.raises(ValueError, match=r"shape \(4, 4\) has 16 columns, not 10"):
        Block(slice(None), shape=(4, 4)).places(10)
    with pytest.raises(ValueError, match="2 probabilities is of as many columns, not 3"):
        Block(slice(3), kind="one-hot", prior=(0.5, 0.5)).places(3)
    with pytest.raises(ValueError, match="whose sum is 1"):
        Block(slice(2), kind="one-hot", prior=(0.5, 0.6))
    with pytest.raises(ValueError, match="a prior is of a one-hot block; this one is gaussian"):
        Block(slice(2), prior=(0.5, 0.5))
    with pytest.raises(
        ValueError, match="no block 'stile'; the blocks of this code are content, style"
    ):
        named(as_blocks({"content": slice(2), "style": slice(2, 4)}), "stile")
