"""Each regulariser's loss by hand, its corner cases, and the faults of peers, by name."""

import dataclasses
import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unweave.maths.divergence import covariance, mmd
from unweave.maths.information import chain
from unweave.methods.regularisers.adversarial import Adversarial
from unweave.methods.regularisers.beta import Beta
from unweave.methods.regularisers.capacity import Capacity
from unweave.methods.regularisers.constrained import Constrained, NonNegative
from unweave.methods.regularisers.density_ratio import DensityRatio, accuracy, shuffle_columns
from unweave.methods.regularisers.hausdorff import Hausdorff
from unweave.methods.regularisers.info import Info
from unweave.methods.regularisers.mmd import MMD
from unweave.methods.regularisers.moments import Moments
from unweave.methods.regularisers.stein import Stein
from unweave.methods.regularisers.total_correlation import TotalCorrelation
from unweave.methods.resolve import resolve
from unweave.seeds import fold
from unweave.training.loop import Training
from unweave.types import Batch, DataInfo, Losses, Posterior

ALL = slice(None)
INFO = DataInfo(n=100, shape=(1, 8, 8))


def posterior(seed=0, rows=32, columns=5):
    """Random posteriors and a sample of each, double precision, with gradients."""
    g = torch.Generator().manual_seed(seed)
    mean, log_var, noise = torch.randn(3, rows, columns, generator=g, dtype=torch.float64)
    q = Posterior(mean.requires_grad_(), log_var.requires_grad_())
    return q, q.mean + (q.log_var / 2).exp() * noise


def kl_of(q):
    return q.kl().sum(1).mean()


def model_loss(part, q, z, step=0, rows=ALL):
    return part(q, z, step, rows).of["model"]


def gradient(loss, q):
    return torch.autograd.grad(loss, (q.mean, q.log_var), retain_graph=True)


# ---------------------------------------------------------------------------------------------------- KL and capacity


def test_beta_weighs_the_kl():
    q, z = posterior()
    torch.testing.assert_close(model_loss(Beta(beta=6.0), q, z), 6 * kl_of(q))


def test_capacity_takes_the_absolute_value_of_the_batch_mean():
    """KLs 0 and 4 with C = 2 cost nothing; pythae's mean of absolute values says 2 and draws every image to C."""
    q = Posterior(torch.tensor([[0.0], [math.sqrt(8)]]), torch.zeros(2, 1))
    assert q.kl().flatten().tolist() == [0, pytest.approx(4)]
    part = Capacity(gamma=1.0, capacity=2.0, ramp_steps=0)
    assert model_loss(part, q, q.mean).item() == pytest.approx(0, abs=1e-6)


def test_capacity_grows_linearly_with_the_step_and_is_reached_at_the_last():
    q = Posterior(torch.tensor([[4.0]]), torch.zeros(1, 1))  # 8 nats
    part = Capacity(gamma=10.0, capacity=5.0, ramp_steps=100)
    assert [model_loss(part, q, q.mean, step).item() for step in (0, 50, 100, 500)] == [
        80,
        55,
        30,
        30,
    ]


