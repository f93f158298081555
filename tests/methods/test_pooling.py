"""Groups and pairs: whose posterior is whose, what each image pays, and the faults of peers."""

import math

import pytest
import torch

from unweave.maths.gaussian import geometric
from unweave.methods.pooling.adaptive import Adaptive
from unweave.methods.pooling.mean import Mean
from unweave.methods.pooling.product import Product
from unweave.methods.resolve import resolve
from unweave.types import Batch, DataInfo, Posterior

NOTHING = Batch(torch.empty(0))


def groups(g=4, m=3, d=5, seed=0):
    mean, log_var = torch.randn(
        2, g, m, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    return Posterior(mean, log_var)


def two(mean, variance):
    """One pair, one image per row of the table."""
    return Posterior(torch.tensor([mean]), torch.tensor([variance]).log())


@pytest.mark.parametrize(
    ("pooling", "mean", "variance"),
    [(Product(1), 1.6, 0.2), (Product(1, mode="geometric"), 1.6, 0.4), (Mean(1), 1.0, 0.625)],
    ids=["product", "geometric", "mean"],
)
def test_pooling_of_two_known_posteriors(pooling, mean, variance):
    """N(0, 1) and N(2, 1/4)."""
    q = Posterior(torch.tensor([[[0.0], [2.0]]]), torch.tensor([[[1.0], [0.25]]]).log())
    found = pooling(q, NOTHING)
    assert found.mean.flatten().tolist() == [pytest.approx(mean)] * 2
    assert found.log_var.exp().flatten().tolist() == [pytest.approx(variance)] * 2


@pytest.mark.parametrize("pooling", [Product(5, content=2), Mean(5, content=2)])
def test_content_is_the_group_s_and_style_the_image_s(pooling):
    q = groups()
    found = pooling(q, NOTHING)
    assert found.mean.shape == q.mean.shape
    assert (found.mean[:, :, :2] == found.mean[:, :1, :2]).all()
    assert torch.equal(found.mean[..., 2:], q.mean[..., 2:])
    assert torch.equal(found.log_var[..., 2:], q.log_var[..., 2:])
    assert pooling.blocks == {"content": slice(0, 2), "style": slice(2, 5)}
    assert pooling.needs == {"groups"}


@pytest.mark.parametrize("pooling", [Product(5, content=2), Mean(5, content=2)])
def test_a_group_pays_the_kl_of_its_content_once(pooling):
    """Mean over images of the KL = (content once per group + style of every image) / images (Bouchacourt, eq. 4)."""
    found = pooling(groups(), NOTHING)
    flat = found.map(lambda t: t.flatten(0, 1))
    every = Posterior(found.mean, found.log_var).kl()
    wanted = (every[:, 0, :2].sum() + every[..., 2:].sum()) / 12
    torch.testing.assert_close(flat.kl().sum(1).mean(), wanted)


@pytest.mark.parametrize("pooling", [Product, Mean])
def test_a_group_of_one_is_a_vae(pooling):
    q = groups(m=1)
    found = pooling(5)(q, NOTHING)
    torch.testing.assert_close(found.mean, q.mean)
    torch.testing.assert_close(found.log_var, q.log_var)
    torch.testing.assert_close(found.kl(), q.kl())


POOLINGS = [Product(5), Product(5, mode="geometric"), Mean(5)]


@pytest.mark.parametrize("pooling", POOLINGS, ids=["product", "geometric", "mean"])
def test_a_group_of_one_filled_up_with_repeats_is_a_vae(pooling):
    """Each repeat was evidence: in groups of four the product's variance was a quarter (.092 for .368)."""
    q = groups(m=1)
    found = pooling(
        q.map(lambda t: t.expand(-1, 4, -1)),
        Batch(torch.empty(0), torch.arange(4)[:, None].expand(4, 4)),
    )
    for row in range(4):
        torch.testing.assert_close(found.mean[:, row], q.mean[:, 0])
        torch.testing.assert_close(found.log_var[:, row], q.log_var[:, 0])
        torch.testing.assert_close(found.kl()[:, row], q.kl()[:, 0])


@pytest.mark.parametrize("pooling", POOLINGS, ids=["product", "geometric", "mean"])
def test_repeats_of_a_group_s_images_add_nothing_to_it(pooling):
    """Rows 0 0 1 and 2 3 3 are the pairs 0 1 and 2 3: the same content, and half of its KL for each image."""
    q, pick = groups(g=2, m=2), torch.tensor([[0, 0, 1], [0, 1, 1]])
    alone = pooling(q, Batch(torch.empty(0), torch.tensor([[0, 1], [2, 3]])))
    repeated = q.map(lambda t: t.gather(1, pick[..., None].expand(-1, -1, 5)))
    found = pooling(repeated, Batch(torch.empty(0), torch.tensor([[0, 0, 1], [2, 3, 3]])))
    torch.testing.assert_close(found.mean[:, 0, :3], alone.mean[:, 0, :3])
    torch.testing.assert_close(found.log_var[:, 0, :3], alone.log_var[:, 0, :3])
    torch.testing.assert_close(found.kl()[:, 0, :3], alone.kl()[:, 0, :3])
    torch.testing.assert_close(found.mean[..., 3:], repeated.mean[..., 3:])


@pytest.mark.parametrize("pooling", POOLINGS, ids=["product", "geometric", "mean"])
def test_a_group_of_different_images_is_what_it_is_without_their_numbers(pooling):
    q = groups()
    told, untold = (
        pooling(q, Batch(torch.empty(0), torch.arange(12).view(4, 3))),
        pooling(q, NOTHING),
    )
    for a, b in (
        (told.mean, untold.mean),
        (told.log_var, untold.log_var),
        (told.kl(), untold.kl()),
    ):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("pooling", [Product(5), Mean(5)])
def test_the_order_within_a_group_does_not_matter(pooling):
    q = groups()
    turned = pooling(q.map(lambda t: t.flip(1)), NOTHING)
    torch.testing.assert_close(turned.mean.flip(1), pooling(q, NOTHING).mean)


def test_evidence_adds_up_in_the_product_and_not_in_the_mean():
    """Deviation of the content: 1 / sqrt(M) of one image's for ML-VAE; that of one image for GVAE."""
    for images in (1, 4, 16):
        q = Posterior(torch.zeros(1, images, 2), torch.zeros(1, images, 2))
        deviation = [
            (p(q, NOTHING).log_var / 2).exp()[0, 0, 0].item()
            for p in (Product(2, content=1), Mean(2, content=1))
        ]
        assert deviation == [pytest.approx(images**-0.5), pytest.approx(1)]


@pytest.mark.parametrize("pooling", [Product, Mean])
def test_more_content_than_latents_is_refused(pooling):
    with pytest.raises(ValueError, match="choose from 1 to 4"):
        pooling(4, content=5)


def test_all_columns_may_be_content():
    assert Mean(4, content=4).blocks == {"content": slice(0, 4)}
    assert torch.equal(*Mean(4, content=4)(groups(d=4, m=2), NOTHING).mean.unbind(1))


# ------------------------------------------------------------------------------------------------------------- adaptive


def apart(deltas):
    """A pair of posteriors of variance 1 whose KL in column i is deltas[i]."""
    return two([[0.0] * len(deltas), [math.sqrt(2 * d) for d in deltas]], [[1.0] * len(deltas)] * 2)


def test_columns_below_the_middle_are_shared():
    own = Adaptive(5).unshared(apart([0.01, 0.02, 0.03, 0.5, 0.04]))
    assert own.tolist() == [[False, False, False, True, False]]


def test_the_threshold_is_each_pair_s_own():
    q = Posterior(
        torch.cat([apart([0.1, 1.0, 0.0]).mean, apart([5.0, 1.0, 0.0]).mean]),
        torch.zeros(2, 2, 3),
    )
    assert Adaptive(3).unshared(q).tolist() == [[False, True, False], [True, False, False]]


def test_distance_is_the_kl_of_the_first_to_the_second_image():
    """Variances (1, 4) and (4, 1): KL .318 and .807, so only the second column is kept. disent's symmetric KL ties."""
    q = two([[0.0, 0.0], [0.0, 0.0]], [[1.0, 4.0], [4.0, 1.0]])
    assert Adaptive(2).unshared(q).tolist() == [[False, True]]


def test_equal_images_share_nothing_and_one_latent_is_never_shared():
    assert Adaptive(3).unshared(apart([0.2, 0.2, 0.2])).all()
    assert Adaptive(1).unshared(apart([0.3])).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_known_number_keeps_that_many_columns_the_farthest_apart(count):
    changed = torch.zeros(1, 3, dtype=torch.bool)
    changed[:, :count] = True
    own = Adaptive(4, told="number").unshared(apart([0.3, 0.1, 0.9, 0.2]), changed)
    assert own.nonzero()[:, 1].tolist() == sorted([2, 0, 3][:count])


def test_known_factors_keep_the_columns_of_the_same_number():
    changed = torch.tensor([[False, True, True]])
    own = Adaptive(5, told="factors").unshared(apart([0.9, 0.1, 0.2, 0.8, 0.7]), changed)
    assert own.tolist() == [[False, True, True, False, False]]


@pytest.mark.parametrize("told", ["number", "factors"])
def test_what_is_not_told_is_asked_for_in_one_line(told):
    with pytest.raises(ValueError, match="do not state what changed: choose nothing"):
        Adaptive(2, told=told)(apart([0.1, 0.2]), NOTHING)


def test_more_factors_than_latents_is_refused():
    with pytest.raises(ValueError, match="3 factors need as many latents"):
        Adaptive(2, told="factors")(
            apart([0.1, 0.2]), Batch(torch.empty(0), changed=torch.ones(1, 3, dtype=torch.bool))
        )


@pytest.mark.parametrize(
    ("average", "mean", "variance"),
    [("mean", 1.0, 0.625), ("geometric", 1.6, 0.4), ("product", 1.6, 0.2)],
)
def test_shared_columns_get_the_average_of_both_and_others_keep_their_own(average, mean, variance):
    """Column 0: N(0, 1) and N(2, 1/4). Column 1 is 50 nats apart. disent once averaged a mean with itself."""
    q = two([[0.0, -5.0], [2.0, 5.0]], [[1.0, 1.0], [0.25, 1.0]])
    found = Adaptive(2, average=average)(q, NOTHING)
    assert found.mean[0, :, 0].tolist() == [pytest.approx(mean)] * 2
    assert found.log_var[0, :, 0].exp().tolist() == [pytest.approx(variance)] * 2
    assert torch.equal(found.mean[..., 1], q.mean[..., 1])
    assert found.share is None  # each image pays for its own code: 1/2 (KL_1 + KL_2)


@pytest.mark.parametrize("average", ["mean", "geometric", "product"])
def test_a_pair_of_one_image_twice_is_that_image(average):
    """All columns are told to be shared; the product of both counted the image twice and halved its variance."""
    q, none = apart([0.0, 0.0]), torch.zeros(1, 2, dtype=torch.bool)
    pooling = Adaptive(2, average=average, told="number")
    found = pooling(q, Batch(torch.empty(0), torch.tensor([[7, 7]]), changed=none))
    torch.testing.assert_close(found.log_var, q.log_var)
    torch.testing.assert_close(found.mean, q.mean)


def test_the_geometric_average_is_disentanglement_lib_s_ml_vae():
    """Its formulas: variance 2 v1 v2 / (v1 + v2), mean (m1 / v1 + m2 / v2) * variance / 2."""
    q = groups(m=2)
    mean, log_var = geometric(q.mean, q.log_var)
    (m1, m2), (v1, v2) = q.mean.unbind(1), q.log_var.exp().unbind(1)
    variance = 2 * v1 * v2 / (v1 + v2)
    torch.testing.assert_close(log_var[:, 0].exp(), variance)
    torch.testing.assert_close(mean[:, 0], (m1 / v1 + m2 / v2) * variance / 2)


def test_gradients_flow_to_both_images_and_not_through_the_choice():
    q = apart([0.1, 0.9])
    mean = q.mean.requires_grad_()
    found = Adaptive(2)(Posterior(mean, q.log_var), NOTHING)
    assert torch.autograd.grad(found.mean[0, 0, 0], mean)[0][0].tolist() == [[0.5, 0.0], [0.5, 0.0]]


# ------------------------------------------------------------------------------------------------------------ in a model


@pytest.mark.parametrize("pooling", ["product", "mean", "adaptive"])
def test_a_deterministic_encoder_with_pooling_is_refused_in_one_line(pooling):
    info = DataInfo(n=10, shape=(1, 8, 8))
    given = {"pooling": pooling, "posterior": "point", "encoder": "mlp", "decoder": "mlp"}
    with pytest.raises(
        ValueError, match=r"^[A-Z][a-z]+ needs codes with a variance: choose posterior gaussian$"
    ):
        resolve("vae", given, info).make(info)


def test_at_test_time_one_image_is_enough():
    info = DataInfo(n=10, shape=(1, 8, 8))
    for name in ("ml-vae", "ada-gvae"):
        method = resolve(name, {"encoder": "mlp", "decoder": "mlp"}, info).make(info)
        assert method.encode(torch.rand(1, 1, 8, 8)).mean.shape == (1, 10)
    assert list(resolve("gvae", {"encoder": "mlp", "decoder": "mlp"}, info).make(info).blocks) == [
        "content",
        "style",
    ]
