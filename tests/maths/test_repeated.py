"""Rows that repeat earlier ones."""

import torch

from unweave.maths.repeated import first


def test_the_first_of_equal_numbers_counts():
    assert first(torch.tensor([3, 1, 3, 2, 1, 3])).tolist() == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]
