"""The types that every layer speaks."""

from __future__ import annotations

import inspect
import math

import pytest
import torch

from unweave.blocks import Block
from unweave.seeds import fold
from unweave.types import DataInfo, Losses, Posterior

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
    turn = Losses({"model": ONE}, {"a": ONE}) + Losses(
        {"model": 2 * ONE, "critic": 5 * ONE}, {"b": ONE}
    )
    assert turn == Losses({"model": 3 * ONE, "critic": 5 * ONE}, {"a": ONE, "b": ONE})


def test_two_parts_may_not_log_the_same_term() -> None:
    with pytest.raises(ValueError, match=r"two parts log the terms \['kl'\]"):
        Losses({}, {"kl": ONE}) + Losses({}, {"kl": ONE})


def test_a_sum_of_losses_has_no_float_and_nothing_else_than_losses() -> None:
    """A float in a sum of tensors would have no gradient, and no check of the sum could see it."""
    part = Losses({"model": ONE}, {"kl": ONE})
    own = Losses({"model": ONE})
    own.of["model"] = 1.0  # as in a method that is not type-checked
    for first, second in ((own, part), (part, own)):
        with pytest.raises(ValueError, match=r"the loss of player 'model' is a float; .* scalar"):
            first + second
    with pytest.raises(ValueError, match=r"a part gives a Tensor; expected Losses\(of, terms"):
        inspect.unwrap(Losses.__add__)(part, ONE)  # as without beartype


def test_seeds_are_the_same_on_every_machine() -> None:
    assert fold(0, 3, "batch") == 4936817442498362453
    assert (
        len({fold(seed, step, place) for seed in range(9) for step in range(9) for place in "ab"})
        == 162
    )
    assert fold(1, 23) != fold(12, 3), "places do not run into each other"


MIXED = {
    "shape": Block(slice(0, 3), kind="one-hot"),
    "style": Block(slice(3, 5)),
    "pose": Block(slice(5, 6), kind="point"),
    "noise": slice(6, 8),
}


def mixed(share: torch.Tensor | None = None, **prior: tuple[float, ...]) -> Posterior:
    """A one-hot of (1/2, 1/2, 0), N(3, 1) and N(0, 4), a point, noise; log_var of what has none is any number."""
    mean = torch.tensor([[0.5, 0.5, 0.0, 3.0, 0.0, 7.0, 0.0, 0.0]])
    log_var = torch.tensor([[9.0, 9.0, 9.0, 0.0, 2 * math.log(2), 9.0, 9.0, 9.0]])
    shape = Block(slice(0, 3), kind="one-hot", **prior)
    return Posterior(mean, log_var, share, blocks=MIXED | {"shape": shape})


def test_a_one_hot_has_one_kl_beside_those_of_gaussian_columns() -> None:
    """log 3 - log 2 to a uniform prior; 1/2 log(1/2 / 1/4) + 1/2 log(1/2 / 1/2) to another."""
    of_gaussians = [4.5, 1.5 - math.log(2)]
    assert mixed().kl().tolist()[0] == pytest.approx([math.log(1.5), 0, 0, *of_gaussians, 0, 0, 0])
    unequal = mixed(prior=(0.25, 0.5, 0.25)).kl()[0]
    assert unequal[:3].tolist() == pytest.approx([0.5 * math.log(2), 0, 0])
    halved = mixed(share=torch.full((8,), 0.5)).kl()
    assert halved.sum().item() == pytest.approx((math.log(1.5) + sum(of_gaussians)) / 2)


def test_the_kl_of_a_one_hot_has_a_finite_gradient_where_a_probability_is_0() -> None:
    logits = torch.tensor([[0.0, 0.0, -1e4, 0.0]], requires_grad=True)
    mean = torch.cat([logits[:, :3].softmax(1), logits[:, 3:]], 1)
    Posterior(
        mean, torch.zeros(1, 4), blocks={"class": slice(0, 3), "code": slice(3, 4)}
    ).kl().sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_a_one_hot_is_drawn_by_its_probabilities_and_learns_through_them() -> None:
    torch.manual_seed(0)
    mean = torch.tensor([[0.2, 0.8, 5.0]]).repeat(20_000, 1).requires_grad_()
    z = Posterior(
        mean,
        torch.full((20_000, 3), -2.0),
        blocks={"class": slice(0, 2), "point": Block(slice(2, 3), kind="point")},
    ).sample()
    assert set(z[:, :2].unique().tolist()) == {0.0, 1.0}
    assert (z[:, :2].sum(1) == 1).all()
    assert z[:, 0].mean().item() == pytest.approx(0.2, abs=0.01)
    z[:, 0].sum().backward()
    assert mean.grad is not None
    assert mean.grad[:, 0].eq(1).all()


def test_a_code_of_a_one_hot_alone_needs_no_variance() -> None:
    q = Posterior(
        torch.tensor([[1.0, 0.0, 4.0]]), blocks={"class": slice(0, 2), "code": slice(2, 3)}
    )
    assert q.stochastic
    assert q.kl().tolist()[0] == pytest.approx([math.log(2), 0, 0])
    assert q.sample().tolist() == [[1.0, 0.0, 4.0]]
    assert not Posterior(q.mean).stochastic


def test_a_group_of_one_hots_keeps_its_blocks_when_it_is_flattened() -> None:
    q = Posterior(torch.full((2, 3, 4), 0.25), blocks={"class": slice(None)})
    assert q.map(lambda t: t.flatten(0, 1)).blocks == q.blocks
    assert q.sample().sum(-1).eq(1).all()
    assert q.kl().abs().max() < 1e-6


@pytest.mark.parametrize("shape", [(-1, 8, 8), (0,), (1, 10**30, 8), (3, 2**15, 2**15)])
def test_a_shape_that_no_image_has_is_refused(shape):
    with pytest.raises(ValueError, match=r"shape is .*; sides are 1 or more"):
        DataInfo(n=1, shape=shape)
