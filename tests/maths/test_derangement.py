"""Random permutations without a fixed point."""

from __future__ import annotations

import pytest
import torch

from unweave.maths.derangement import derangement


@pytest.mark.parametrize("n", [2, 3, 4, 20])
def test_no_number_stays_in_its_place(n: int) -> None:
    for seed in range(50):
        torch.manual_seed(seed)
        found = derangement(n)
        assert sorted(found.tolist()) == list(range(n))
        assert not (found == torch.arange(n)).any()


def test_every_other_place_is_reached() -> None:
    torch.manual_seed(0)
    first = torch.stack([derangement(4) for _ in range(300)])[:, 0]
    assert torch.bincount(first, minlength=4)[1:].min() > 70, "100 of each"


def test_one_alone_has_no_other_place() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        derangement(1)