def test_the_capacity_is_reached_after_a_third_of_the_run_and_logged():
    """By default a run of 30,000 steps ended its ramp of 100,000 at 7.5 of 25 nats."""
    settings = {"encoder": "mlp", "decoder": "mlp"}
    for steps in (30_000, 300):
        part = resolve("annealed-vae", settings, INFO).make(INFO, steps=steps).regulariser
        q, z = posterior()
        found = [
            part(q, z, step, ALL).terms["capacity"].item()
            for step in (0, steps // 6, steps // 3, steps - 1)
        ]
        assert found == [0, 12.5, 25, 25]
    assert resolve("annealed-vae", {"ramp_steps": 7}, INFO).flat()["regulariser.ramp_steps"] == 7


def test_capacity_pushes_the_kl_up_where_it_is_below():
    q, z = posterior()
    part = Capacity(gamma=3.0, capacity=1000.0, ramp_steps=0)
    for found, kl in zip(gradient(model_loss(part, q, z), q), gradient(kl_of(q), q), strict=True):
        torch.testing.assert_close(found, -3 * kl)


# ------------------------------------------------------------------------------------------------------ the multiplier


def test_the_multiplier_s_loss_is_the_model_s_with_the_sign_turned():
    q, z = posterior()
    part = Constrained(delta=4.0)
    turn = part(q, z, 0, ALL)
    assert turn.of["model"].item() == pytest.approx(kl_of(q).item() - 4)
    assert turn.of["multiplier"].item() == -turn.of["model"].item()
    assert torch.autograd.grad(turn.of["multiplier"], part.beta)[0].item() == pytest.approx(
        4 - kl_of(q).item()
    )


def test_the_multiplier_stays_at_zero_where_it_fell_below():
    weight = nn.Parameter(torch.tensor(0.01))
    optimiser = NonNegative([weight], lr=1.0)
    weight.grad = torch.tensor(5.0)
    optimiser.step()
    assert weight.item() == 0


class Worth(nn.Module):
    """One code of one column with variance 1: its KL is mean^2 / 2."""

    def __init__(self):
        super().__init__()
        self.mean = nn.Parameter(torch.ones(1, 1))


@pytest.mark.parametrize(("delta", "beta"), [(2.0, 4.0), (8.0, 2.0), (1e6, 0.0)])
def test_the_constraint_holds_and_the_multiplier_is_its_price(delta, beta):
    """Minimise -8 m (saturating at m = 100) subject to m^2 / 2 <= delta: m = sqrt(2 delta), beta = 8 / m; else beta = 0."""
    torch.manual_seed(0)
    model, part = Worth(), Constrained(delta=delta, multiplier_lr=0.1)
    players = part.players()
    ascend = players["multiplier"].optimiser(players["multiplier"].weights(), lr=0.1)
    descend = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(300):
        q = Posterior(model.mean, torch.zeros(1, 1))
        turn = part(q, q.mean, step, ALL)
        reconstruction = -8 * model.mean.clamp(max=100).sum()
        (part.beta.grad,) = torch.autograd.grad(turn.of["multiplier"], part.beta, retain_graph=True)
        (model.mean.grad,) = torch.autograd.grad(reconstruction + turn.of["model"], model.mean)
        ascend.step()
        descend.step()
    kl = 0.5 * model.mean.square().item()
    assert part.beta.item() == pytest.approx(beta, rel=0.02, abs=1e-6)
    assert kl <= delta * 1.02
    assert beta == 0 or kl == pytest.approx(delta, rel=0.02)


# --------------------------------------------------------------------------------------------------- total correlation


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
@pytest.mark.parametrize("b", [1.0, 4.0])
def test_equal_weights_are_exactly_beta_vae(estimator, b):
    q, z = posterior()
    loss = model_loss(TotalCorrelation(100, alpha=b, beta=b, gamma=b, estimator=estimator), q, z)
    assert loss.item() == (b * kl_of(q)).item()
    for found, wanted in zip(gradient(loss, q), gradient(b * kl_of(q), q), strict=True):
        assert torch.equal(found, wanted)


def test_beta_counts_the_kl_once():
    """KL + (beta - 1) TC, not disent's beta KL + (beta - 1) TC."""
    q, z = posterior()
    turn = TotalCorrelation(100, beta=6.0)(q, z, 0, ALL)
    wanted = kl_of(q) + 5 * turn.terms["total correlation"]
    torch.testing.assert_close(turn.of["model"], wanted)


def test_each_weight_is_of_its_own_term():
    q, z = posterior()
    terms = TotalCorrelation(100, estimator="stratified")(q, z, 0, ALL).terms
    part = TotalCorrelation(100, alpha=0.0, beta=3.0, gamma=2.0, estimator="stratified")
    wanted = (
        kl_of(q)
        - terms["mutual information"]
        + 2 * terms["total correlation"]
        + terms["dimension kl"]
    )
    torch.testing.assert_close(model_loss(part, q, z), wanted)


def test_estimators_see_one_image_of_each_group_and_the_kl_sees_all():
    q, z = posterior(rows=12)
    rows = slice(None, None, 3)
    first = Posterior(q.mean[::3], q.log_var[::3])
    part = TotalCorrelation(100, beta=2.0)
    wanted = kl_of(q) + part(first, z[::3], 0, ALL).terms["total correlation"]
    torch.testing.assert_close(model_loss(part, q, z, rows=rows), wanted)
    for estimator in (Moments(), Info(Stein(), alpha=0.0), Hausdorff(draws=0)):
        loss = model_loss(estimator, q, z, rows=rows) - model_loss(estimator, first, z[::3])
        torch.testing.assert_close(loss, kl_of(q) - kl_of(first))


# -------------------------------------------------------------------------------------------------------- density ratio


def critic(columns=5):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(columns, 6), nn.Tanh(), nn.Linear(6, 1), nn.Flatten(0)).double()


