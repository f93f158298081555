"""What blocks know of factors: everything, nothing but chance, and half."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unweave.blocks import as_blocks
from unweave.evaluation.leaks import leaks

N = 1500
RNG = np.random.default_rng(0)
CLASS = np.where(RNG.random(N) < 0.5, 0, RNG.integers(1, 4, N))  # the first has half of the rows
PLACE = RNG.random(N)
FACTORS = np.c_[CLASS, PLACE]
BLOCKS = as_blocks(
    {"class": slice(0, 4), "style": slice(4, 6), "pose": slice(6, 7), "noise": slice(7, 9)}
)
SIDES = RNG.normal(size=(N, 2))
CODES = np.c_[np.eye(4)[CLASS], SIDES, PLACE + RNG.normal(size=N) * PLACE.std(), np.zeros((N, 2))]
FOUND = leaks(CODES, BLOCKS, FACTORS, ("class", "place"), ("categorical", "continuous"))


def test_a_block_that_is_the_class_tells_it_and_nothing_else() -> None:
    assert set(FOUND) == {"class", "style", "pose"}
    assert FOUND["class"]["class"].score == 1.0
    assert FOUND["class"]["class"].chance == pytest.approx(0.5, abs=0.06)
    assert FOUND["class"]["place"] == (pytest.approx(0, abs=0.05), 0.0)


def test_noise_tells_no_more_than_chance() -> None:
    score, chance = FOUND["style"]["class"]
    assert score == pytest.approx(chance, abs=0.05)
    assert FOUND["style"]["place"].score == pytest.approx(0, abs=0.05)


def test_a_place_under_as_much_noise_is_half_explained() -> None:
    assert FOUND["pose"]["place"].score == pytest.approx(0.5, abs=0.06)


def test_units_of_the_code_and_unknown_labels_do_not_matter() -> None:
    factors = np.where(np.arange(N)[:, None] % 7 == 0, np.nan, FACTORS)
    kinds = ("categorical", "continuous")
    one, other = (
        leaks(CODES * unit, BLOCKS, factors, ("class", "place"), kinds) for unit in (1, 1e4)
    )
    assert one["class"]["class"].score == 1.0
    assert other["pose"]["place"].score == pytest.approx(one["pose"]["place"].score)


def test_a_factor_that_never_varies_is_undefined() -> None:
    found = leaks(CODES, BLOCKS, np.ones((N, 1)), ("class",), "categorical")
    assert math.isnan(found["style"]["class"].score)
