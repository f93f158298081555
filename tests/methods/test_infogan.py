"""InfoGAN: who learns from what, the bound and its constants, and the layout of a code."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from unweave.methods.infogan import InfoGAN
from unweave.seeds import fold
from unweave.training.loop import Training
from unweave.types import Batch, Losses


def toy(spectral=True, **settings):
    torch.manual_seed(0)
    sizes = {"categories": 3, "codes": 2, "noise": 4} | settings
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 6))
    generator = nn.Sequential(
        nn.Linear(sum(list(sizes.values())[:3]), 8),
        nn.Tanh(),
        nn.Linear(8, 64),
        nn.Unflatten(1, (1, 8, 8)),
    )
    return InfoGAN(trunk, generator, features=6, **sizes, spectral=spectral)


def batch(n=16):
    return Batch(torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(0)))


def parts(method):
    return {
        k: {n: w.detach().clone() for n, w in getattr(method, k).named_parameters()}
        for k in ("trunk", "judge", "reader", "generator")
    }


def changed(method, only):
    """The parts that one step changes when every player but `only` stands still."""
    before, losses = parts(method), method.losses

    def silenced(batch, step):
        for turn in losses(batch, step):
            if only in turn.of:
                yield turn

    method.losses = silenced
    Training(method, lambda step: batch(), seed=0).advance()
    after = parts(method)
    return {k for k in before if any(not torch.equal(before[k][n], after[k][n]) for n in before[k])}


def test_the_generator_s_turn_leaves_trunk_judge_and_reader_bit_identical():
    assert changed(toy(), "generator") == {"generator"}
    assert changed(toy(), "critic") == {"trunk", "judge", "reader"}


def test_the_information_reaches_the_trunk_and_the_generator():
    """A port that gives Q to the generator's optimiser only never trains the trunk for it."""
    method = toy()
    code = method.sample_prior(16)
    unread, _ = method._unread(method._features(method.decode(code)), code)
    for part in (method.trunk, method.reader, method.generator):
        gradients = torch.autograd.grad(unread, list(part.parameters()), retain_graph=True)
        assert all(g.abs().sum() > 0 for g in gradients)


def test_the_bound_by_hand():
    method, features = toy(), torch.randn(16, 6)
    code = method.sample_prior(16)
    logits, mean = method._read(features)
    unread, terms = method._unread(features, code)
    q_category = torch.distributions.Categorical(logits=logits).log_prob(code[:, :3].argmax(1))
    q_codes = torch.distributions.Normal(mean, 1.0).log_prob(code[:, 3:5]).sum(1)
    torch.testing.assert_close(unread, -(q_category + q_codes).mean())
    torch.testing.assert_close(terms["information of category"], math.log(3) + q_category.mean())


def test_the_information_of_a_perfect_reader_is_its_ceiling():
    """log K for the category, 1/6 nat for each continuous code; that of one who knows nothing is 0."""
    method, n = toy(), 50_000
    code = method.sample_prior(n)
    method._read = lambda features: (1000 * code[:, :3], code[:, 3:5])
    _, terms = method._unread(torch.zeros(n, 6), code)
    assert terms["information of category"].item() == pytest.approx(math.log(3), abs=1e-4)
    assert terms["information of codes"].item() == pytest.approx(2 / 6, abs=0.005)
    method._read = lambda features: (torch.zeros(n, 3), torch.zeros(n, 2))
    assert [v.item() for v in method._unread(torch.zeros(n, 6), code)[1].values()] == [
        pytest.approx(0, abs=1e-5)
    ] * 2


def test_a_code_is_category_codes_noise():
    method = toy()
    assert method.blocks == {"class": slice(0, 3), "code": slice(3, 5), "noise": slice(5, 9)}
    z = method.sample_prior(5000)
    assert z.shape == (5000, 9)
    assert torch.equal(z[:, :3].sum(1), torch.ones(5000))
    assert z[:, :3].mean(0).tolist() == [pytest.approx(1 / 3, abs=0.03)] * 3
    assert z[:, 3:].abs().max() <= 1
    assert z[:, 3:].std(0).tolist() == [pytest.approx(3**-0.5, abs=0.02)] * 6
    q = method.encode(torch.rand(7, 1, 8, 8))
    assert q.mean.shape == (7, 9)
    torch.testing.assert_close(q.mean[:, :3].sum(1), torch.ones(7))
    assert (q.mean[:, 5:] == 0).all()
    image = method.decode(z[:4])
    assert image.shape == (4, 1, 8, 8)
    assert image.min() >= 0
    assert image.max() <= 1


