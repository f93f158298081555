"""One-shot classification of held-out identities and the deviation of a group, on codes whose answer is known."""

import numpy as np
import pytest
import torch

import unweave
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.shifts.text import shifted
from unweave.reproduction.measures import group_deviation, one_shot
from unweave.types import Posterior

SPACE = FactorSpace(("shape", "size", "place"), (2, 3, 4))
IDENTITY = ["shape", "size"]
HELD_OUT = "without:size=1;only:place=1-2"  # both shapes of the middle size, and all at the first and the last place


def draw(v):
    """Images (n, 1, 8, 8) whose first three pixels are the factors, the place three times as bright."""
    images = np.zeros((len(v), 1, 8, 8), dtype=np.uint8)
    images[:, 0, 0, :3] = v * [1, 1, 3]
    return images


def factors_of(images):
    return np.asarray(images, dtype=np.float64)[:, 0, 0, :3] / [1, 1, 3]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A run of a method with two columns of content and one of style, and codes by hand: a function of the factors."""

    def make(method, mean, log_var=-4.0):
        data = shifted(FactorImages(SPACE, draw, name="points", binary=False), HELD_OUT)
        small = {
            "encoder": "mlp",
            "decoder": "mlp",
            "encoder.width": 8,
            "decoder.width": 8,
            "latents": 3,
        }
        run = unweave.train(
            method, data, steps=1, batch_size=8, out=tmp_path, overwrite=True, **small
        )

        def encode(x):
            v = np.round(factors_of(x) * 255)
            means = torch.tensor(mean(v), dtype=torch.float32)
            spread = log_var(v) if callable(log_var) else log_var
            return Posterior(
                means, torch.ones_like(means) * torch.as_tensor(spread, dtype=torch.float32)
            )

        monkeypatch.setattr(run.method, "encode", encode)
        return run

    return make


def test_held_out_are_the_identities_that_no_row_shows(made):
    images, y = one_shot.held_out(made("vae", lambda v: v).data, IDENTITY, 50)
    v = factors_of(images)
    assert np.unique(v[y == 0, :2], axis=0).tolist() == [[0, 1]]
    assert np.unique(v[y == 1, :2], axis=0).tolist() == [[1, 1]]
    assert set(v[:, 2]) == {1, 2}, "places are those of the data"
    assert np.bincount(y).tolist() == [50, 50]


def test_where_nothing_is_held_out_it_is_said():
    whole = FactorImages(SPACE, draw, name="points", binary=False)
    with pytest.raises(
        ValueError, match="lack 0 combinations of shape, size; hold out two or more"
    ):
        one_shot.held_out(whole, IDENTITY)


def test_nearest_by_hand():
    """Of 0 and 2 against 3 and 3: with 0 labelled, 2 is nearer to 3; with 2 labelled, all are right: 3/4 on average."""
    codes, y = np.array([[0.0], [2.0], [3.0], [3.0]]), np.array([0, 0, 1, 1])
    assert one_shot.by_nearest(codes, y, draws=4000) == pytest.approx(0.75, abs=0.02)


def test_codes_that_say_nothing_are_right_by_chance_and_no_label_counts_for_itself():
    y = np.repeat(np.arange(3), 4)
    assert one_shot.by_nearest(np.zeros((12, 2)), y) == pytest.approx(1 / 3)
    assert one_shot.by_nearest(y[:, None], y) == 1


def test_cosine_forgets_the_length():
    rng, y = np.random.default_rng(0), np.repeat(np.arange(2), 50)
    codes = rng.uniform(0.01, 1, (100, 1)) * np.array([[1.0, 0.0], [0.8, 0.6]])[y]
    assert one_shot.by_nearest(codes, y, "cosine") == 1
    assert one_shot.by_nearest(codes, y) < 0.9


def test_content_tells_identities_and_style_does_not(made):
    run = made("gvae", lambda v: v)
    assert one_shot.accuracy(run, identity=IDENTITY) == 1
    assert one_shot.accuracy(run, identity=IDENTITY, block="style") == pytest.approx(0.5, abs=0.05)
    with pytest.raises(ValueError, match="there is no block 'contents'; did you mean 'content'"):
        one_shot.accuracy(run, identity=IDENTITY, block="contents")


def test_pixels_by_hand(made):
    """The place outweighs the shape: all right where both labels are at one place, half of them where they are not."""
    run = made("gvae", lambda v: v)
    pixels = one_shot.by_pixels(run, identity=IDENTITY)
    assert pixels == pytest.approx(3 / 4, abs=0.05)
    assert one_shot.times_pixels(run, identity=IDENTITY) == pytest.approx(1 / pixels)
    without_blocks = made("vae", lambda v: v * [1, 1, 3])
    assert one_shot.accuracy(without_blocks, identity=IDENTITY) == pixels, (
        "all columns count where none is content"
    )


def by_place(v):
    """Variances of 1/4 at place 1 and 1/16 at place 2; the second column is the prior's."""
    return np.log(np.stack([4.0 ** -v[:, 2], np.ones(len(v)), np.ones(len(v))], 1))


@pytest.mark.parametrize(
    ("method", "of_two"),
    [("ml-vae", (4 + 16) ** -0.5), ("gvae", ((1 / 4 + 1 / 16) / 2) ** 0.5)],
    ids=str,
)
def test_the_deviation_of_a_group_of_two_by_hand(made, method, of_two):
    run = made(method, lambda v: v * [1, 0, 0], by_place)
    one, two = group_deviation.deviations(run, IDENTITY, (1, 2))
    assert one == pytest.approx(
        (1 / 2 + 1 / 4) / 2, abs=0.03
    )  # a mean over 200 images, column 1 not being in use
    assert two == pytest.approx(of_two, rel=1e-5)


@pytest.mark.parametrize(("method", "expected"), [("ml-vae", -0.5), ("gvae", 0.0)])
def test_the_slope_of_equally_sure_images(made, method, expected):
    run = made(method, lambda v: v)
    assert group_deviation.slope(run, identity=IDENTITY) == pytest.approx(expected, abs=1e-5)


def test_columns_in_use_are_those_of_content(made):
    assert group_deviation.active_content(made("gvae", lambda v: v, 0.0)) == 2
    assert group_deviation.active_content(made("gvae", lambda v: v * [1, 0, 1], 0.0)) == 1
    with pytest.raises(ValueError, match="pools no groups into content"):
        group_deviation.active_content(made("vae", lambda v: v))
