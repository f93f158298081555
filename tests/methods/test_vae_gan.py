"""VAE-GAN: who reconstructs whom, losses by hand, and what moves whom."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unweave.methods.resolve import resolve
from unweave.methods.vae_gan import REAL, VAEGAN, squared
from unweave.nets.discriminator import towards
from unweave.training.loop import Training
from unweave.types import Batch, DataInfo, Posterior

INFO = DataInfo(60, (1, 8, 8), classes=3)


def method(info: DataInfo = INFO, **settings: object) -> VAEGAN:
    torch.manual_seed(0)
    networks = ("encoder", "content_encoder", "decoder", "judge_encoder")
    small = {name: "mlp" for name in networks} | {f"{name}.width": 8 for name in networks}
    made = resolve(
        "vae-gan", {**small, "latents": 3, "content": 4, "features": 8, **settings}, info
    )
    found = made.make(info, steps=10)
    assert isinstance(found, VAEGAN)
    return found


def a_batch(rows: int = 5) -> Batch:
    x = torch.rand(rows, 3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    y = torch.arange(rows) % 3
    return Batch(x, torch.arange(3 * rows).view(rows, 3), y=torch.stack([y, y, (y + 1) % 3], 1))


def turn(made: VAEGAN, batch: Batch | None = None):
    (found,) = made.losses(batch or a_batch(), 0)
    return found


def test_each_style_meets_the_right_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that shows its codes: (style, content) of each image, without noise."""
    made = method(latents=1, content=1)
    monkeypatch.setattr(made, "_image", lambda z, s: torch.cat([z, s], 1))
    tags = torch.tensor([[1.0], [2.0], [3.0]])  # of x1, x1' and x2
    q = Posterior(10 * tags, torch.full((3, 1), -200.0))
    own, within, between = made._decoded(q, tags)
    assert own.tolist() == [[10, 1], [20, 2], [30, 3]]
    assert within.tolist() == [[10, 2], [20, 1]], "z1 with s1' is x1, z1' with s1 is x1'"
    assert between.tolist() == [[30, 2], [20, 3]], "z2 with s1', z1' with s2"


def test_each_image_has_its_own_draw_of_the_style(monkeypatch: pytest.MonkeyPatch) -> None:
    made = method(latents=1, content=1)
    monkeypatch.setattr(made, "_image", lambda z, s: z)
    drawn = torch.cat(
        made._decoded(Posterior(torch.zeros(3, 1), torch.zeros(3, 1)), torch.zeros(3, 1))
    )
    assert len(set(drawn.flatten().tolist())) == 7


def quiet(made: VAEGAN) -> None:
    """Styles without noise."""
    with torch.no_grad():
        last = made.encoder[-1]
        last.weight[made.latents :] = 0
        last.bias[made.latents :] = -200


