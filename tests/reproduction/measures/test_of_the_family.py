"""What recipes measure of a run, on methods whose answer is known."""

import numpy as np
import pytest
import torch

import unweave
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.methods.pooling.random import Random
from unweave.reproduction.measures import aggregate, alignment, pair_mask, steadiness
from unweave.types import Batch, Posterior

SPACE = FactorSpace(("row", "column", "grey"), (6, 6, 4))


def draw(v):
    """A bar in a row, a bar in a column, a grey ground: each factor changes pixels of its own kind."""
    images = (
        np.repeat(v[:, 2, None, None] * 20, 64, 1)
        .repeat(8, 1)
        .reshape(len(v), 64, 8)[:, :8]
        .astype(np.uint8)
    )
    images[np.arange(len(v)), v[:, 0] + 1] += 90
    images[np.arange(len(v)), :, v[:, 1] + 1] += 60
    return images[:, None]


@pytest.fixture
def run(tmp_path):
    """A run whose codes are set by hand, in the test."""
    data = FactorImages(SPACE, draw, name="bars", binary=False)
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "latents": 3,
    }
    return unweave.train("ada-gvae", data, steps=1, batch_size=8, out=tmp_path, **small)


def coded(run, monkeypatch, mean, log_var=-4.0):
    """The run with codes that are a function of the factors (n, K), which are read off the images."""
    table = {
        image.tobytes(): v
        for image, v in zip(
            run.data.take(np.arange(144)), run.data.factors_at(np.arange(144)), strict=True
        )
    }

    def encode(x):
        v = np.stack(
            [table[image.tobytes()] for image in (255 * x.numpy()).round().astype(np.uint8)]
        )
        means = torch.from_numpy(mean(v.astype(np.float32))).float()
        return Posterior(means, torch.full_like(means, log_var))

    monkeypatch.setattr(run.method, "encode", encode)
    return run


def test_the_weakest_ordinal_factor_counts(run, monkeypatch):
    assert alignment.weakest_alignment(
        coded(run, monkeypatch, lambda v: v**2), factors=["row", "grey"]
    ) == pytest.approx(1)
    swapped = coded(run, monkeypatch, lambda v: v[:, [1, 0, 2]])
    assert alignment.weakest_alignment(swapped, factors=["grey"]) == pytest.approx(1)
    assert alignment.weakest_alignment(swapped, factors=["row", "grey"]) == pytest.approx(
        0, abs=1e-6
    )
    dead = coded(run, monkeypatch, lambda v: 0 * v)
    assert alignment.weakest_alignment(dead, factors=["row"]) == 0


def test_pairs_whose_codes_are_the_factors_show_what_changed(run, monkeypatch):
    standard = coded(run, monkeypatch, lambda v: (v[:, [2, 0, 1]] - 2.0) / 1.5)
    assert pair_mask.matched(standard).tolist() == [1, 2, 0]
    assert pair_mask.changed_found(standard) == 1
    assert pair_mask.unshared(standard) == 1


def test_a_random_mask_finds_a_third_of_the_changes(run, monkeypatch):
    at_random = coded(run, monkeypatch, lambda v: (v - 2.0) / 1.5)
    at_random.method.pooling = Random(3)
    found = pair_mask.changed_found(at_random)
    assert found == pytest.approx(1 / 3, abs=0.05)
    torch.manual_seed(9)
    assert found == pair_mask.changed_found(
        at_random
    )  # the same columns, whatever was drawn before
    q = Posterior(torch.randn(5, 2, 3), torch.zeros(5, 2, 3))
    pooled = at_random.method.pooling(q, Batch(torch.zeros(5, 2, 1)))
    assert (pooled.mean[:, 0] == pooled.mean[:, 1]).sum(1).tolist() == [2] * 5


def test_the_gap_to_the_prior_is_that_of_the_aggregated_posterior(run, monkeypatch):
    rng = np.random.default_rng(0)
    near = coded(run, monkeypatch, lambda v: rng.normal(size=(len(v), 3)), log_var=-20.0)
    assert aggregate.prior_gap(near) == pytest.approx(0, abs=0.02)
    far = coded(run, monkeypatch, lambda v: rng.normal(size=(len(v), 3)) + 1, log_var=-20.0)
    assert aggregate.prior_gap(far) > 0.1


def test_covariances_of_codes_count_off_the_diagonal(run, monkeypatch):
    alone = coded(run, monkeypatch, lambda v: (v - v.mean(0)) / v.std(0))
    assert aggregate.largest_covariance(alone) == pytest.approx(0, abs=1e-5)
    tied = coded(run, monkeypatch, lambda v: np.stack([v[:, 0], v[:, 0] + v[:, 1], v[:, 2]], 1))
    assert aggregate.largest_covariance(tied) == pytest.approx(np.arange(6).var(), rel=0.01)


def test_prior_samples_of_one_kind_are_far_from_the_data(run, monkeypatch):
    pictures = run.data.take(np.arange(144)) / 255.0
    monkeypatch.setattr(run, "sample", lambda n: pictures[np.arange(n) % 144].astype(np.float32))
    assert aggregate.proportion_gap(run, factor="row") == pytest.approx(0, abs=0.06)
    monkeypatch.setattr(
        run, "sample", lambda n: pictures[np.zeros(n, dtype=int)].astype(np.float32)
    )
    assert aggregate.proportion_gap(run, factor="row") == pytest.approx(5 / 6, abs=0.1)
    with pytest.raises(ValueError, match="has no classes; name a factor"):
        aggregate.proportion_gap(run)
    rows = np.arange(144)
    classes = ImageData(
        run.data.take(rows), y=run.data.factors_at(rows)[:, run.data.factors.index("row")]
    )
    by_factor = aggregate.proportion_gap(run, factor="row")
    monkeypatch.setattr(run, "data", classes)
    assert aggregate.proportion_gap(run) == by_factor


def test_reconstruction_is_the_likelihood_of_the_images(run):
    x = torch.from_numpy(run.data.take(np.arange(144))).float() / 255
    z = run.method.encode(x).mean
    with torch.no_grad():
        run.method.encoder[-1].bias[3:] = -30  # no variance: the code is its mean
        expected = run.method.likelihood(run.method.decoder(z), x).mean()
    assert aggregate.reconstruction(run) == pytest.approx(float(expected), rel=1e-3)


def test_what_a_method_has_not_is_said(run):
    run.method.pooling = None
    with pytest.raises(ValueError, match="measure ada-gvae"):
        pair_mask.unshared(run)
    run.method = torch.nn.Identity()
    with pytest.raises(ValueError, match="no likelihood"):
        aggregate.reconstruction(run)


def test_the_kl_is_that_of_the_posteriors(run, monkeypatch):
    ones = coded(run, monkeypatch, lambda v: np.ones((len(v), 3)), log_var=0.0)
    assert aggregate.kl(ones) == pytest.approx(1.5)  # 3 columns of 1 / 2


def test_drift_is_the_range_of_the_last_records_over_their_mean(run, monkeypatch):
    monkeypatch.setattr(
        run, "records", lambda: [{"beta": value} for value in (100.0, 3.0, 4.0, 5.0)]
    )
    assert steadiness.drift(run, term="beta", records=3) == pytest.approx(0.5)
