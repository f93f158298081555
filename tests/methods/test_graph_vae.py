"""graph-vae: the estimate of the labelled bound is that of quadrature, and M2 is a special case of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unweave.maths.importance import Evidence, expected, log_evidence
from unweave.methods.class_model import ClassModel
from unweave.methods.graph.model import GraphModel
from unweave.methods.graph.names import generative_graph, recognition_graph
from unweave.methods.graph.variables import Facts, Label, read_variables
from unweave.nets.likelihood import Likelihood
from unweave.nets.mlp import MLPDecoder, MLPEncoder

FACTS = Facts(3, ("shape", "size", "angle"), (3, 4, 5))


class Squares(Likelihood):
    """N(output, 1) without its constant, in the precision of its input."""

    def mean(self, output: Tensor) -> Tensor:
        return output

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        return 0.5 * ((x - output) ** 2).flatten(1).sum(1)


def model(variables: str, recognition: str, generative: str, *, pixels: int = 4, **more: object) -> GraphModel:
    """A small model in float64 of vectors of four numbers, with weights at random."""
    torch.manual_seed(0)
    found = read_variables(variables, FACTS)
    graph = generative_graph(generative, found)
    inputs = sum(found[parent].columns for parent in graph.parents["x"])
    made = GraphModel(
        MLPEncoder((pixels,), 6, width=5, depth=1),
        MLPDecoder((pixels,), inputs, width=5, depth=1),
        Squares(),
        variables=found,
        recognition=recognition_graph(recognition, found),
        generative=graph,
        features=6,
        **more,  # type: ignore[arg-type]  # enumerated and temperature
    )
    for weight in made.parameters():
        nn.init.normal_(weight, std=0.5)
    return made.double()


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
    return {"y": Label(torch.tensor([0.0, 1.0]).double().expand(rows, 2), torch.ones(rows, dtype=torch.bool))}


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


def estimates(made: GraphModel, samples: int, rows: int = 1, kind: Evidence = "log-mean") -> tuple[Tensor, Tensor]:
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
    ours = torch.autograd.grad(expected(draws.log_w, log_ratio).sum(), bias, retain_graph=True)[0][0]
    constant = torch.autograd.grad(expected(draws.log_w.detach(), log_ratio).sum(), bias, retain_graph=True)[0][0]
    of_evidence = torch.autograd.grad(log_evidence(draws.log_w).sum(), bias)[0][0]
    step = 1e-4
    above, below = (quadrature(MEAN + sign * step) for sign in (1, -1))
    slope = [(a - b) / (2 * step) for a, b in zip(above, below, strict=True)]
    assert float(ours) == pytest.approx(slope[0], abs=2e-3)
    assert abs(float(constant) - slope[0]) > 0.1
    assert float(of_evidence) == pytest.approx(slope[1], abs=1e-3)


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
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)  # M2's own casts, for this comparison
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


# -- labels

ZYZ = (
    "z1=gaussian(2) y=categorical(shape) z2=gaussian(2)",
    "y|z1,x z2|y,z1,x z1|x",
    "z2 y z1 x|z1,y,z2",
)


def by_row(t: Tensor) -> Tensor:
    """Noise (S, E, B, D) that is a function of the draw and of the image's row alone."""
    s, _, b, d = t.shape
    at = torch.arange(s)[:, None, None, None] * 7 + torch.arange(b)[:, None] * 3 + torch.arange(d) + 1
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
    torch.testing.assert_close(mixed, torch.where(some, every, total(made, x, {})), rtol=0, atol=1e-12)


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