def test_shuffling_keeps_the_values_of_every_column_and_parts_the_columns():
    z = torch.arange(400.0)[:, None] + torch.arange(4) * 1000
    shuffled = shuffle_columns(z)
    assert torch.equal(shuffled.sort(0).values, z)
    rows = shuffled % 1000
    assert (
        rows[:, 0] == rows[:, 1]
    ).float().mean() < 0.05  # PyTorch-VAE permutes within each row: all would be equal


def test_density_ratio_by_hand():
    q, z = posterior()
    part = DensityRatio(critic(), gamma=7.0)
    torch.manual_seed(1)
    turn = part(q, z, 0, ALL)
    torch.manual_seed(1)
    here, shuffled = part.critic(z).float(), part.critic(shuffle_columns(z)).float()
    torch.testing.assert_close(turn.of["model"], kl_of(q) + 7 * here.mean(), check_dtype=False)
    wanted = 0.5 * (
        F.binary_cross_entropy_with_logits(here, torch.ones(32))
        + F.binary_cross_entropy_with_logits(shuffled, torch.zeros(32))
    )
    torch.testing.assert_close(turn.of["critic"], wanted)


def test_the_dimension_wise_kl_is_logged_as_the_paper_estimates_it():
    """Mean of sum_d log(1/(N M) sum_m q(z_id given x_m)) - log p(z_i); it held (D - 1) log(N M) = 37.3 nats more."""
    q, z = posterior()
    pairs = torch.distributions.Normal(q.mean, (q.log_var / 2).exp()).log_prob(z[:, None])
    marginals = pairs.logsumexp(1) - math.log(350 * 32)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z)
    found = TotalCorrelation(350)(q, z, 0, ALL).terms
    torch.testing.assert_close(found["dimension kl"], (marginals - prior).sum(1).mean())
    theirs = pairs.sum(2).logsumexp(1) - pairs.logsumexp(1).sum(
        1
    )  # disentanglement_lib's: no weights
    torch.testing.assert_close(found["total correlation"], theirs.mean(), atol=1e-4, rtol=0)


def test_the_total_correlation_is_told_which_rows_are_one_image():
    """A batch with an image twice, in the model: 1/N once, not a stranger's weight beside it."""
    q, z = posterior(rows=4)
    part, rows = TotalCorrelation(100, estimator="stratified"), torch.tensor([3, 8, 3, 5])
    told = part(dataclasses.replace(q, index=rows), z, 0, ALL).terms["total correlation"]
    wanted = chain(
        z, q.mean, q.log_var, n=100, estimator="stratified", index=rows
    ).total_correlation
    torch.testing.assert_close(told, wanted)
    assert abs(told - part(q, z, 0, ALL).terms["total correlation"]) > 0.001


def test_a_model_tells_its_regulariser_which_image_each_row_is():
    seen = []
    for name, shape in (("beta-tcvae", (6,)), ("ml-vae", (3, 2))):
        method = resolve(name, {"encoder": "mlp", "decoder": "mlp"}, INFO).make(INFO)
        method.regulariser.register_forward_pre_hook(lambda _, given: seen.append(given[0].index))
        next(method.losses(Batch(torch.rand(*shape, 1, 8, 8), torch.arange(6).view(shape)), 0))
        next(method.losses(Batch(torch.rand(*shape, 1, 8, 8)), 0))
    assert seen[0].tolist() == seen[2].tolist() == list(range(6))
    assert seen[1] is seen[3] is None


def test_the_second_batch_is_the_other_half():
    q, z = posterior()
    part = DensityRatio(critic(), batches="second")
    torch.testing.assert_close(
        part(q, z, 0, ALL).terms["total correlation"], part.critic(z[:16]).float().mean()
    )
    changed = z.detach().clone()
    changed[16:] += 1
    before, after = (model_loss(part, q, code) for code in (z, changed))
    assert before.item() == after.item()


