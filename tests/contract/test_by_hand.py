"""The loop equals loops written by hand with zero_grad, detach, backward and step: bit for bit, weights and buffers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.contract import family, toys
from tests.contract.adversarial import InfoGANCR, SemiAAE
from tests.contract.style import StyleGAN, lazy_rate
from tests.contract.toys import CLASSES, fake, real
from torch import nn
from torch.optim import SGD, Adam

from unweave.methods.base import Method
from unweave.methods.regularisers.density_ratio import shuffle_columns
from unweave.nets.evaluating import evaluating
from unweave.seeds import fold
from unweave.training.loop import Training
from unweave.types import Batch

STEPS, SEED = 10, 7
Body = Callable[[Any, Batch, int], None]
adam, sgd = partial(Adam, fused=True), partial(SGD, fused=True)  # as the loop makes them


def descend(loss: torch.Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def factor_vae(m: Any) -> Body:
    """Kim and Mnih's two updates from one forward pass, the critic's on detached codes."""
    critic = m.regulariser.critic
    model = adam([*m.encoder.parameters(), *m.decoder.parameters()], 1e-3)
    judge = adam(critic.parameters(), 1e-4, betas=(0.5, 0.9))

    def body(m: Any, batch: Batch, step: int) -> None:
        q = m.encode(batch.x)
        z = q.sample()
        reconstruction, kl = m.likelihood(m.decoder(z), batch.x).mean(), q.kl().sum(1).mean()
        loss = reconstruction + (kl + 10.0 * critic(z).mean())
        still = z.detach()
        told = 0.5 * (
            F.softplus(-critic(still)).mean() + F.softplus(critic(shuffle_columns(still))).mean()
        )
        model.zero_grad()
        loss.backward()
        judge.zero_grad()  # the model's loss left its gradient there
        told.backward()
        model.step()
        judge.step()

    return body


def infogan_cr(m: Any) -> Body:
    """As the authors' loop goes: one draw of codes and pairs for a contrast, a critic and two generator updates."""
    gan_adam = partial(adam, betas=(0.5, 0.999))
    generator = gan_adam(m.generator.parameters(), 1e-3)
    critic = gan_adam(
        [*m.trunk.parameters(), *m.judge.parameters(), *m.recogniser.parameters()], 2e-4
    )
    contrast = gan_adam(m.contrast.parameters(), 2e-3)

    def body(m: Any, batch: Batch, step: int) -> None:
        nonlocal contrast
        if step in m.changes:
            m.contrast.load_state_dict(m.fresh_contrast().state_dict())
            contrast = gan_adam(m.contrast.parameters(), 2e-3)
        warm, gap = step >= m.changes[0], 1.9 if step < m.changes[1] else 0.0
        z, (a, b, column) = m.sample_prior(len(batch.x)), m.pair(len(batch.x), gap)
        m.generator.train(warm)
        with torch.no_grad():
            pair = torch.cat([m.generator(a), m.generator(b)], 1)
        m.generator.train()
        descend(F.cross_entropy(m.contrast(pair), column), contrast)
        with torch.no_grad():
            made = m.generator(z)
        features = m.trunk(made)
        information = m.information(features, z)
        judged = real(m.judge(m.trunk(batch.x))) + fake(m.judge(features))
        descend(judged - m.weight * information, critic)
        for _ in range(2):
            features = m.trunk(m.generator(z))
            loss = real(m.judge(features)) - m.weight * m.information(features, z)
            if warm:
                pair = torch.cat([m.generator(a), m.generator(b)], 1)
                loss = loss + m.alpha * F.cross_entropy(m.contrast(pair), column)
            descend(loss, generator)

    return body


def semi_aae(m: Any) -> Body:
    """Makhzani et al.'s phases, one after the other, the encoder under three optimisers."""
    optimisers = {
        "reconstruction": sgd(
            [*m.encoder.parameters(), *m.decoder.parameters()], 0.01, momentum=0.9
        ),
        "critic": sgd([*m.judge_y.parameters(), *m.judge_z.parameters()], 0.1, momentum=0.1),
        "encoder": sgd(m.encoder.parameters(), 0.1, momentum=0.1),
        "classifier": sgd(m.encoder.parameters(), 0.1, momentum=0.9),
    }
    heads = sgd([m.heads], 0.01)

    def body(m: Any, batch: Batch, step: int) -> None:
        if step == 4:
            for optimiser in optimisers.values():
                optimiser.param_groups[0]["lr"] *= 0.1
        again = m.decoder(torch.cat(m.split(batch.x), 1))
        descend((again - batch.x).square().flatten(1).sum(1).mean(), optimisers["reconstruction"])
        y, z = m.split(batch.x)
        prior = m.sample_prior(len(y))
        on_y = real(m.judge_y(m.blur(prior[:, :CLASSES]))) + fake(m.judge_y(m.blur(y.detach())))
        on_z = real(m.judge_z(m.blur(prior[:, CLASSES:]))) + fake(m.judge_z(m.blur(z.detach())))
        descend(on_y + on_z, optimisers["critic"])
        descend(real(m.judge_y(m.blur(y))) + real(m.judge_z(m.blur(z))), optimisers["encoder"])
        log_y = m.split(batch.labelled.x)[0].clamp_min(1e-8).log()
        descend(F.nll_loss(log_y, batch.labelled.y), optimisers["classifier"])
        descend((2 - torch.pdist(m.heads)).clamp_min(0).sum(), heads)

    return body


