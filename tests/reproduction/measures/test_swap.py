"""Swapped images and information probes, on codes whose answer is known."""

import numpy as np
import pytest
import torch

import unweave
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.shifts.text import shifted
from unweave.reproduction.measures import MEASURES, probe, swap
from unweave.types import Posterior

SPACE = FactorSpace(("shape", "size", "place"), (6, 12, 12))


def draw(v):
    """Images (n, 1, 8, 8) whose first three pixels are 20 times the factors."""
    images = np.zeros((len(v), 1, 8, 8), dtype=np.uint8)
    images[:, 0, 0, :3] = 20 * np.asarray(v)
    return images


def drawn(codes):
    """The images in [0, 1] of codes (n, 3), which are the factors."""
    x = torch.zeros(len(codes), 1, 8, 8)
    x[:, 0, 0, :3] = codes * 20 / 255
    return x


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose code is the factors: two columns of content, shape and size, and one of style, place."""
    data = FactorImages(SPACE, draw, name="points", binary=False)
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "latents": 3,
    }
    run = unweave.train(
        "gvae",
        data,
        steps=1,
        batch_size=8,
        out=tmp_path,
        batch_options={"shared": ["shape"]},
        **small,
    )

    def encode(x):
        mean = x[:, 0, 0, :3] * 255 / 20
        return Posterior(mean, torch.full_like(mean, -4.0))

    monkeypatch.setattr(run.method, "encode", encode)
    monkeypatch.setattr(run.method, "decode", drawn)
    return run


def test_the_right_code_has_no_error(run):
    assert swap.error(run, content=["shape", "size"]) == pytest.approx(0, abs=1e-9)


def test_a_code_that_is_ignored_and_one_that_leaks_are_seen(run, monkeypatch):
    whole = swap.error(run, content=["shape", "size", "place"])
    assert whole > 0.3, "the place came from the wrong image"
    monkeypatch.setattr(run.method, "decode", lambda z: drawn(z * torch.tensor([1.0, 0.0, 1.0])))
    assert swap.error(run, content=["shape", "size"]) > 0.3, "the size is ignored"


def test_swapped_images_are_named_by_the_nearest_true_one(run, monkeypatch):
    assert swap.accuracy(run, content=["shape", "size"]) == 1
    monkeypatch.setattr(run.method, "decode", lambda z: drawn(z * torch.tensor([1.0, 0.0, 1.0])))
    # without its size an image is that of size 0, one of twelve
    share = swap.accuracy(run, content=["shape", "size"], n=4000)
    assert share == pytest.approx(1 / 12, abs=0.02)
    assert swap.accuracy(run, content=["shape"]) == 1


def test_a_decoder_that_knows_nothing_has_1(run, monkeypatch):
    mean = torch.tensor([2.5, 5.5, 5.5])
    monkeypatch.setattr(run.method, "decode", lambda z: drawn(mean.expand(len(z), 3)))
    assert swap.error(run, content=["shape", "size"], n=4000) == pytest.approx(1, abs=0.01)


def test_the_true_images_have_the_content_of_the_second(run):
    style, given, images = swap.pairs(run.data, ["size"], 50, 0)
    v = images[:, 0, 0, :3] // 20
    own = run.data.factors_at(style)
    own[:, 1] = run.data.factors_at(given)[:, 1]
    assert (v == own).all()


def test_probes_of_codes_that_say_all_and_nothing(run):
    assert probe.leak(run, factor="shape") > 0.9
    assert probe.leak(run, factor="place", block="style") > 0.9
    assert abs(probe.leak(run, factor="place")) < 0.15
    assert probe.probe(run, "size", "style").chance == pytest.approx(1 / 12, abs=0.01)


def test_a_leak_is_seen_in_a_few_hundred_images():
    # means of classes and images around them, of equal deviation
    rng = np.random.default_rng(0)
    y = np.arange(270) % 30
    rng.shuffle(y)
    codes = rng.normal(size=(30, 16))[y] + rng.normal(size=(270, 16))
    assert probe._score(codes.astype(np.float32), y, probe.fifth(y.astype(float))) > 0.7


@pytest.mark.parametrize("right", probe.PROBES)
def test_the_better_probe_counts(right, monkeypatch):
    y = np.arange(50) % 5
    named = {kind: y if kind == right else y + 1 for kind in probe.PROBES}
    tested = probe.fifth(y.astype(float))
    monkeypatch.setattr(probe, "predicted", lambda x, of, x_test, kind: named[kind][tested])
    assert probe._score(np.zeros((50, 2), np.float32), y, tested) == 1


def test_a_factor_of_one_value_has_no_probe(run, monkeypatch):
    monkeypatch.setitem(vars(run), "data", shifted(run.data, "only:place=2"))
    with pytest.raises(
        ValueError, match="place has one value in points: there is nothing to tell apart"
    ):
        probe.leak(run, factor="place")


def test_recipes_may_name_them():
    assert {
        f"{module.__name__}:{name}"
        for module, name in ((swap, "error"), (probe, "accuracy"), (probe, "leak"))
    } <= MEASURES


def test_other_names_are_refused_in_one_line(run):
    with pytest.raises(ValueError, match="no factor 'colour'; there are: place, shape, size"):
        swap.error(run, content=["colour"])
    with pytest.raises(ValueError, match="no block 'identity'; there are: content, style"):
        swap.error(run, content=["shape"], block="identity")
    with pytest.raises(ValueError, match="no block 'identity'"):
        probe.leak(run, factor="shape", block="identity")
    with pytest.raises(ValueError, match="no factor 'colour'"):
        probe.leak(run, factor="colour")


def test_codes_that_say_nothing_are_read_at_chance_where_values_are_few_each():
    """Split at random, the value with the most fitted rows, which is named, has none that is scored."""
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(30), 9))
    tested = probe.fifth(y.astype(float))
    assert probe._score(np.zeros((270, 8), np.float32), y, tested) == pytest.approx(1 / 54)
    assert set(np.bincount(y[tested], minlength=30)) == {1, 2}