def test_the_critic_s_accuracy_by_hand():
    """Four codes of five are known (0 is a tie), and three shuffled ones of four: (4/5 + 3/4) / 2."""
    found = accuracy(torch.tensor([1.0, 0.0, 3.0, 2.0, 0.5]), torch.tensor([0.0, -1.0, 1.0, -3.0]))
    assert found.item() == pytest.approx(0.775)


@pytest.mark.parametrize(("batches", "rows"), [("same", 2), ("second", 4)])
def test_two_codes_can_be_shuffled(batches, rows):
    q, z = posterior(rows=rows)
    assert DensityRatio(critic(), batches=batches)(q, z, 0, ALL).of["critic"].isfinite()


@pytest.mark.parametrize(
    ("batches", "rows", "least"),
    [("same", 1, 2), ("second", 1, 4), ("second", 2, 4), ("second", 3, 4)],
)
def test_a_single_code_cannot_be_shuffled(batches, rows, least):
    """Of two or three rows the second half is one code: shuffled, it is itself, a sample of the joint.

    One row failed to unpack, or the critic learned from codes that are not shuffled.
    """
    q, z = posterior(rows=rows)
    with pytest.raises(ValueError, match=rf"{rows} of different.*too few: give {least}$"):
        DensityRatio(critic(), batches=batches)(q, z, 0, ALL)


def factor_vae(**settings):
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 8))
    decoder = nn.Sequential(nn.Linear(4, 64), nn.Unflatten(1, (1, 8, 8)))
    tiny = {"regulariser.critic.width": 6, "regulariser.critic.depth": 1}
    given = {"encoder": encoder, "decoder": decoder, "latents": 4} | tiny | settings
    return resolve("factor-vae", given, INFO).make(INFO)


def moved(method, batch, only=None):
    """Every weight after one step; only: the one player whose loss is kept as it is, the others' are multiplied by 0."""
    losses = method.losses

    def silenced(batch, step):
        for turn in losses(batch, step):
            yield Losses({k: v if k == only else 0 * v for k, v in turn.of.items()})

    if only:
        method.losses = silenced
    training = Training(method, lambda step: batch, seed=0)
    training.advance()
    return {name: w.detach().clone() for name, w in method.named_parameters()}


def test_the_critic_s_loss_never_reaches_the_encoder_nor_the_model_s_the_critic():
    """Bit for bit. It leaks in pythae, disvae and DCF, against the total correlation's gradient."""
    batch = Batch(torch.rand(16, 1, 8, 8))
    both = moved(factor_vae(), batch)
    for player, owns in (
        ("model", lambda n: "critic" not in n),
        ("critic", lambda n: "critic" in n),
    ):
        alone = moved(factor_vae(), batch, only=player)
        assert all(torch.equal(alone[name], both[name]) for name in both if owns(name))


def test_one_step_is_the_hand_written_update_of_two_optimisers():
    """The crash of older FactorVAEs (an in-place error after the first step) and the leak, both in one test."""
    batch, method, hand = Batch(torch.rand(16, 1, 8, 8)), factor_vae(), factor_vae()
    training = Training(method, lambda step: batch, seed=5)
    part, own = hand.regulariser, [*hand.encoder.parameters(), *hand.decoder.parameters()]
    model = torch.optim.Adam(own, lr=hand.lr, fused=True)
    other = torch.optim.Adam(
        part.critic.parameters(), lr=part.critic_lr, betas=(0.5, 0.9), fused=True
    )
    for step in range(3):
        training.advance()
        torch.default_generator.manual_seed(fold(5, step))
        q = hand.encode(batch.x)
        z = q.sample()
        reconstruction = hand.likelihood(hand.decoder(z), batch.x).mean()
        ratio = part.critic(z)
        shuffled = part.critic(shuffle_columns(z).detach())
        critic_loss = 0.5 * (
            F.softplus(-part.critic(z.detach())).mean() + F.softplus(shuffled).mean()
        )
        model.zero_grad()
        (reconstruction + kl_of(q) + part.gamma * ratio.mean()).backward()
        other.zero_grad()
        critic_loss.backward()
        model.step()
        other.step()
    for (name, a), b in zip(method.named_parameters(), hand.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5, msg=name)


