"""Few labels: each loss by hand, what a missing label does, schedules, and reductions."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from unweave.methods import PARTS
from unweave.methods.supervision.base import mean_known
from unweave.methods.supervision.covariance import Covariance
from unweave.methods.supervision.embed import Embedding
from unweave.methods.supervision.l2 import SquaredError
from unweave.methods.supervision.mine import MutualInformation
from unweave.methods.supervision.xent import CrossEntropy
from unweave.settings.locate import locate
from unweave.types import Posterior

SIZES, LATENTS = (3, 4), 5
KINDS = [locate(entry.where) for entry in PARTS["supervision"].values()]


def labelled(n=24, seed=0):
    g = torch.Generator().manual_seed(seed)
    v = torch.stack([torch.randint(size, (n,), generator=g).float() for size in SIZES], 1)
    return torch.randn(n, LATENTS, generator=g), v


def loss(part, mean, v):
    torch.manual_seed(0)
    return part(Posterior(mean, torch.zeros_like(mean)), v, 0).terms["supervised"]


def test_cross_entropy_by_hand():
    """Label 1 of 4 values is the fraction .25 (never 1: label 3 is .75); the sum over factors, the mean over images."""
    part, mean, v = (
        CrossEntropy(SIZES, LATENTS),
        torch.tensor([[0.0, 2.0, 9, 9, 9]]),
        torch.tensor([[2.0, 1.0]]),
    )
    s = 1 / (1 + math.exp(-2))
    wanted = math.log(2) - 0.25 * math.log(s) - 0.75 * math.log(1 - s)
    assert loss(part, mean, v).item() == pytest.approx(wanted)
    assert loss(part, mean.repeat(7, 1), v.repeat(7, 1)).item() == pytest.approx(wanted)


def test_squared_error_by_hand_with_its_scale():
    """3 values standardise to -1.22, 0, 1.22; 4 values to -1.34, -.45, .45, 1.34: no (B, B, K) broadcast, as a peer has."""
    part, (mean, v) = SquaredError(SIZES, LATENTS), labelled()
    part.scale.data.fill_(0.5)
    deviation = [math.sqrt(2 / 3), math.sqrt(5 / 4)]
    total = sum(
        (0.5 * float(mean[i, k]) - (float(v[i, k]) - (SIZES[k] - 1) / 2) / deviation[k]) ** 2
        for i in range(24)
        for k in range(2)
    )
    assert loss(part, mean, v).item() == pytest.approx(total / 24, rel=1e-5)


def test_covariance_by_hand():
    part, (mean, v) = Covariance(SIZES, LATENTS), labelled()
    both = torch.cov(torch.cat([mean, part.standardised(v)], 1).T, correction=0)[:LATENTS, LATENTS:]
    wanted = sum(both[r, k] ** 2 for r in range(LATENTS) for k in range(2) if r != k)
    torch.testing.assert_close(loss(part, mean, v), wanted)


def test_embedding_by_hand():
    part, (mean, v) = Embedding(SIZES, LATENTS), labelled()
    part.sharpness.data = torch.tensor([2.0, 3.0])
    wanted = 0.0
    for k, size in enumerate(SIZES):
        logits = torch.stack(
            [-(((mean[:, k] - e) * part.sharpness[k]) ** 2) for e in torch.linspace(-1, 1, size)], 1
        )
        wanted += F.cross_entropy(logits, v[:, k].long())
    torch.testing.assert_close(loss(part, mean, v), wanted.detach())


def test_mine_by_loops():
    part, (mean, v) = MutualInformation(SIZES, LATENTS), labelled()
    torch.manual_seed(0)
    bound = part.bound(mean, v)
    torch.manual_seed(0)
    target, order = part.standardised(v), torch.rand(24).argsort()
    for k in range(2):
        for r in range(LATENTS):

            def score(a, b, k=k, r=r):
                inner = torch.stack([a[:, r], b[:, k]], 1) @ part.inner[k, r] + part.shift[k, r]
                return (F.elu(inner) @ part.outer[k, r])[:, 0]

            wanted = score(mean, target).mean() - score(mean, target[order]).exp().mean().log()
            torch.testing.assert_close(bound[k, r], wanted)
    off = sum(bound[k, r] ** 2 for k in range(2) for r in range(LATENTS) if k != r)
    torch.testing.assert_close(loss(part, mean, v), off.detach())


def test_mine_finds_the_information_of_a_gaussian_label():
    """Column 2 follows factor 0 of 50 values at a correlation of .9: 1/2 log 1 / (1 - .81) = .83 nats; others 0."""
    torch.manual_seed(0)
    part = MutualInformation((50, 2), 3)
    optimiser = torch.optim.Adam(part.parameters(), lr=0.01)
    for _ in range(400):
        v = torch.stack([torch.randint(50, (256,)).float(), torch.randint(2, (256,)).float()], 1)
        mean = torch.randn(256, 3)
        mean[:, 2] = 0.9 * part.standardised(v)[:, 0] + math.sqrt(0.19) * mean[:, 2]
        optimiser.zero_grad()
        bound = part.bound(mean, v)
        (-bound.sum()).backward()
        optimiser.step()
    assert 0.5 < bound[0, 2].item() < 1.1
    others = bound.detach().flatten()[[0, 1, 3, 4, 5]]
    assert others.abs().max().item() < 0.15


@pytest.mark.parametrize("kind", KINDS)
def test_missing_labels_are_left_out(kind):
    """Rows without a label of factor 0 change nothing for it, whatever their means are; NaN spreads nowhere."""
    torch.manual_seed(0)
    part, (mean, v) = kind(SIZES, LATENTS), labelled()
    v[::3, 0] = math.nan
    v[1::3, 1] = math.nan
    mean = mean.requires_grad_()
    found = loss(part, mean, v)
    assert found.isfinite()
    gradient = torch.autograd.grad(found, mean, allow_unused=True)[0]
    assert gradient.isfinite().all()
    if kind in (CrossEntropy, SquaredError, Embedding):
        assert (gradient[::3, 0] == 0).all()
        assert (gradient[1::3, 1] == 0).all()
        halves = [v[:, k].isnan() for k in range(2)]
        alone = [loss(kind(SIZES, LATENTS), mean[~gone], v[~gone]) for gone in halves]
        assert all(a.isfinite() for a in alone)


@pytest.mark.parametrize("kind", KINDS)
def test_no_labels_cost_nothing(kind):
    mean, v = labelled()
    assert loss(kind(SIZES, LATENTS), mean, torch.full_like(v, math.nan)).item() == 0


def test_each_factor_is_the_mean_over_the_images_that_have_it():
    each = torch.tensor([[1.0, 10.0], [3.0, 20.0]])
    v = torch.tensor([[0.0, math.nan], [0.0, 0.0]])
    assert mean_known(each, v).item() == 2 + 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_factor_of_one_value_is_harmless(kind):
    part = kind((3, 1), LATENTS)
    mean, v = labelled()
    v[:, 1] = 0
    mean = mean.requires_grad_()
    assert torch.autograd.grad(loss(part, mean, v), mean)[0].isfinite().all()


@pytest.mark.parametrize(
    ("schedule", "weights"),
    [("fixed", [3, 3, 3, 3]), ("ramp", [0, 1.5, 3, 3]), ("fine-tune", [0, 0, 3, 3])],
)
def test_schedules(schedule, weights):
    mean, v = labelled()
    part = CrossEntropy(
        SIZES, LATENTS, weight=3.0, schedule=schedule, schedule_steps=10 * (schedule != "fixed")
    )
    for step, weight in zip((0, 5, 10, 99), weights, strict=True):
        turn = part(Posterior(mean), v, step)
        torch.testing.assert_close(turn.of["model"], weight * turn.terms["supervised"])


@pytest.mark.parametrize("kind", KINDS)
def test_too_few_latents_and_no_factors_are_refused(kind):
    with pytest.raises(ValueError, match="2 factors need as many latents"):
        kind(SIZES, 1)
    with pytest.raises(ValueError, match="no factors to learn"):
        kind((), 4)


def trained(kind):
    torch.manual_seed(0)
    part, v = kind(SIZES, LATENTS), labelled()[1]
    mean = nn.Parameter(0.1 * torch.randn(24, LATENTS))
    optimiser = torch.optim.Adam([mean, *part.parameters()], 0.02)
    for _ in range(300):
        optimiser.zero_grad()
        part(Posterior(mean), v, 0).of["model"].backward()
        optimiser.step()
    return part, mean.detach(), v


@pytest.mark.parametrize("kind", [CrossEntropy, SquaredError])
def test_training_aligns_column_k_with_the_order_of_factor_k(kind):
    _, mean, v = trained(kind)
    for k in range(2):
        assert abs(torch.corrcoef(torch.stack([mean[:, k], v[:, k]]))[0, 1].item()) > 0.95


def test_training_gathers_equal_labels_at_their_point():
    part, mean, v = trained(Embedding)
    for k, points in enumerate(part.points):
        nearest = (mean[:, k, None] - points).abs().argmin(1)
        assert (nearest == v[:, k]).float().mean() > 0.95


@pytest.mark.parametrize(
    ("schedule", "steps", "words"),
    [
        ("fixed", 500, "a fixed schedule has no steps"),
        ("ramp", 0, "give schedule_steps"),
        ("fine-tune", 0, "give sched"),
    ],
)
def test_a_schedule_and_its_steps_come_together(schedule, steps, words):
    """One without the other was accepted, and said nothing."""
    with pytest.raises(ValueError, match=words):
        CrossEntropy((3, 4), 4, schedule=schedule, schedule_steps=steps)
