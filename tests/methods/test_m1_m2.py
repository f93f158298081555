"""M1+M2: two stages, columns of z1 that are dropped, a density that stays finite."""

from __future__ import annotations

import pytest
import torch

from unweave.methods.code_likelihood import LOG_FLOOR, CodeLikelihood
from unweave.methods.m1_m2 import M1M2
from unweave.methods.resolve import resolve
from unweave.types import Batch, DataInfo

INFO = DataInfo(200, (6,), classes=3, labels=12, binary=True)


def method(steps: int = 10, **settings: object) -> M1M2:
    """M1+M2 of vectors of six bits."""
    names = ("encoder", "decoder", "code_encoder", "class_encoder", "code_decoder")
    small = {f"{name}.width": 8 for name in names}
    made = resolve(
        "m1-m2",
        {"likelihood": "bernoulli", "codes": 4, "latents": 2, "features": 8, **small, **settings},
        INFO,
    )
    found = made.make(INFO, steps=steps)
    assert isinstance(found, M1M2)
    return found


def a_batch(rows: int = 40) -> Batch:
    x = torch.randint(2, (rows, 6), generator=torch.Generator().manual_seed(0)).float()
    y = torch.arange(rows) % 3
    return Batch(x, torch.arange(rows), labelled=Batch(x, torch.arange(rows), y))


def play(made: M1M2, steps: range) -> list[set[str]]:
    return [set(turn.of) for step in steps for turn in made.losses(a_batch(), step)]


def test_m1_plays_first_and_then_m2_alone() -> None:
    made = method()
    before = [weight.clone() for weight in made.encoder.parameters()]
    assert play(made, range(10)) == [{"m1"}] * 5 + [{"m2"}] * 5
    (turn,) = made.losses(a_batch(), 9)
    loss = turn.of["m2"]
    others = [*made.encoder.parameters(), *made.decoder.parameters()]
    assert set(torch.autograd.grad(loss, others, allow_unused=True)) == {None}
    for old, new in zip(before, made.encoder.parameters(), strict=True):
        assert torch.equal(old, new)


def test_exactly_the_columns_that_say_nothing_are_dropped() -> None:
    made = method()
    last = made.encoder[-1]
    with torch.no_grad():  # columns 1 and 3 have a constant mean
        last.weight[[1, 3]] = 0.0
        last.bias[[1, 3]] = torch.tensor([5.0, -2.0])
        last.weight[[0, 2]] *= 20
    play(made, range(6))
    assert made.used.used.tolist() == [1, 0, 1, 0]
    z = made._sampled(a_batch().x)
    assert z[:, [1, 3]].abs().max() == 0
    assert z[:, [0, 2]].std(0).min() > 0.1


def test_z1_is_sampled_anew() -> None:
    made = method()
    x = a_batch().x
    assert not torch.equal(made._sampled(x), made._sampled(x))


def test_the_density_of_a_constant_column_is_bounded() -> None:
    """Its log variance ends at the floor, so that -log p is finite, and that of other columns is free."""
    likelihood = CodeLikelihood(2)
    x = torch.tensor([[1.0, 0.3]])
    output = torch.tensor([[1.0, 0.0, -1e4, 0.0]])
    free = 0.5 * (LOG_FLOOR + 1.8378770664093453) + 0.5 * (
        0.09 / torch.tensor(1.0) + 1.8378770664093453
    )
    assert likelihood(output, x).item() == pytest.approx(float(free), abs=1e-3)
    likelihood.used.copy_(torch.tensor([0.0, 1.0]))
    alone = likelihood(output, x)
    assert alone.item() == pytest.approx(0.5 * (0.09 + 1.8378770664093453), abs=1e-3)


def test_the_bound_counts_dropped_columns_by_the_prior_of_m1() -> None:
    """With nothing dropped, or all that is dropped at the prior, the bound is the same."""
    made = method()
    with torch.no_grad():
        last = made.encoder[-1]
        last.weight[[3, 7]] = 0.0  # mean 0 and log variance 0: q is the prior
        last.bias[[3, 7]] = 0.0
    made.used.used.copy_(torch.tensor([1.0, 1.0, 1.0, 0.0]))
    x = a_batch(400).x
    bounds = torch.stack([made.elbo(x) for _ in range(50)]).mean(1)
    assert bounds.isfinite().all()
    # by hand, of the same draws in expectation
    q = made._codes(x)
    z1 = q.sample()
    log_q = torch.distributions.Normal(q.mean, (q.log_var / 2).exp()).log_prob(z1)[:, :3].sum(1)
    by_hand = (
        -made.likelihood(made.decoder(z1), x) - log_q - made.model.unlabelled(z1 * made.used.used)
    )
    assert by_hand.mean().item() == pytest.approx(bounds.mean().item(), abs=0.5)


def test_a_second_stage_needs_a_share_of_the_run() -> None:
    with pytest.raises(ValueError, match="first is 1"):
        method(first=1.0)
