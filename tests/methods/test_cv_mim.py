"""CV-MIM: losses by loops in float64, who moves on which loss, and which data it refuses."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unweave.data.images import ImageData
from unweave.methods.base import NotAvailable
from unweave.methods.cv_mim import CVMIM
from unweave.methods.resolve import resolve
from unweave.nets.conditional import ConditionalGaussian
from unweave.runs.train import train
from unweave.seeds.generators import reseed
from unweave.training.loop import Training
from unweave.training.ranks import noise
from unweave.types import Batch, DataInfo, Losses

INFO = DataInfo(60, (5,))
Array = NDArray[np.float64]


def method(**settings: object) -> CVMIM:
    torch.manual_seed(0)
    small = {
        "encoder.width": 8,
        "encoder.depth": 1,
        "whole_encoder.width": 8,
        "whole_encoder.depth": 1,
    }
    made = resolve("cv-mim", {**small, "latents": 3, **settings}, INFO).make(INFO)
    assert isinstance(made, CVMIM)
    return made


def a_batch(things: int = 6, seed: int = 1) -> Batch:
    """Two views of each thing: what they share, and noise."""
    generator = torch.Generator().manual_seed(seed)
    shared = torch.randn(things, 1, 5, generator=generator)
    x = shared + 0.5 * torch.randn(things, 2, 5, generator=generator)
    number = torch.arange(things)[:, None].expand(-1, 2)
    return Batch(x, torch.arange(2 * things).view(things, 2), y=number)


def turn(made: CVMIM, batch: Batch | None = None) -> Losses:
    torch.manual_seed(5)  # of the uniform codes
    (found,) = made.losses(a_batch() if batch is None else batch, 0)
    return found


def softplus(x: float) -> float:
    return float(np.logaddexp(0, x))


def jensen_shannon(a: Array, b: Array) -> float:
    """mean of log 2 - softplus(-s) over pairs, less mean of softplus(-s) + s - log 2 over the others."""
    n = len(a)
    pairs = [math.log(2) - softplus(-float(a[i] @ b[i])) for i in range(n)]
    scores = [float(a[i] @ b[j]) for i in range(n) for j in range(n) if i != j]
    others = [softplus(-s) + s - math.log(2) for s in scores]
    return float(np.mean(pairs) - np.mean(others))


def log_q(q: ConditionalGaussian, x: Array, y: Array) -> Array:
    """Entry i, j: mean over columns of log N(y_j; mean(x_i), exp(tanh(free(x_i))))."""
    found = np.zeros((len(x), len(y)))
    with torch.no_grad():
        given = copy.deepcopy(q.net).double()(torch.tensor(x)).numpy()
    for i, (mean, free) in enumerate(zip(*np.split(given, 2, axis=1), strict=True)):
        log_var = np.tanh(free)
        for j, value in enumerate(y):
            density = -0.5 * (
                (value - mean) ** 2 / np.exp(log_var) + log_var + math.log(2 * math.pi)
            )
            found[i, j] = density.mean()
    return found


def pairs_and_others(scores: Array) -> tuple[float, float]:
    n = len(scores)
    others = [scores[i, j] for i in range(n) for j in range(n) if i != j]
    return float(np.mean(np.diag(scores))), float(np.mean(others))


def judged(critic: nn.Sequential, points: Array) -> tuple[Array, Array]:
    """Logits (n,) and their gradients (n, D): two layers of ReLU, by hand."""
    linear = [module for module in critic if isinstance(module, nn.Linear)]
    w1, w2, w3 = (layer.weight.detach().double().numpy() for layer in linear)
    b1, b2, b3 = (layer.bias.detach().double().numpy() for layer in linear)
    one = points @ w1.T + b1
    two = np.maximum(one, 0) @ w2.T + b2
    logits = (np.maximum(two, 0) @ w3.T + b3)[:, 0]
    gradients = (((two > 0) * w3) @ w2 * (one > 0)) @ w1
    return logits, gradients


def codes_of(made: CVMIM, batch: Batch) -> tuple[Array, ...]:
    """Pose and view codes and h of the first views, then of the second ones, as arrays (n, latents)."""
    x = torch.cat([batch.x[:, 0], batch.x[:, 1]])
    with torch.no_grad():
        codes = made.encoder(x).double().numpy()
        whole = made.whole_encoder(x).double().numpy()
    pose, view = np.split(codes, 2, axis=1)
    return tuple(half for of in (pose, view, whole) for half in np.split(of, 2))


def test_the_three_losses_by_hand() -> None:
    made = method(known=0.7, view=3.0, disentangle=0.4, prior=0.6)
    batch = a_batch()
    pose_a, pose_b, view_a, view_b, whole_a, whole_b = codes_of(made, batch)
    known = jensen_shannon(whole_a, (pose_a + view_a) / 2) + jensen_shannon(
        whole_b, (pose_b + view_b) / 2
    )
    shared = jensen_shannon(pose_a, pose_b)
    tables = [
        (1, log_q(made.view_of_pose, pose_a, view_a)),
        (1, log_q(made.view_of_pose, pose_b, view_b)),
        (2, log_q(made.view_of_view, view_a, view_b)),
    ]
    apart = 0.0
    fitted = 0.0
    for weight, table in tables:
        pairs, others = pairs_and_others(table)
        apart += weight * max(0.0, pairs - others)
        fitted -= weight * pairs
    made_codes = np.concatenate([np.hstack([pose_a, view_a]), np.hstack([pose_b, view_b])])
    points = 1 / (1 + np.exp(-made_codes))
    logits, slopes = judged(made.critic, points)
    torch.manual_seed(5)
    of_uniform, uniform_slopes = judged(made.critic, torch.rand(12, 6).double().numpy())
    fooled = 2 * np.mean([softplus(-logit) for logit in logits])  # the sum over two views
    told = 0.5 * (
        np.mean([softplus(-s) for s in of_uniform]) + np.mean([softplus(s) for s in logits])
    )
    penalty = 0.5 * ((uniform_slopes**2).sum(1).mean() + (slopes**2).sum(1).mean())
    found = turn(made, batch).of
    model = -0.7 * known - 2 * 3.0 * shared + 0.4 * apart + 0.6 * fooled
    assert found["model"].item() == pytest.approx(model, rel=1e-5)
    assert found["estimators"].item() == pytest.approx(fitted, rel=1e-5)
    assert found["critic"].item() == pytest.approx(told + penalty, rel=1e-5)


def test_pose_codes_that_agree_are_better_than_codes_that_do_not() -> None:
    """And of codes of zeros nothing is shared: the sign of the bound."""
    made = method(known=0.0, prior=0.0, disentangle=0.0, view=1.0)
    one = 5 * torch.eye(3) - 2
    nothing = torch.zeros(6, 3)
    agree = made._informed(torch.cat([one, one]), nothing, nothing)
    differ = made._informed(torch.cat([one, one.roll(1, 0)]), nothing, nothing)
    none = made._informed(nothing, nothing, nothing)
    assert agree.of["model"] < none.of["model"] < differ.of["model"]
    assert none.terms["shared"].item() == pytest.approx(0, abs=1e-6)


def test_infonce_takes_the_place_of_both_bounds_and_stays_below_the_log_of_the_batch() -> None:
    found = turn(method(bound="infonce")).terms
    assert found["shared"].item() <= math.log(6)
    assert not torch.isclose(found["shared"], turn(method()).terms["shared"])
    assert not torch.isclose(found["known"], turn(method()).terms["known"])


def test_a_thing_that_is_twice_in_a_batch_counts_once() -> None:
    """Its second pair is no negative of the first one."""
    batch = a_batch()
    order = torch.tensor([0, 1, 2, 3, 4, 5, 2, 0])
    assert batch.y is not None
    twice = Batch(batch.x[order], None, batch.y[order])
    expected = turn(method(), batch).of
    for player, loss in turn(method(), twice).of.items():
        torch.testing.assert_close(loss, expected[player])


def test_each_player_takes_a_step_on_its_own_loss_alone() -> None:
    """All from the same weights: a clone of each player, moved by hand."""
    made = method()
    batch = a_batch()
    by_hand = method()
    Training(made, lambda step: batch).advance()
    by_hand.train()
    reseed(noise(0, 0), torch.device("cpu"))  # as the loop does in step 0
    (losses,) = by_hand.losses(batch, 0)
    gradients = {}
    for name, player in by_hand.players().items():
        gradients[name] = torch.autograd.grad(losses.of[name], player.weights(), retain_graph=True)
    for name, player in by_hand.players().items():
        optimiser = player.optimiser(player.weights(), lr=player.lr)
        for weight, gradient in zip(player.weights(), gradients[name], strict=True):
            weight.grad = gradient
        optimiser.step()
        moved = made.players()[name].weights()
        for weight, other in zip(player.weights(), moved, strict=True):
            torch.testing.assert_close(weight, other)
    owned = [id(weight) for player in made.players().values() for weight in player.weights()]
    assert sorted(owned) == sorted(id(weight) for weight in made.parameters())


def test_the_critic_learns_from_points_and_teaches_no_encoder() -> None:
    made = method()
    encoders = [*made.encoder.parameters(), *made.whole_encoder.parameters()]
    found = torch.autograd.grad(turn(made).of["critic"], encoders, allow_unused=True)
    assert set(found) == {None}


def correlated(rho: float, rows: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, rows, 1, generator=generator)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def test_what_a_fitted_estimator_knows_is_taken_out_of_the_codes() -> None:
    """Pose and view codes of correlation .9: the bound is above 0, and its gradient lowers the correlation."""
    made = method(latents=1, disentangle=1.0)
    optimiser = torch.optim.Adam(made.players()["estimators"].weights(), 0.02)
    for seed in range(200):
        pose, view = correlated(0.9, 256, seed)
        optimiser.zero_grad()
        made._apart(pose, view).of["estimators"].backward()  # type: ignore[no-untyped-call]  # of torch
        optimiser.step()
    pose, view = correlated(0.9, 2000, 1000)
    view.requires_grad_()
    found = made._apart(pose, view)
    assert found.terms["club"] > 0.2
    (gradient,) = torch.autograd.grad(found.of["model"], view)
    moved = view.detach() - 1000 * gradient
    before = torch.corrcoef(torch.cat([pose, view.detach()], 1).T)[0, 1]
    after = torch.corrcoef(torch.cat([pose, moved], 1).T)[0, 1]
    assert after < before - 0.02


def test_an_estimator_worse_than_chance_gives_no_gradient_and_that_is_logged() -> None:
    """q says the opposite of the view code: every one of the three terms is cut off at 0."""
    made = method(latents=1, disentangle=1.0)
    codes = torch.randn(40, 1, generator=torch.Generator().manual_seed(0))
    codes = torch.cat([codes, codes]).requires_grad_()
    for q in (made.view_of_pose, made.view_of_view):
        q.net = nn.Sequential(Opposite())
    found = made._apart(codes, codes)
    assert found.terms["club"] < 0
    assert found.terms["clipped"] == 1
    (gradient,) = torch.autograd.grad(found.of["model"], codes)
    assert (gradient == 0).all()


class Opposite(nn.Module):
    """Mean -x and variance 1."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([-x, torch.zeros_like(x)], 1)


