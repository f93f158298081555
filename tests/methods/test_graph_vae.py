"""graph-vae: the estimate of the labelled bound is that of quadrature, and M2 is a special case of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.methods.small_graphs import model
from torch import Tensor, nn

from unweave.maths.importance import Evidence, expected, log_evidence
from unweave.methods.class_model import ClassModel
from unweave.methods.graph.model import GraphModel
from unweave.methods.graph.variables import Label
from unweave.reproduction.measures.graph_inference import joint

# -- a known posterior: q(z | x) = N(.4, .8^2), q(y = 1 | z) = sigmoid(2 z - 1/2), x = 1.3 given N(1.1 z + y / 2, 1)

MEAN = 0.4
DEVIATION = 0.8
X = 1.3


class Known(nn.Module):
    """The decoder: mean of x given (one-hot y, z)."""

    def forward(self, code: Tensor) -> Tensor:
        return 0.5 * code[:, 1:2] + 1.1 * code[:, 2:3]


def known() -> GraphModel:
    made = model("y=categorical(2) z=gaussian(1)", "y|z z|x", "y z x|y,z", pixels=1)
    made.decoder = Known()
    of_z, of_y = made.q
    assert made.recognition.parents == {"z": ("x",), "y": ("z",)}
    with torch.no_grad():
        of_z.out.weight.zero_()
        of_z.out.bias.copy_(torch.tensor([MEAN, 2 * math.log(DEVIATION)]))
        # softplus(z) - softplus(-z) is z
        of_y.of_parents.weight.zero_()
        of_y.of_parents.bias.zero_()
        of_y.of_parents.weight[:2, 0] = torch.tensor([1.0, -1.0])
        of_y.out.weight.zero_()
        of_y.out.weight[1, :2] = torch.tensor([2.0, -2.0])
        of_y.out.bias.copy_(torch.tensor([0.0, -0.5]))
    return made


def y_is_one(rows: int = 1) -> dict[str, Label]:
    return {
        "y": Label(
            torch.tensor([0.0, 1.0]).double().expand(rows, 2), torch.ones(rows, dtype=torch.bool)
        )
    }


def quadrature(mean: float = MEAN) -> tuple[float, float]:
    """(E over q(z | x, y) of log p / q, log q(y | x)), by a sum over 40,001 points."""
    z = np.linspace(-8, 8, 40_001)
    step = z[1] - z[0]

    def normal(at: float, deviation: float) -> NDArray[np.float64]:
        return np.exp(-0.5 * ((z - at) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))

    q_z = normal(mean, DEVIATION)
    q_y = 1 / (1 + np.exp(-(2 * z - 0.5)))
    log_p = -0.5 * (X - 1.1 * z - 0.5) ** 2 + math.log(0.5) + np.log(normal(0.0, 1.0))
    evidence = (q_z * q_y).sum() * step
    ratio = log_p - np.log(q_z) - np.log(q_y)
    return float((q_z * q_y / evidence * ratio).sum() * step), float(math.log(evidence))


def quantiles(t: Tensor) -> Tensor:
    """In place of normal noise (S, E, B, D): the quantiles of the normal distribution along S."""
    at = (torch.arange(len(t), dtype=torch.float64) + 0.5) / len(t)
    return torch.special.ndtri(at)[:, None, None, None].expand_as(t)


def estimates(
    made: GraphModel, samples: int, rows: int = 1, kind: Evidence = "log-mean"
) -> tuple[Tensor, Tensor]:
    x = torch.full((rows, 1), X, dtype=torch.float64)
    draws = made.draws(x, y_is_one(rows), samples)
    return expected(draws.log_w, made.log_ratio(x, draws)), log_evidence(draws.log_w, kind)


def test_weighted_draws_are_the_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "randn_like", quantiles)
    bound, evidence = (found.detach() for found in estimates(known(), 20_000))
    assert float(bound) == pytest.approx(-0.81327, abs=1e-4)
    assert float(evidence) == pytest.approx(-0.59561, abs=1e-4)
    assert (float(bound), float(evidence)) == pytest.approx(quadrature(), abs=1e-4)
    _, looser = estimates(known(), 20_000, kind="mean")
    assert float(looser.detach()) == pytest.approx(-0.8103, abs=1e-3)


def test_the_evidence_is_a_lower_bound_that_more_draws_tighten() -> None:
    torch.manual_seed(1)
    few = estimates(known(), 1, rows=20_000)
    many = estimates(known(), 8, rows=20_000)
    exact_bound, exact_evidence = quadrature()
    # with one draw the weight has no say: E over q(z | x)
    assert few[0].mean().item() == pytest.approx(-0.457, abs=0.03)
    assert many[0].mean().item() == pytest.approx(exact_bound, abs=0.06)
    assert few[1].mean().item() == pytest.approx(-0.810, abs=0.03)
    assert exact_evidence - 0.04 < many[1].mean().item() < exact_evidence


def test_the_gradient_goes_through_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the mean of q(z given x), beside differences of the quadrature; with weights that are constant it is another."""
    monkeypatch.setattr(torch, "randn_like", quantiles)
    made = known()
    x = torch.full((1, 1), X, dtype=torch.float64)
    draws = made.draws(x, y_is_one(), 4096)
    log_ratio = made.log_ratio(x, draws)
    bias = made.q[0].out.bias
    ours = torch.autograd.grad(expected(draws.log_w, log_ratio).sum(), bias, retain_graph=True)[0][
        0
    ]
    constant = torch.autograd.grad(
        expected(draws.log_w.detach(), log_ratio).sum(), bias, retain_graph=True
    )[0][0]
    of_evidence = torch.autograd.grad(log_evidence(draws.log_w).sum(), bias)[0][0]
    step = 1e-4
    above, below = (quadrature(MEAN + sign * step) for sign in (1, -1))
    slope = [(a - b) / (2 * step) for a, b in zip(above, below, strict=True)]
    assert float(ours) == pytest.approx(slope[0], abs=2e-3)
    assert abs(float(constant) - slope[0]) > 0.1
    assert float(of_evidence) == pytest.approx(slope[1], abs=1e-3)