def test_encoding_keeps_rows_in_order_whatever_their_number():
    """pythae's FactorVAE.embed returns half of the rows, shuffled, and fails for one image."""
    method, x = factor_vae(batches="second"), torch.rand(7, 1, 8, 8)
    together = method.encode(x)
    assert together.mean.shape == (7, 4)
    for i in range(7):
        torch.testing.assert_close(method.encode(x[i : i + 1]).mean[0], together.mean[i])
    assert torch.equal(
        method.encode(x).mean, together.mean
    )  # the mean, not a sample: two calls agree


# -------------------------------------------------------------------------------------------------------------- moments


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_moments_by_hand(kind):
    q, z = posterior()
    c = covariance(q.mean, q.log_var if kind == "ii" else None)
    off = sum(c[i, j] ** 2 for i in range(5) for j in range(5) if i != j)
    diagonal = sum((c[i, i] - 1) ** 2 for i in range(5))
    found = model_loss(Moments(kind=kind, off=3.0, diagonal=7.0), q, z)
    torch.testing.assert_close(found, kl_of(q) + 3 * off + 7 * diagonal)


# ----------------------------------------------------------------------------------------------------------------- info


@pytest.mark.parametrize("divergence", [MMD(), Stein(), Adversarial(critic())])
def test_alpha_0_and_lambda_1_is_the_vae(divergence):
    q, z = posterior()
    loss = model_loss(Info(divergence, alpha=0.0, lam=1.0), q, z)
    torch.testing.assert_close(loss, kl_of(q))
    for found, wanted in zip(gradient(loss, q), gradient(kl_of(q), q), strict=True):
        torch.testing.assert_close(found, wanted)


def test_alpha_1_drops_the_kl_and_lambda_weighs_the_divergence():
    q, z = posterior()
    part = Info(MMD(), alpha=1.0, lam=5.0)
    torch.manual_seed(3)
    loss = model_loss(part, q, z)
    torch.manual_seed(3)
    torch.testing.assert_close(loss, 5 * mmd(z, torch.randn_like(z)))


def test_a_weight_that_would_flee_the_prior_is_refused():
    """pythae's default InfoVAE weighs the MMD with alpha + lambda - 1 = -0.999."""
    with pytest.raises(ValueError, match=r"alpha \+ lam is 0\.75; it has to be at least 1"):
        Info(MMD(), alpha=0.25, lam=0.5)


def test_the_mmd_is_neither_divided_twice_nor_maximised():
    """A shift of the codes costs what the closed form says (AntixK's is divided by N (N - 1) once more)."""
    z = torch.randn(400, 1) + 1.5
    loss = torch.stack([MMD(kernel="rbf")(z).of["model"] for _ in range(20)]).mean()
    assert loss.item() == pytest.approx(
        2 * math.sqrt(1 / 3) * (1 - math.exp(-(1.5**2) / 6)), abs=0.07
    )


@pytest.mark.parametrize("divergence", [MMD(), Stein()])
def test_descent_brings_codes_to_the_prior(divergence):
    torch.manual_seed(0)
    z = nn.Parameter(0.3 * torch.randn(100, 2) + 1.5)
    optimiser = torch.optim.Adam([z], 0.05)
    for _ in range(300):
        optimiser.zero_grad()
        divergence(z).of["model"].backward()
        optimiser.step()
    assert z.mean().abs().item() < 0.15
    assert z.std(0).mean().item() == pytest.approx(1, abs=0.2)


def test_adversarial_by_hand():
    z, part = posterior()[1], Adversarial(critic())
    torch.manual_seed(2)
    turn = part(z)
    torch.manual_seed(2)
    code, prior = (
        part.critic(z).float().sigmoid(),
        part.critic(torch.randn_like(z)).float().sigmoid(),
    )
    torch.testing.assert_close(turn.of["model"], -code.log().mean())
    torch.testing.assert_close(
        turn.of["critic"], -0.5 * (prior.log().mean() + (1 - code).log().mean())
    )
    torch.testing.assert_close(turn.terms["jensen-shannon"], math.log(2) - turn.of["critic"])


@pytest.mark.parametrize(
    ("part", "betas"),
    [
        (Adversarial(critic(), critic_lr=0.3), (0.5, 0.999)),
        (DensityRatio(critic(), critic_lr=0.3), (0.5, 0.9)),
    ],
)
def test_critics_learn_by_adam_with_the_short_memory_of_adversaries(part, betas):
    player = part.players()["critic"]
    (group,) = player.optimiser(player.weights(), lr=player.lr).param_groups
    assert (group["betas"], group["lr"]) == (betas, 0.3)


