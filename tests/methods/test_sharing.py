"""Regularisers under pooling: every term in nats per image, with the content of a group counted once."""

import itertools
import math
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from unweave.maths.divergence import covariance, distance_from_identity, support_gap
from unweave.maths.gaussian import log_density, log_standard
from unweave.methods import vae
from unweave.methods.pooling.adaptive import Adaptive
from unweave.methods.pooling.mean import Mean
from unweave.methods.pooling.product import Product
from unweave.methods.pooling.random import Random
from unweave.methods.regularisers.adversarial import Adversarial
from unweave.methods.regularisers.beta import Beta
from unweave.methods.regularisers.density_ratio import DensityRatio
from unweave.methods.regularisers.hausdorff import Hausdorff
from unweave.methods.regularisers.info import Info
from unweave.methods.regularisers.mmd import MMD
from unweave.methods.regularisers.moments import Moments
from unweave.methods.regularisers.stein import Stein
from unweave.methods.regularisers.total_correlation import TotalCorrelation
from unweave.types import Batch, Posterior

GROUPS, MEMBERS, D, N = 16, 4, 5, 1000
POOLINGS = {
    "product": Product(D, content=3),
    "geometric": Product(D, content=3, mode="geometric"),
    "mean": Mean(D, content=3),
    "all content": Mean(D, content=D),
    "adaptive": Adaptive(D),
}
each_pooling = pytest.mark.parametrize("name", POOLINGS)


def pooled(name, repeats=False):
    """(posterior, a sample, one row of each group) of random groups; repeats: rows 0 0 1 2, 0 0 0 0, ... in the groups."""
    members = 2 if name == "adaptive" else MEMBERS
    g = torch.Generator().manual_seed(0)
    mean, log_var = torch.randn(2, GROUPS, members, D, generator=g, dtype=torch.float64)
    index = torch.arange(GROUPS * members).view(GROUPS, members)
    if repeats:
        pick = torch.tensor(
            list(
                itertools.islice(
                    itertools.cycle([[0, 0, 1, 2], [0, 0, 0, 0], [0, 1, 2, 3]]), GROUPS
                )
            )
        )
        index = index.gather(1, pick)
        mean, log_var = (t.gather(1, pick[..., None].expand_as(t)) for t in (mean, log_var))
    batch = Batch(torch.empty(0), index)
    q = POOLINGS[name](Posterior(mean.requires_grad_(), log_var.requires_grad_()), batch)
    q = replace(q.map(lambda t: t.flatten(0, 1)), index=index.flatten())
    return q, q.sample(), slice(None, None, members)


@pytest.mark.parametrize(
    ("pooling", "paid"),
    [(Product(D, content=D), 0.5), (Mean(D, content=D), 0.5), (Adaptive(D), 1), (Random(D), 1)],
)
def test_content_is_paid_once_for_a_group_and_the_columns_of_a_pair_in_full_by_each_image(
    pooling, paid
):
    """Both images of a pair are one, so that every column is joined and none changes; the docs say who pays how much."""
    single = Posterior(torch.randn(1, 1, D), torch.randn(1, 1, D))
    found = pooling(
        single.map(lambda t: t.expand(1, 2, D)), Batch(torch.empty(0), torch.tensor([[3, 4]]))
    )
    alone = Posterior(found.mean[:, 0], found.log_var[:, 0]).kl().sum()
    torch.testing.assert_close(found.kl().sum() / 2, paid * alone)
    said = " ".join(vae.__doc__.split())
    assert "Under the poolings product and mean, what a group shares is counted once" in said
    assert "Under adaptive and random each image of a pair pays its KL in full" in said
    assert paid < 1 or "pays its KL in full" in sys.modules[
        type(pooling).__module__
    ].__doc__.replace("\n", " ")


def monte_carlo_kl(q, z, rows):
    """Mean over groups of log q(z given x) - log p(z), each column times what an image pays of it."""
    share = torch.ones_like(q.mean) if q.share is None else q.share
    nats = log_density(z, q.mean, q.log_var) - log_standard(z)
    return (share * nats)[rows].sum(1).mean()


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
@pytest.mark.parametrize(
    ("name", "repeats"),
    [(name, repeats) for name in POOLINGS for repeats in (False, True)[: 1 + (name != "adaptive")]],
)
def test_equal_weights_are_one_weight_of_the_kl_in_the_limit(name, repeats, estimator):
    """alpha I + beta TC + gamma dim-KL -> b KL as all three -> b, up to the sample of z: beta 4 gave 26.5, 4.0001 38.4.

    KL + (b - 1) (I + TC + dim-KL), and the three add up to the Monte Carlo KL of the same sample, shared columns by
    their share. Before, they added up to that of the whole code.
    """
    q, z, rows = pooled(name, repeats)
    b = 4.0
    exact = Beta(beta=b)(q, z, 0, rows).of["model"]
    kl, sample = q.kl().sum(1).mean(), monte_carlo_kl(q, z, rows)
    equal = TotalCorrelation(N, alpha=b, beta=b, gamma=b, estimator=estimator)(q, z, 0, rows).of[
        "model"
    ]
    near = TotalCorrelation(N, alpha=b, beta=b + 1e-9, gamma=b, estimator=estimator)(
        q, z, 0, rows
    ).of["model"]
    torch.testing.assert_close(equal, exact)
    torch.testing.assert_close(near, exact + (b - 1) * (sample - kl), atol=1e-3, rtol=1e-4)


