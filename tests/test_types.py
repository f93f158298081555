"""The types that every layer speaks."""

from __future__ import annotations

import math

import pytest
import torch

from unweave.seeds import fold
from unweave.types import Losses, Posterior

ONE = torch.tensor(1.0)


def test_kl_of_a_gaussian_worked_by_hand() -> None:
    """KL(N(m, s^2) || N(0, 1)) = (m^2 + s^2 - 1) / 2 - log s."""
    q = Posterior(torch.tensor([[0.0, 3.0, 0.0]]), torch.tensor([[0.0, 0.0, 2 * math.log(2)]]))
    assert q.kl().tolist() == [pytest.approx([0.0, 4.5, 1.5 - math.log(2)])]


def test_a_shared_column_is_paid_for_in_parts() -> None:
    q = Posterior(torch.full((4, 2), 2.0), torch.zeros(4, 2), share=torch.tensor([0.25, 1.0]))
    assert q.kl().sum(0).tolist() == [2.0, 8.0]
    assert q.map(lambda t: t[:2]).share is q.share


def test_a_deterministic_code_is_its_mean_and_costs_nothing() -> None:
    q = Posterior(torch.ones(2, 3))
    assert q.sample() is q.mean
    assert not q.kl().any()
    assert q.map(lambda t: t + 1).log_var is None


def test_samples_have_the_posteriors_moments() -> None:
    """10,000 samples of N(2, 9): the mean's own error is .03, the deviation's .02."""
    torch.manual_seed(0)
    z = Posterior(torch.full((10_000, 1), 2.0), torch.full((10_000, 1), math.log(9))).sample()
    assert z.mean().item() == pytest.approx(2, abs=0.1)
    assert z.std().item() == pytest.approx(3, abs=0.1)


def test_losses_add_up_player_by_player() -> None:
    turn = Losses({"model": ONE}, {"a": ONE}) + Losses({"model": 2 * ONE, "critic": 5 * ONE}, {"b": ONE})
    assert turn == Losses({"model": 3 * ONE, "critic": 5 * ONE}, {"a": ONE, "b": ONE})


def test_two_parts_may_not_log_the_same_term() -> None:
    with pytest.raises(ValueError, match=r"two parts log the terms \['kl'\]"):
        Losses({}, {"kl": ONE}) + Losses({}, {"kl": ONE})


def test_seeds_are_the_same_on_every_machine() -> None:
    assert fold(0, 3, "batch") == 4936817442498362453
    assert len({fold(seed, step, place) for seed in range(9) for step in range(9) for place in "ab"}) == 162
    assert fold(1, 23) != fold(12, 3), "places do not run into each other"