def test_stein_s_loss_and_length_by_hand():
    """Codes 1 and -1: phi(1) = log 3 / 6 - 1/3, so both move to 0 by .150; at log 3 / 2 = z^2 they are at rest."""
    turn = Stein()(torch.tensor([[1.0], [-1.0]]))
    assert turn.of["model"].item() == pytest.approx(1 / 3 - math.log(3) / 6, abs=1e-6)
    assert turn.terms["stein"].item() == pytest.approx(1 / 3 - math.log(3) / 6, abs=1e-6)
    rest = math.sqrt(math.log(3) / 2)
    assert Stein()(torch.tensor([[rest], [-rest]])).terms["stein"].item() == pytest.approx(
        0, abs=1e-6
    )


def test_the_adversarial_pair_brings_codes_to_the_prior():
    torch.manual_seed(0)
    part, z = (
        Adversarial(nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1), nn.Flatten(0))),
        nn.Parameter(torch.randn(200, 2) * 0.3 + 3),
    )
    optimise = partial(torch.optim.Adam, betas=(0.5, 0.999))
    codes, critics = optimise([z], lr=0.02), optimise(part.critic.parameters(), lr=0.01)
    for _ in range(600):
        turn = part(z)
        weights = list(part.critic.parameters())
        z.grad = torch.autograd.grad(turn.of["model"], z, retain_graph=True)[0]
        for weight, found in zip(
            weights, torch.autograd.grad(turn.of["critic"], weights), strict=True
        ):
            weight.grad = found
        codes.step()
        critics.step()
    assert z.mean(0).norm().item() < 0.6
    assert z.std(0).mean().item() == pytest.approx(1, abs=0.4)


def test_the_aae_is_a_corner_of_info_vae_with_points_for_codes():
    method = resolve("aae", {"encoder": "mlp", "decoder": "mlp"}, INFO).make(INFO)
    assert (method.posterior, method.regulariser.alpha, method.regulariser.lam) == ("point", 1, 1)
    q = method.encode(torch.rand(3, 1, 8, 8))
    assert q.log_var is None
    assert q.mean.shape == (3, 10)


# ------------------------------------------------------------------------------------------------------------ hausdorff


def test_hausdorff_weighs_kl_and_gap():
    q, z = posterior()
    part = Hausdorff(beta=2.0, gamma=3.0, pairs=0, draws=0)
    turn = part(q, z, 0, ALL)
    torch.testing.assert_close(turn.of["model"], 2 * kl_of(q) + 3 * turn.terms["support gap"])


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_a_variance_is_needed_wherever_the_kl_has_a_weight(weight):
    parts = (Beta(beta=weight), Hausdorff(beta=weight), Info(MMD(), alpha=1 - weight))
    assert [part.stochastic for part in parts] == [weight > 0] * 3


# --------------------------------------------------------------------------------------------------- codes without variance


POINT = {"posterior": "point", "encoder": "mlp", "decoder": "mlp"}


@pytest.mark.parametrize(
    "given",
    [
        {"regulariser": "constrained"},
        {"regulariser": "capacity"},
        {"regulariser": "total-correlation"},
        {"regulariser": "moments"},
        {"regulariser": "beta", "beta": 4.0},
        {"regulariser": "hausdorff"},
        {"regulariser": "info", "alpha": 0.5},
    ],
    ids=lambda given: given["regulariser"],
)
def test_a_point_is_refused_by_what_needs_a_variance(given):
    """The last three took a weight of the KL and ignored it."""
    with pytest.raises(ValueError, match="needs codes with a variance: choose posterior gaussian"):
        resolve("vae", given | POINT, INFO).make(INFO)


@pytest.mark.parametrize(
    "given", [{"beta": 0.0}, {"regulariser": "hausdorff", "beta": 0.0}, {"regulariser": "info"}]
)
def test_a_point_goes_with_a_kl_of_no_weight(given):
    assert (
        resolve("vae", given | POINT, INFO).make(INFO).encode(torch.rand(2, 1, 8, 8)).log_var
        is None
    )