def stylegan(m: Any) -> Body:
    """Karras et al.'s phases: main and lazy, of the generator then of the critic, the other frozen by hand."""
    k, r = m.path_every, m.r1_every
    groups = [
        {"params": m.mapping.parameters(), "lr": 0.01 * lazy_rate(k)},
        {"params": m.synthesis.parameters(), "lr": lazy_rate(k)},
    ]
    generator = adam(groups, betas=(0.0, 0.99 ** (k / (k + 1))))
    critic = adam(m.critic.parameters(), lazy_rate(r), betas=(0.0, 0.99 ** (r / (r + 1))))

    def only(*learning: nn.Module) -> None:
        for module in (m.mapping, m.synthesis, m.critic):
            module.requires_grad_(module in learning)

    def body(m: Any, batch: Batch, step: int) -> None:
        images = 2 * batch.x - 1
        only(m.mapping, m.synthesis)
        descend(F.softplus(-m.judge(m.synthesis(m.styles(len(images))))).mean(), generator)
        if step % k == 0:
            descend(k * m.path * m.path_length(m.styles(len(images) // 2))[1], generator)
        only(m.critic)
        with torch.no_grad():
            made = m.synthesis(m.styles(len(images)))
        logits = m.judge(images)
        m.signs += logits.detach().sign().mean()
        descend(F.softplus(-logits).mean() + F.softplus(m.judge(made)).mean(), critic)
        if step % r == 0:
            descend(r * m.r1 / 2 * m.penalty(images), critic)
            m.adapt()
        m.average.follow(m.both())

    return body


PAIRS: dict[str, tuple[Callable[[], Method], Callable[[Any], Body]]] = {
    "factor-vae": (family.factor_vae, factor_vae),
    "infogan-cr": (InfoGANCR, infogan_cr),
    "semi-aae": (SemiAAE, semi_aae),
    "stylegan": (StyleGAN, stylegan),
}


@pytest.mark.parametrize("name", PAIRS)
def test_equal_to_the_loop_written_by_hand(name: str) -> None:
    make, by_hand = PAIRS[name]
    torch.manual_seed(1)
    ours = make()
    theirs, first = copy.deepcopy(ours), copy.deepcopy(ours.state_dict())
    batches = toys.batches(toys.pictures(), ours.needs)
    list(Training(ours, batches, seed=SEED).until(STEPS))
    body = by_hand(theirs.train())
    for step in range(STEPS):
        torch.default_generator.manual_seed(fold(SEED, step))
        body(theirs, batches(step), step)
    unequal = [
        k for k, v in theirs.state_dict().items() if not torch.equal(v, ours.state_dict()[k])
    ]
    assert not unequal
    assert any(not torch.equal(v, first[k]) for k, v in ours.state_dict().items())


class Kept(Training):
    """Keeps the gradient each player was given, and moves nobody."""

    def _step(self, name: str) -> None:
        self.gradients = getattr(self, "gradients", {}) | {
            name: [w.grad for w in self.weights[name]]
        }


def test_the_critics_loss_leaves_the_encoders_gradient_bit_identical() -> None:
    """FactorVAE's codes are not detached, and still its critic's loss does not reach the encoder."""
    torch.manual_seed(1)
    training = Kept(family.factor_vae(), toys.batches(toys.pictures(), frozenset({"images"})))
    found = []
    for players in (("model",), ("model", "critic")):
        torch.manual_seed(3)
        turn = next(training.method.losses(training.stream(0), 0))
        assert torch.autograd.grad(
            turn.of["critic"], training.weights["model"][0], retain_graph=True
        )[0].any()
        training._move({name: turn.of[name] for name in players})
        found.append(training.gradients["model"])
    assert all(torch.equal(alone, together) for alone, together in zip(*found, strict=True))


def test_a_frozen_generator_is_in_evaluation_mode_only_inside_the_block() -> None:
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout()).train()
    module[1].eval()
    with evaluating(module):
        assert not any(m.training for m in module.modules())
    assert [m.training for m in module] == [True, False]
