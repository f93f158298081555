"""The F-statistic loss: its value by hand, which dimensions it chooses, who learns, and which data it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import f, f_oneway
from torch import Tensor, nn

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.sampling.batches import stream
from unweave.methods.base import NotAvailable
from unweave.methods.f_statistic import FStatistic, top
from unweave.runs.train import train
from unweave.training.loop import Training
from unweave.types import Batch


def method(latents: int = 4, **settings: object) -> FStatistic:
    """The method on vectors that are their own codes."""
    made = FStatistic(nn.Identity(), latents=latents, **settings)  # type: ignore[arg-type]  # settings of several types
    return made


def a_batch(sizes: tuple[int, ...] = (4, 4, 4), latents: int = 4, seed: int = 0) -> Batch:
    y = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    x = (
        torch.randn(len(y), latents, generator=torch.Generator().manual_seed(seed))
        + 0.5 * y[:, None]
    )
    return Batch(x, torch.arange(len(y)), y)


def loss(made: FStatistic, batch: Batch) -> Tensor:
    (turn,) = made.losses(batch, 0)
    return turn.of["model"]


def by_hand(batch: Batch, pairs: list[tuple[int, int]], dimensions: int) -> list[float]:
    """-log P of the dimensions with the largest P, for each pair of classes, by scipy."""
    assert batch.y is not None
    found = []
    for a, b in pairs:
        first, second = (
            batch.x[batch.y == a].double().numpy(),
            batch.x[batch.y == b].double().numpy(),
        )
        cdf = f.cdf(f_oneway(first, second).statistic, 1, len(first) + len(second) - 2)
        found.append(float(-np.log(np.sort(cdf)[-dimensions:]).sum()))
    return found


@pytest.mark.parametrize("sizes", [(4, 4, 4), (3, 9, 4)])
@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_loss_is_that_of_the_paper(sizes: tuple[int, ...], dimensions: int) -> None:
    batch = a_batch(sizes)
    expected = by_hand(batch, [(0, 1), (0, 2), (1, 2)], dimensions)
    assert loss(method(dimensions=dimensions), batch).item() == pytest.approx(
        np.mean(expected), rel=1e-4
    )
    assert loss(method(dimensions=dimensions, over_pairs="sum"), batch).item() == pytest.approx(
        sum(expected), rel=1e-4
    )


def test_the_authors_grand_mean_is_a_setting() -> None:
    unequal = a_batch((3, 9))
    assert loss(method(grand_mean="midpoint"), unequal) < loss(method(), unequal) - 1e-4
    equal = a_batch((4, 4))
    torch.testing.assert_close(loss(method(grand_mean="midpoint"), equal), loss(method(), equal))


def test_dimensions_are_chosen_by_probability_and_not_by_distance() -> None:
    """Dimension 0 has the farthest means and the largest variance; classes differ in dimension 1."""
    batch = a_batch((6, 6), latents=2)
    batch.x[:, 0] *= 1000
    batch.x[6:, 1] += 5
    batch.x.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(method(2, dimensions=1), batch), batch.x)
    assert (gradient[:, 0] == 0).all()
    assert (gradient[:, 1] != 0).any()


def test_only_the_chosen_dimensions_of_a_pair_get_a_gradient() -> None:
    batch = a_batch((4, 4))
    batch.x.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(method(dimensions=2), batch), batch.x)
    assert int((gradient != 0).any(0).sum()) == 2


@pytest.mark.parametrize("dimensions", [1, 3, 4])
def test_a_dead_dimension_is_never_chosen(dimensions: int) -> None:
    """It stands for 0 in the loss of all dimensions, which is that of the others; gradients are finite."""
    batch = a_batch()
    alive = Batch(batch.x[:, [0, 2, 3]], batch.index, batch.y)
    batch.x[:, 1] = 0.1
    batch.x.requires_grad_()
    found = loss(method(dimensions=dimensions), batch)
    torch.testing.assert_close(found, loss(method(3, dimensions=min(3, dimensions)), alive))
    (gradient,) = torch.autograd.grad(found, batch.x)
    assert gradient.isfinite().all()
    assert (gradient[:, 1] == 0).all()


def test_codes_that_all_died_have_no_loss_and_no_nan() -> None:
    batch = a_batch()
    batch.x[:] = 0.3
    batch.x.requires_grad_()
    found = loss(method(), batch)
    assert found == 0
    assert (torch.autograd.grad(found, batch.x)[0] == 0).all()
    assert top(torch.tensor([[-1.0, -torch.inf, -2.0]]), 3).tolist() == [[-1, -2, 0]]


def test_a_code_that_is_not_a_number_is_a_loss_that_is_none() -> None:
    batch = a_batch()
    batch.x[2, 1] = torch.nan
    assert loss(method(), batch).isnan()


def test_an_image_that_is_twice_in_a_batch_counts_once() -> None:
    batch = a_batch((4, 4))
    assert batch.index is not None
    assert batch.y is not None
    rows = torch.tensor([0, 1, 2, 3, 0, 4, 5, 6, 7, 7])
    again = Batch(batch.x[rows], batch.index[rows], batch.y[rows])
    torch.testing.assert_close(loss(method(), again), loss(method(), batch))


def test_training_separates_factors_in_dimensions_of_their_own() -> None:
    """Two factors of vectors, mixed by a rotation: afterwards each is read off other columns."""
    space = FactorSpace(("a", "b"), (5, 5))
    v = space.factors_at(np.arange(25)).astype(np.float32) - 2
    turned = v @ np.array([[0.8, 0.6], [-0.6, 0.8]], dtype=np.float32)
    x = np.repeat(turned, 8, 0) + 0.1 * np.random.default_rng(0).normal(size=(200, 2)).astype(
        np.float32
    )
    labels = np.repeat(v, 8, 0) + 2
    data = ImageData(x, labels=labels, factor_names=("a", "b"), factor_sizes=(5, 5), name="mixed")
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 4))
    made = FStatistic(net, latents=4, dimensions=1, lr=5e-3)
    training = Training(made, stream(data, made.needs, batch_size=40, per_class=8), seed=0)
    terms = [float(t["f loss"]) for t in training.until(300)]
    assert np.mean(terms[-20:]) < 0.2 * np.mean(terms[:20])
    codes = made.encode(torch.from_numpy(x)).mean.detach().numpy()
    related = np.abs(np.corrcoef(codes, labels, rowvar=False)[:4, 4:])  # (4, 2)
    assert {int(related[:, 0].argmax()), int(related[:, 1].argmax())} == {
        int(k) for k in related.max(1).argsort()[-2:]
    }
    assert (related.max(0) > 0.9).all()


def test_it_has_no_decoder_and_no_prior() -> None:
    made = method()
    assert made.encode(torch.zeros(3, 4)).log_var is None
    for impossible in (
        lambda: made.decode(torch.zeros(3, 4)),
        lambda: made.sample_prior(3),
        lambda: made.elbo(torch.zeros(3, 4)),
    ):
        with pytest.raises(NotAvailable):
            impossible()


def test_more_dimensions_than_latents_are_refused() -> None:
    with pytest.raises(ValueError, match="5 dimensions of a code of 4"):
        method(dimensions=5)


IMAGES = np.random.default_rng(0).integers(256, size=(12, 1, 4, 4), dtype=np.uint8)
BAD = {
    "no labels": (ImageData(IMAGES, name="photos"), {}, "photos has no groups, classes or factors"),
    "one class": (ImageData(IMAGES, y=np.zeros(12, int), name="photos"), {}, "photos has one class only"),
    "a class of one": (
        ImageData(IMAGES, y=np.arange(12) // 11, name="photos"), {}, "1 of 2 classes of photos have one image only",
    ),
    "measurements": (
        ImageData(IMAGES, labels=np.arange(12.0)[:, None] / 7, factor_names=("age",), factor_sizes=(0,), name="photos"),
        {}, "photos has no factor of a few values, which could be classes; it has age",
    ),
    "no such factor": (
        FactorImages(FactorSpace(("a", "b"), (3, 4)), IMAGES), {"observed": ("hue",)}, "hue",
    ),
    "no factors": (ImageData(IMAGES, y=np.arange(12) % 2, name="photos"), {"observed": ("hue",)}, "leave out observed"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_data_that_it_cannot_learn_from_are_refused_before_training(
    name: str, tmp_path: Path
) -> None:
    data, options, message = BAD[name]
    with pytest.raises(ValueError, match=rf"^[^\n]*{message}[^\n]*$"):
        train("f-statistic", data, out=tmp_path, steps=1, batch_size=8, batch_options=options)
    assert not list(tmp_path.iterdir())