def test_without_one_kind_of_code_there_is_no_block_of_it():
    assert toy(categories=0).blocks == {"code": slice(0, 2), "noise": slice(2, 6)}
    assert toy(codes=0, noise=0).blocks == {"class": slice(0, 3)}
    for method in (toy(categories=0), toy(codes=0)):
        assert all(
            math.isfinite(v) for v in Training(method, lambda step: batch()).advance().values()
        )
    with pytest.raises(ValueError, match="no information to keep"):
        toy(categories=0, codes=0)


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_instance_noise_is_on_all_that_the_critic_sees_and_on_nothing_that_is_encoded(noise):
    method, seen = toy(instance_noise=noise), []
    method.decode = lambda z: torch.full((len(z), 1, 8, 8), 0.5)
    method.trunk.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    x = batch(2000).x
    list(method.losses(Batch(x), 0))
    added = [a - clean for a, clean in zip(seen, (x, 0.5, 0.5), strict=True)]
    assert [a.std().item() for a in added] == [pytest.approx(noise, abs=0.01)] * 3
    assert not noise or max(abs((a * b).mean()) for a, b in itertools.pairwise(added)) < 0.005
    method.encode(x)
    assert torch.equal(seen[-1], x)


def test_two_steps_are_the_hand_written_updates():
    """zero_grad, backward and step by hand: D and Q first, then the generator on images of a fresh draw."""
    method, hand = toy(), toy()
    training = Training(method, lambda step: batch(), seed=2)
    owned = [*hand.trunk.parameters(), *hand.judge.parameters(), *hand.reader.parameters()]
    d = torch.optim.Adam(owned, lr=hand.critic_lr, betas=(0.5, 0.999), fused=True)
    g = torch.optim.Adam(
        hand.generator.parameters(), lr=hand.generator_lr, betas=(0.5, 0.999), fused=True
    )
    hand.train()
    for step in range(2):
        training.advance()
        torch.default_generator.manual_seed(fold(2, step))
        code = hand.sample_prior(16)
        real, fake = hand._features(batch().x), hand._features(hand.decode(code))
        loss = F.softplus(-hand.judge(real)).mean() + F.softplus(hand.judge(fake)).mean()
        d.zero_grad()
        (loss + hand._unread(fake, code)[0]).backward()
        d.step()
        code = hand.sample_prior(16)
        fake = hand._features(hand.decode(code))
        g.zero_grad()
        (F.softplus(-hand.judge(fake)).mean() + hand._unread(fake, code)[0]).backward()
        g.step()
    for a, b in zip(method.parameters(), hand.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("spectral", [True, False])
def test_every_weight_moves(spectral):
    method = toy(spectral)
    before = [w.clone() for w in method.parameters()]
    list(Training(method, lambda step: batch()).until(2))
    assert not any(torch.equal(a, b) for a, b in zip(before, method.parameters(), strict=True))


def test_turns_are_the_critic_s_then_the_generator_s():
    turns = [list(turn.of) for turn in toy().losses(batch(), 0)]
    assert turns == [["critic"], ["generator"]]
    assert all(isinstance(turn, Losses) for turn in toy().losses(batch(), 0))


def test_spectral_normalisation_bounds_trunk_and_judge_and_not_the_reader():
    method = toy()
    for _ in range(20):
        method.trunk(torch.rand(4, 1, 8, 8))
        method.judge(torch.rand(4, 6))
    largest = [
        torch.linalg.matrix_norm(w.detach(), 2).item()
        for w in (method.trunk[1].weight, method.judge.weight)
    ]
    assert largest == [pytest.approx(1, abs=0.05)] * 2
    assert not hasattr(method.reader[0], "parametrizations")
    assert not hasattr(toy(spectral=False).trunk[1], "parametrizations")


def test_a_generator_of_vectors_reaches_over_the_range_of_the_data():
    method = toy(low=-5.0, high=8.5)
    with torch.no_grad():
        method.generator[-2].bias.copy_(torch.linspace(-30, 30, 64))
    made = method.decode(method.sample_prior(4))
    assert made.min().item() == pytest.approx(-5)
    assert made.max().item() == pytest.approx(8.5)