@pytest.mark.parametrize("judge", ["pair", "class"])
def test_the_losses_by_hand(judge: str) -> None:
    made = method(judge=judge, weight=0.7, prior=0.0, beta=0.0)
    quiet(made)
    batch = a_batch()
    one, two, three = batch.x.unbind(1)
    z = {name: made._style(x).mean for name, x in (("one", one), ("two", two), ("three", three))}
    s = {
        name: made.content_encoder(x) for name, x in (("one", one), ("two", two), ("three", three))
    }

    def image(style: str, content: str) -> Tensor:
        return made._image(z[style], s[content])

    def error(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
        """4 times the mean over all pixels of all images of the list."""
        return 4 * torch.stack([(a - b).square().mean() for a, b in pairs]).mean()

    own = error(
        [(image("one", "one"), one), (image("two", "two"), two), (image("three", "three"), three)]
    )
    swapped = error([(image("one", "two"), one), (image("two", "one"), two)])
    fake = [
        (image("three", "two"), one, batch.y[:, 0]),
        (image("two", "three"), three, batch.y[:, 2]),
    ]
    d_fake = torch.cat([made.discriminator(*given) for given in fake])
    real = [(two, one, batch.y[:, 0]), (one, two, batch.y[:, 0])]
    if judge == "class":
        real = [(two, one, batch.y[:, 0]), (three, one, batch.y[:, 2])]
    d_real = torch.cat([made.discriminator(*given) for given in real])
    cross = lambda logit, t: -(t * F.logsigmoid(logit) + (1 - t) * F.logsigmoid(-logit)).mean()  # noqa: E731 (a formula)
    found = turn(made, batch)
    expected = 0.5 * own + swapped + 0.7 * cross(d_fake, 0.95)
    assert found.of["model"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert found.of["discriminator"].item() == pytest.approx(
        (cross(d_real, 0.95) + cross(d_fake, 0.0)).item(), rel=1e-5
    )
    right = torch.cat([d_real > 0, d_fake < 0]).float().mean()
    assert found.terms["accuracy"].item() == pytest.approx(right.item())


def test_the_weight_of_the_kl_by_hand() -> None:
    """Mean 1 and variance 1 in 16 columns, 32x32 pixels: .1 * 6 / 1024 * 16 / 2."""
    info = DataInfo(60, (1, 32, 32), classes=3)
    made = method(info, latents=16, beta=0.1)
    q = Posterior(torch.ones(2, 16), torch.zeros(2, 16))
    assert made.kl_weight * q.kl().sum(1).mean().item() == pytest.approx(0.0046875)


def test_swaps_teach_both_encoders_of_both_images() -> None:
    made = method()
    x = a_batch().x.transpose(0, 1).flatten(0, 1).requires_grad_()
    q = made._style(x)
    _, within, between = made._decoded(q, made.content_encoder(x))
    five = torch.arange(len(x)).chunk(3)
    (to_within,) = torch.autograd.grad(within[:5].sum(), x, retain_graph=True)  # Dec(z1, s1')
    (to_between,) = torch.autograd.grad(between[:5].sum(), x)  # Dec(z2, s1')
    for rows, gradient, taught in (
        (five[0], to_within, True),
        (five[1], to_within, True),
        (five[2], to_within, False),
    ):
        assert bool(gradient[rows].abs().sum() > 0) == taught
    for rows, taught in ((five[0], False), (five[1], True), (five[2], True)):
        assert bool(to_between[rows].abs().sum() > 0) == taught


def test_neither_player_teaches_the_other() -> None:
    made = method(weight=1.0)
    found = turn(made)
    model = [
        *made.encoder.parameters(),
        *made.content_encoder.parameters(),
        *made.decoder.parameters(),
    ]
    assert set(
        torch.autograd.grad(found.of["discriminator"], model, retain_graph=True, allow_unused=True)
    ) == {None}
    owners = {name: {id(w) for w in player.weights()} for name, player in made.players().items()}
    assert not owners["model"] & owners["discriminator"]


def test_a_judge_of_classes_reads_the_class() -> None:
    made = method(judge="class")
    x = a_batch().x[:, 0]
    logits = [made.discriminator(x, x, torch.full((5,), y)) for y in (0, 1)]
    assert not torch.allclose(*logits)
    pairs = method().discriminator
    assert not torch.allclose(pairs(x, x, torch.zeros(5)), pairs(x, x.flip(0), torch.zeros(5)))


def test_the_discriminator_rests_after_a_batch_that_it_named_rightly() -> None:
    made = method(rest=0.8)
    made.accuracy.fill_(0.9)
    training = Training(made, lambda step: a_batch())
    before = [w.clone() for w in made.discriminator.parameters()]
    training.advance()
    assert all(
        torch.equal(a, b) for a, b in zip(before, made.discriminator.parameters(), strict=True)
    )
    made.accuracy.fill_(0.1)
    training.advance()
    assert not all(
        torch.equal(a, b) for a, b in zip(before, made.discriminator.parameters(), strict=True)
    )


def test_styles_of_the_prior_are_judged_where_they_have_a_weight() -> None:
    torch.manual_seed(3)
    without = turn(method()).of["model"]
    torch.manual_seed(3)
    assert turn(method(prior=1.0)).of["model"] > without + 0.1


def test_the_formulas() -> None:
    assert squared(torch.tensor([0.5]), torch.tensor([0.0])).item() == 1.0
    logits = torch.tensor([0.3])
    p = 1 / (1 + math.exp(-0.3))
    assert towards(REAL, logits).item() == pytest.approx(
        -0.95 * math.log(p) - 0.05 * math.log(1 - p), rel=1e-6
    )


def test_bad_input_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="judge is class, but these data have no classes"):
        method(DataInfo(60, (1, 8, 8)), judge="class")
    with pytest.raises(ValueError, match=r"needs images \(C, H, W\)"):
        method(DataInfo(60, (12,), classes=3))