def views(things: int = 8, each: int = 2) -> ImageData:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(things), each)
    return ImageData(rng.normal(size=(things * each, 5)), groups=groups, name="views")


SMALL = {"encoder.width": 8, "whole_encoder.width": 8, "latents": 3, "batch_size": 8, "steps": 3}


def test_the_code_of_a_view_does_not_depend_on_those_beside_it(tmp_path: Path) -> None:
    """Batch norm has the statistics of training, not those of the batch."""
    data = views()
    run = train("cv-mim", data, out=tmp_path, **SMALL)
    x = data.take(np.arange(16))
    np.testing.assert_allclose(run.encode(x)[3:4], run.encode(x[3:4]), rtol=1e-5, atol=1e-6)
    assert {name: block.columns for name, block in run.blocks.items()} == {
        "pose": slice(0, 3),
        "view": slice(3, 6),
    }
    with pytest.raises(NotAvailable, match="makes no images"):
        run.decode(run.encode(x))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ImageData(np.zeros((9, 5)), name="flat"), "flat has no groups"),
        (views(1, 4), "views has two views of one thing only"),
        (views(9, 1), "views cannot make views: no two of its rows"),
        (
            ImageData(np.zeros((5, 5)), groups=[0, 0, 1, 1, 2], name="late"),
            "1 of 3 groups of late have one view only",
        ),
    ],
)
def test_data_without_two_views_of_two_things_are_refused(
    data: ImageData, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        train("cv-mim", data, out=tmp_path, **SMALL)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*/log.jsonl"))


def test_a_batch_of_one_thing_is_refused() -> None:
    batch = a_batch(1)
    with pytest.raises(ValueError, match="views of one thing only"):
        turn(method(), batch)