@each_pooling
def test_the_sample_of_that_limit_is_the_kl_on_average(name):
    q, _, rows = pooled(name)
    found = torch.stack([monte_carlo_kl(q, q.sample(), rows) for _ in range(3000)]).mean()
    first = Posterior(q.mean[rows], q.log_var[rows], None if q.share is None else q.share[rows])
    torch.testing.assert_close(found, first.kl().sum(1).mean(), atol=0.06, rtol=0)


def test_the_total_correlation_of_a_group_counts_its_content_once_and_every_style():
    """TC(z) - 3/4 TC(content) in groups of four: TC(content)/4, and the style's own with its dependence on the content."""
    q, z, rows = pooled("product")
    whole, content = (
        TotalCorrelation(N, estimator="stratified")(
            Posterior(q.mean[:, c], q.log_var[:, c]), z[:, c], 0, rows
        ).terms
        for c in (slice(None), slice(3))
    )
    found = TotalCorrelation(N, estimator="stratified")(replace(q, index=None), z, 0, rows).terms
    for term in ("mutual information", "total correlation", "dimension kl"):
        torch.testing.assert_close(found[term], whole[term] - 0.75 * content[term])


def test_covariances_of_content_count_once_for_the_group():
    q, z, rows = pooled("mean")
    matrix = covariance(q.mean[rows], q.log_var[rows])
    (off, diagonal), (content_off, content) = (
        distance_from_identity(matrix),
        distance_from_identity(matrix[:3, :3]),
    )
    found = Moments()(q, z, 0, rows).terms
    torch.testing.assert_close(found["covariance"], off - 0.75 * content_off)
    torch.testing.assert_close(found["variance"], diagonal - 0.75 * content)


def test_gaps_between_columns_of_content_count_once_for_the_group():
    q, z, rows = pooled("mean")
    found = Hausdorff(pairs=0, draws=0)(q, z, 0, rows).terms["support gap"]
    whole, content = support_gap(q.mean[rows]), support_gap(q.mean[rows][:, :3])
    torch.testing.assert_close(found, whole - 0.75 * content)


def critic():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0)).double()


@pytest.mark.parametrize(
    "part", [MMD(), Stein(), Adversarial(critic()), None], ids=["mmd", "stein", "adversarial", "tc"]
)
def test_what_cannot_be_taken_apart_moves_a_shared_column_by_its_share(part):
    """The gradient in z of a group's code: a quarter of the unpooled one for content, all of it for style."""
    regulariser = (
        DensityRatio(critic(), gamma=1.0) if part is None else Info(part, alpha=1.0, lam=1.0)
    )
    q, z, rows = pooled("product")
    found = []
    for posterior in (q, Posterior(q.mean, q.log_var)):
        code = z.detach().requires_grad_()
        torch.manual_seed(3)  # of the prior's sample and the shuffled columns
        loss = regulariser(posterior.map(torch.Tensor.detach), code, 0, rows).of["model"]
        found.append(torch.autograd.grad(loss, code)[0])
    assert found[1][rows].abs().min() > 0
    torch.testing.assert_close(found[0], found[1] * torch.tensor([0.25] * 3 + [1.0] * 2))


@pytest.mark.parametrize("repeats", [False, True])
def test_groups_of_one_image_are_regularised_as_single_images(repeats):
    """Four times the same row in each group, or once: no term is divided by four."""
    members = 4 if repeats else 1
    g = torch.Generator().manual_seed(2)
    mean, log_var = torch.randn(2, GROUPS, 1, D, generator=g, dtype=torch.float64).expand(
        -1, -1, members, -1
    )
    index = torch.arange(GROUPS)[:, None].expand(GROUPS, members)
    q = Product(D, content=3)(Posterior(mean, log_var), Batch(torch.empty(0), index)).map(
        lambda t: t.flatten(0, 1)
    )
    z, alone, rows = q.sample(), Posterior(mean[:, 0], log_var[:, 0]), slice(None, None, members)
    for part in (
        TotalCorrelation(N),
        TotalCorrelation(N, estimator="stratified"),
        Moments(),
        Hausdorff(pairs=0, draws=0),
    ):
        found, wanted = part(q, z, 0, rows), part(alone, z[rows], 0, slice(None))
        assert all(
            math.isclose(float(found.terms[k]), float(wanted.terms[k]), abs_tol=1e-5)
            for k in wanted.terms
        )
        torch.testing.assert_close(found.of["model"], wanted.of["model"])
