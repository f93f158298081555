"""M2: its bounds are exact where the posterior is, agree with Pyro's enumeration, and give each network its gradient."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from unweave.methods.class_model import ClassModel
from unweave.methods.m2 import M2
from unweave.methods.regularisers.beta import Beta
from unweave.methods.resolve import resolve
from unweave.nets.likelihood import Bernoulli, Gaussian
from unweave.nets.mlp import MLPDecoder, MLPEncoder
from unweave.types import Batch, DataInfo, Posterior

A = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64)  # x = A_y + B z + S noise
B = 0.8
S = 0.6


class Mixture(ClassModel):
    """x in R given class and z, with the posterior that is true of it."""

    def __init__(self) -> None:
        unused = nn.Identity()
        likelihood = Gaussian(scale=S, low=-10.0, high=10.0).double()
        super().__init__(unused, unused, unused, likelihood, classes=3, latents=1, features=1)
        self.double()

    def log_class(self, x: Tensor) -> Tensor:
        return torch.stack(
            [log_joint(x[:, 0], torch.full((len(x),), y)) for y in range(3)], 1
        ).log_softmax(1)

    def posterior(self, features: Tensor, y: Tensor) -> Posterior:
        variance = 1 / (1 + B**2 / S**2)
        mean = variance * B / S**2 * (features - (y.double() @ A)[:, None])
        return Posterior(mean, torch.full_like(mean, math.log(variance)))

    def decoded(self, y: Tensor, z: Tensor) -> Tensor:
        return (y.double() @ A)[:, None] + B * z


def log_joint(x: Tensor, y: Tensor) -> Tensor:
    """log p(x, y) in closed form: p(y) is uniform, x given y is N(A_y, B^2 + S^2)."""
    spread = torch.distributions.Normal(A[y], math.sqrt(B**2 + S**2))
    return spread.log_prob(x) - math.log(3)


def two_points(
    monkeypatch: pytest.MonkeyPatch, model: ClassModel, bound: str, *given: Tensor
) -> Tensor:
    """Mean of a bound over noise of 1 and of -1: exact for what is quadratic in z."""
    found = []
    for sign in (1.0, -1.0):
        with monkeypatch.context() as patch:
            patch.setattr(torch, "randn_like", lambda t, sign=sign: torch.full_like(t, sign))
            found.append(getattr(model, bound)(*given))
    return (found[0] + found[1]) / 2


def test_bounds_are_the_likelihood_where_the_posterior_is_true(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    model = Mixture()
    x = 2 * torch.randn(50, 1, dtype=torch.float64)
    y = torch.randint(3, (50,))
    labelled = two_points(monkeypatch, model, "labelled", x, y)
    torch.testing.assert_close(-labelled, log_joint(x[:, 0], y), rtol=0, atol=1e-6)
    unlabelled = two_points(monkeypatch, model, "unlabelled", x)
    every = torch.stack([log_joint(x[:, 0], torch.full((50,), y)) for y in range(3)], 1)
    torch.testing.assert_close(-unlabelled, every.logsumexp(1), rtol=0, atol=1e-6)


def networks(seed: int = 0) -> ClassModel:
    """A small model of vectors of four bits with three classes."""
    torch.manual_seed(seed)
    model = ClassModel(
        MLPEncoder((4,), 6, width=5, depth=1),
        MLPEncoder((4,), 3, width=5, depth=1),
        MLPDecoder((4,), 5, width=5, depth=1),
        Bernoulli(),
        classes=3,
        latents=2,
        features=6,
    )
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.4)
    return model


def test_the_sum_over_classes_is_exact_and_differentiable() -> None:
    """U and its gradients, beside a loop over classes that is written out."""
    model = networks()
    x = torch.randint(2, (7, 4)).float()
    torch.manual_seed(1)
    ours = model.unlabelled(x).sum()
    torch.manual_seed(1)
    noise = torch.randn(21, 2).view(7, 3, 2)
    log_q = model.class_encoder(x).log_softmax(1)
    total = torch.zeros(())
    for b in range(7):
        for y in range(3):
            one_hot = torch.eye(3)[y]
            hidden = nn.functional.softplus(
                model.encoder(x[b : b + 1])[0] + model.of_class.weight[:, y]
            )
            mean, log_var = model.to_code(hidden).chunk(2)
            z = mean + (log_var / 2).exp() * noise[b, y]
            logits = model.decoder(torch.cat([one_hot, z])[None])[0]
            log_x = -nn.functional.binary_cross_entropy_with_logits(logits, x[b], reduction="sum")
            kl = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum()
            bound = -log_x + math.log(3) + kl
            total = total + log_q[b, y].exp() * (bound + log_q[b, y])
    torch.testing.assert_close(ours, total)
    weights = list(model.parameters())
    for mine, theirs in zip(
        torch.autograd.grad(ours, weights), torch.autograd.grad(total, weights), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)
        assert mine.abs().max() > 1e-3


def test_pyro_enumerates_to_the_same_bound() -> None:
    """Pyro samples the KL, so that the means of many samples are compared, within four standard errors."""
    pyro = pytest.importorskip(
        "pyro", reason="pyro-ppl, the reference of M2's bound, is not installed"
    )
    from pyro import distributions, infer

    model = networks()
    x = torch.randint(2, (5, 4)).float()

    def joint(x: Tensor) -> None:
        with pyro.plate("rows", len(x)):
            z = pyro.sample("z", distributions.Normal(torch.zeros(len(x), 2), 1.0).to_event(1))
            y = pyro.sample("y", distributions.OneHotCategorical(torch.full((len(x), 3), 1 / 3)))
            shape = torch.broadcast_shapes(y.shape[:-1], z.shape[:-1])
            logits = model.decoder(
                torch.cat([y.expand(*shape, 3), z.expand(*shape, 2)], -1).flatten(0, -2)
            )
            pixels = distributions.Bernoulli(logits=logits.view(*shape, 4)).to_event(1)
            pyro.sample("x", pixels, obs=x)

    @infer.config_enumerate
    def guide(x: Tensor) -> None:
        with pyro.plate("rows", len(x)):
            y = pyro.sample("y", distributions.OneHotCategorical(logits=model.class_encoder(x)))
            q = model.posterior(model.encoder(x), y)
            assert q.log_var is not None
            pyro.sample("z", distributions.Normal(q.mean, (q.log_var / 2).exp()).to_event(1))

    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    elbo = infer.TraceEnum_ELBO(max_plate_nesting=1)
    theirs = torch.tensor([elbo.loss(joint, guide, x) for _ in range(400)])
    with torch.no_grad():
        ours = torch.stack([model.unlabelled(x).sum() for _ in range(400)])
    spread = (theirs.var() / 400 + ours.var() / 400).sqrt()
    assert (theirs.mean() - ours.mean()).abs() < 4 * spread
    assert spread < 0.5  # of a bound of about 15 nats


def method(**settings: object) -> M2:
    """M2 of vectors of four bits: 100 images of three classes, 10 of them labelled."""
    info = DataInfo(100, (4,), classes=3, labels=10, binary=True)
    small = {
        "encoder.width": 8,
        "class_encoder.width": 8,
        "decoder.width": 8,
        "features": 8,
        "latents": 2,
    }
    made = resolve("m2", {"likelihood": "bernoulli", **small, **settings}, info).make(info)
    assert isinstance(made, M2)
    return made


def a_batch(times: int = 1) -> Batch:
    x = torch.randint(2, (12, 4), generator=torch.Generator().manual_seed(0)).float()
    y = torch.arange(12) % 3
    return Batch(
        x.repeat(times, 1), torch.arange(12).repeat(times), labelled=Batch(x, torch.arange(12), y)
    )


def test_the_label_term_does_not_depend_on_the_number_of_other_images() -> None:
    gradients = []
    for times in (1, 2):
        strong, weak = method(alpha=5.0), method(alpha=0.0)
        both = []
        for made in (strong, weak):
            torch.manual_seed(0)
            (turn,) = made.losses(a_batch(times), 0)
            both.append(
                torch.autograd.grad(turn.of["model"], list(made.model.class_encoder.parameters()))
            )
        gradients.append([a - b for a, b in zip(*both, strict=True)])
    for once, twice in zip(*gradients, strict=True):
        torch.testing.assert_close(once, twice, rtol=1e-4, atol=1e-5)
        assert once.abs().max() > 1e-3


def test_loss_is_the_objective_of_the_paper_per_image() -> None:
    made = method(alpha=0.3)
    batch = a_batch()
    torch.manual_seed(0)
    (turn,) = made.losses(batch, 0)
    torch.manual_seed(0)
    unlabelled = made.model.unlabelled(batch.x).mean()
    given = batch.labelled
    assert given is not None
    labelled = made.model.labelled(given.x, given.y).mean()
    surprise = -made.model.log_class(given.x)[torch.arange(12), given.y].mean()
    torch.testing.assert_close(turn.of["model"], unlabelled + 10 / 100 * labelled + 0.3 * surprise)


def test_a_regulariser_of_the_kl_gives_the_same_gradients_on_average() -> None:
    """Beta of weight 1 is the KL: of a class at random, with the class's own gradient."""
    plain, composed = method(), method(regulariser="beta", **{"regulariser.beta": 1.0})
    assert isinstance(composed.regulariser, Beta)
    composed.load_state_dict(plain.state_dict())
    mean = []
    for made, draws in ((plain, 300), (composed, 300)):
        torch.manual_seed(0)
        of = [sum(turn.of["model"] for turn in made.losses(a_batch(), 0)) for _ in range(draws)]
        weights = [made.model.class_encoder[-1].bias, made.model.to_code.bias]
        mean.append(torch.autograd.grad(sum(of) / draws, weights))
    for a, b in zip(*mean, strict=True):
        torch.testing.assert_close(a, b, rtol=0.05, atol=0.02)


def test_the_class_reaches_encoder_and_decoder() -> None:
    made = method()
    x = a_batch().x
    one, other = (
        torch.eye(3)[torch.zeros(12, dtype=torch.long)],
        torch.eye(3)[torch.ones(12, dtype=torch.long)],
    )
    features = made.model.encoder(x)
    assert (
        made.model.posterior(features, one).mean - made.model.posterior(features, other).mean
    ).abs().max() > 1e-3
    z = torch.zeros(12, 2)
    assert (
        made.decode(torch.cat([one, z], 1)) - made.decode(torch.cat([other, z], 1))
    ).abs().max() > 1e-3


@pytest.mark.parametrize("classes", [0, 1])
def test_data_without_classes_are_refused(classes: int) -> None:
    info = DataInfo(100, (4,), classes=classes, labels=10, binary=True)
    with pytest.raises(ValueError, match="class"):
        resolve("m2", {}, info).make(info)
