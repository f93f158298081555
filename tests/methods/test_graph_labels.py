"""graph-vae: labels by row, what depends on them, and codes in which a variable is set."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
import torch
from tests.methods.small_graphs import model
from torch import Tensor

from unweave.maths.importance import expected, log_evidence
from unweave.methods.graph.model import GraphModel
from unweave.methods.graph.variables import Label

ZYZ = (
    "z1=gaussian(2) y=categorical(shape) z2=gaussian(2)",
    "y|z1,x z2|y,z1,x z1|x",
    "z2 y z1 x|z1,y,z2",
)


def by_row(t: Tensor) -> Tensor:
    """Noise (S, E, B, D) that is a function of the draw and of the image's row alone."""
    s, _, b, d = t.shape
    at = (
        torch.arange(s)[:, None, None, None] * 7
        + torch.arange(b)[:, None] * 3
        + torch.arange(d)
        + 1
    )
    return torch.sin(at.double() * 12.9898).expand_as(t)


def total(made: GraphModel, x: Tensor, labels: Mapping[str, Label], samples: int = 5) -> Tensor:
    draws = made.draws(x, labels, samples)
    return expected(draws.log_w, made.log_ratio(x, draws)) + 3 * log_evidence(draws.log_w)


def test_a_batch_of_both_kinds_of_rows_is_its_two_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model(*ZYZ)
    x = torch.randn(6, 4, dtype=torch.float64)
    value = torch.eye(3).double()[torch.tensor([0, 2, 1, 1, 0, 2])]
    halfway = torch.tensor([True, True, True, False, False, False])
    monkeypatch.setattr(torch, "randn_like", by_row)
    mixed = total(made, x, {"y": Label(value, halfway)})
    every = total(made, x, {"y": Label(value, torch.ones(6, dtype=torch.bool))})
    none = total(made, x, {})
    torch.testing.assert_close(mixed, torch.where(halfway, every, none), rtol=0, atol=1e-12)
    weights = list(made.parameters())
    ours = torch.autograd.grad(mixed.sum(), weights)
    theirs = torch.autograd.grad(every[:3].sum() + none[3:].sum(), weights)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