def test_the_joint_with_each_category_is_that_in_closed_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """x given y is N(y / 2, 1.1^2 + 1); the likelihood lacks its constant."""
    monkeypatch.setattr(torch, "randn_like", quantiles)
    found = joint(known(), torch.full((1, 1), X, dtype=torch.float64), "y", 20_000)[0]
    for y in (0, 1):
        spread = torch.distributions.Normal(0.5 * y, math.sqrt(1.1**2 + 1))
        exact = (
            spread.log_prob(torch.tensor(X)).item() + math.log(0.5) + 0.5 * math.log(2 * math.pi)
        )
        assert found[y].item() == pytest.approx(exact, abs=1e-3)


# -- M2 as a special case

M2_GRAPHS = ("y=categorical(class) z=gaussian(2)", "z|x,y y|x", "z y x|y,z")


class Logits(nn.Module):
    """The class encoder that the graph's q(y | x) is."""

    def __init__(self, made: GraphModel):
        super().__init__()
        self.made = made

    def forward(self, x: Tensor) -> Tensor:
        q = next(q for q in self.made.q if q.variable.name == "y")
        return q([], self.made.encoder(x))


def as_m2(made: GraphModel) -> ClassModel:
    """M2 with the weights of a graph."""
    sizes = {"classes": 3, "latents": 2, "features": 6}
    m2 = ClassModel(made.encoder, Logits(made), made.decoder, made.likelihood, **sizes)
    q = next(q for q in made.q if q.variable.name == "z")
    m2.of_class = q.of_parents
    m2.to_code = q.out
    return m2


def two_points(monkeypatch: pytest.MonkeyPatch, of: Callable[[], Tensor]) -> Tensor:
    """Mean over noise of 1 and -1 everywhere: exact for the KL, which is quadratic in the noise."""
    found = []
    for sign in (1.0, -1.0):
        with monkeypatch.context() as patch:
            patch.setattr(torch, "randn_like", lambda t, sign=sign: torch.full_like(t, sign))
            found.append(of())
    return (found[0] + found[1]) / 2


def test_m2_is_the_case_in_which_y_has_no_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model(*M2_GRAPHS)
    m2 = as_m2(made)
    x = torch.randn(7, 4, dtype=torch.float64)
    y = torch.randint(3, (7,))
    labels = {"y": Label(torch.eye(3)[y].double(), torch.ones(7, dtype=torch.bool))}
    monkeypatch.setattr(
        torch.Tensor, "float", torch.Tensor.double
    )  # M2's own casts, for this comparison
    eye = torch.eye
    monkeypatch.setattr(torch, "eye", lambda *size, **more: eye(*size, **more).double())

    def bound(given: Mapping[str, Label], samples: int) -> Tensor:
        draws = made.draws(x, given, samples)
        return expected(draws.log_w, made.log_ratio(x, draws)) + log_evidence(draws.log_w)

    ours = two_points(monkeypatch, lambda: bound(labels, 3))
    theirs = two_points(monkeypatch, lambda: -m2.labelled(x, y))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    torch.testing.assert_close(
        two_points(monkeypatch, lambda: bound({}, 1)),
        two_points(monkeypatch, lambda: -m2.unlabelled(x)),
        rtol=0,
        atol=1e-10,
    )