def test_a_gaussian_label_is_one_for_the_rows_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model("l=gaussian(size,angle) z=gaussian(2)", "l|x z|l,x", "l z x|l,z")
    x = torch.randn(4, 4, dtype=torch.float64)
    value = torch.randn(4, 2, dtype=torch.float64)
    some = torch.tensor([True, False, True, False])
    monkeypatch.setattr(torch, "randn_like", by_row)
    mixed = total(made, x, {"l": Label(value, some)})
    every = total(made, x, {"l": Label(value, torch.ones(4, dtype=torch.bool))})
    torch.testing.assert_close(
        mixed, torch.where(some, every, total(made, x, {})), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("enumerated", [True, False])
def test_what_depends_on_a_label_sees_it_and_nothing_else_does(enumerated: bool) -> None:
    made = model(*ZYZ, enumerated=enumerated)
    x = torch.randn(5, 4, dtype=torch.float64)
    found = []
    for k in (0, 2):
        torch.manual_seed(3)
        label = Label(torch.eye(3).double()[[k]].expand(5, 3), torch.ones(5, dtype=torch.bool))
        found.append(made.draws(x, {"y": label}, 4))
        assert torch.equal(found[-1].values["y"], label.value.expand(4, 1, 5, 3))
    assert torch.equal(found[0].values["z1"], found[1].values["z1"])
    assert (found[0].values["z2"] != found[1].values["z2"]).all()


@pytest.mark.parametrize("enumerated", [True, False])
def test_probabilities_of_a_label_sum_to_one(enumerated: bool) -> None:
    """A categorical variable has a probability, not a density of its relaxation."""
    made = model(*ZYZ, enumerated=enumerated)
    x = torch.randn(5, 4, dtype=torch.float64)
    sums = torch.zeros(5, dtype=torch.float64)
    for k in range(3):
        torch.manual_seed(3)
        label = Label(torch.eye(3).double()[[k]].expand(5, 3), torch.ones(5, dtype=torch.bool))
        sums += log_evidence(made.draws(x, {"y": label}, 6).log_w).exp()
    torch.testing.assert_close(sums, torch.ones(5, dtype=torch.float64), rtol=0, atol=1e-12)


def test_relaxed_categories_have_the_bound_of_the_sum_over_them() -> None:
    """On average, within four standard errors; and its gradient reaches q(y given its parents)."""
    x = torch.randn(1, 4, dtype=torch.float64)
    summed = model(*ZYZ)
    drawn = model(*ZYZ, enumerated=False)
    torch.manual_seed(5)
    exact = total(summed, x.expand(20_000, 4), {}, samples=1)
    loose = total(drawn, x.expand(20_000, 4), {}, samples=1)
    error = math.sqrt((exact.var() + loose.var()).item() / 20_000)
    assert exact.mean().item() == pytest.approx(loose.mean().item(), abs=4 * error)
    assert error < 0.15
    gradients = torch.autograd.grad(loose.mean(), list(drawn.q[1].parameters()))
    assert all(gradient.abs().max() > 1e-4 for gradient in gradients)


# -- codes

FACES = (
    "r=gaussian(2) l=gaussian(size,angle) i=categorical(class) s=gaussian(3)",
    "s|l,i r|x l|x i|x",
    "r l i s x|r,s",
)


def test_setting_a_variable_moves_what_depends_on_it_alone() -> None:
    made = model(*FACES)
    x = torch.randn(6, 4, dtype=torch.float64)
    before = made.code(x).mean
    after = made.code(x, {"l": torch.tensor([0.5, -2.0])}).mean
    r, light, i, s = (block.columns for block in made.blocks.values())
    assert list(made.blocks) == ["r", "l", "class", "s"]
    assert torch.equal(after[:, light], torch.tensor([0.5, -2.0]).double().expand(6, 2))
    assert (after[:, s] != before[:, s]).all()
    assert torch.equal(after[:, r], before[:, r])
    assert torch.equal(after[:, i], before[:, i])
    assert (made.decode(after) != made.decode(before)).any()
    other = made.code(x, {"r": torch.zeros(2)}).mean
    assert torch.equal(other[:, s], before[:, s])


def test_samples_of_the_prior_follow_its_graph() -> None:
    made = model("a=gaussian(1) b=gaussian(1)", "a|x b|x", "b|a a x|a,b")
    of_b = next(p for p in made.p if p.variable.name == "b")
    with torch.no_grad():
        of_b.of_parents.weight.zero_()
        of_b.of_parents.bias.zero_()
        of_b.of_parents.weight[:2, 0] = torch.tensor([1.0, -1.0])
        of_b.out.weight.zero_()
        of_b.out.weight[0, :2] = torch.tensor([3.0, -3.0])  # b is N(3 a, e^-8)
        of_b.out.bias.copy_(torch.tensor([0.0, -8.0]))
    codes = made.sample_prior(2000).detach()
    torch.testing.assert_close(codes[:, 1], 3 * codes[:, 0], rtol=0, atol=0.1)
    assert float(codes[:, 0].std()) == pytest.approx(1, abs=0.1)


def test_a_prior_that_is_the_posterior_costs_nothing() -> None:
    """p(b given a) with the weights of q, and q(a given x) that is N(0, I)."""
    made = model("a=gaussian(2) b=gaussian(1)", "b|a a|x", "b|a a x|a,b")
    of_a, of_b = made.q
    (given_a,) = (p for p in made.p if p.variable.name == "b")
    with torch.no_grad():
        of_a.out.weight.zero_()
        of_a.out.bias.zero_()
    given_a.load_state_dict(of_b.state_dict())
    x = torch.randn(5, 4, dtype=torch.float64)
    draws = made.draws(x, {}, 3)
    z = torch.cat([draws.values["a"], draws.values["b"]], -1).flatten(0, 2)
    nats = made.likelihood(made.decoder(z), x.repeat(3, 1)).view(3, 1, 5)
    torch.testing.assert_close(made.log_ratio(x, draws), -nats)
