import numpy as np
import pytest
from PIL import Image

from unweave.data import load
from unweave.data.render import sprites
from unweave.data.render.painting import painting


@pytest.fixture(autouse=True)
def _no_files(monkeypatch):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)


def drawn(name, n=40, **options):
    images = load(name, **options)
    v = images.sample_factors(n, 0)
    return images.images(v), sprites.draw(v)[:, 0] > 0


def test_a_coloured_sprite_has_one_colour_of_at_least_half_on_black():
    images, inside = drawn("color-dsprites")
    for image, mask in zip(images, inside, strict=True):
        assert image[:, ~mask].max() == 0
        colour = image[:, mask]
        assert (colour == colour[:, :1]).all()
        assert colour.min() >= 128
    colours = images.max((2, 3))
    assert len(np.unique(colours, axis=0)) == 40
    assert abs(colours.mean() - 191) < 8


def test_a_noisy_sprite_is_white_on_uniform_noise_in_each_channel():
    images, inside = drawn("noisy-dsprites")
    mask = np.broadcast_to(inside[:, None], images.shape)
    assert images[mask].min() == 255
    noise = images[~mask]
    assert abs(noise.mean() - 127.5) < 0.5
    assert abs(noise.std() - np.sqrt((256**2 - 1) / 12)) < 0.5
    outside = images[0][:, ~inside[0]].astype(float)
    assert np.abs(np.corrcoef(outside) - np.eye(3)).max() < 0.07


def test_a_scream_sprite_is_the_negative_of_a_tinted_part_of_the_painting():
    images, inside = drawn("scream-dsprites", n=8)
    picture = painting()
    places = np.lib.stride_tricks.sliding_window_view(picture // 2, (64, 64), axis=(1, 2))
    for image, mask in zip(images, inside, strict=True):
        behind = np.where(mask, 255 - image, image)
        tint = behind[:, 0, 0, None, None] - places[:, :, :, 0, 0].astype(int)
        last = behind[:, 63, 63, None, None] - places[:, :, :, 63, 63].astype(int)
        candidates = np.argwhere((tint == last).all(0) & (tint >= 0).all(0) & (tint < 128).all(0))
        found = [
            np.array_equal(places[:, y, x] + tint[:, y, x, None, None], behind)
            for y, x in candidates
        ]
        assert any(found)


def test_a_users_own_painting_is_taken_and_a_small_or_broken_one_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("UNWEAVE_DATA", str(tmp_path))
    Image.new("RGB", (300, 200), (100, 60, 20)).save(tmp_path / "scream.jpg")
    images = load("scream-dsprites")
    assert str(tmp_path / "scream.jpg") in images.about
    v = images.sample_factors(5, 0)
    behind = images.images(v).astype(int)[:, :, 0, 0]
    assert ((behind >= [49, 29, 9]) & (behind < [180, 160, 140])).all()
    Image.new("RGB", (64, 64)).save(tmp_path / "scream.jpg")
    with pytest.raises(ValueError, match="64x64 pixels; it has to be larger"):
        load("scream-dsprites")
    (tmp_path / "scream.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"scream\.jpg is not a picture that can be read"):
        load("scream-dsprites")


def test_an_abstract_sprite_has_the_two_colours_of_its_factors():
    images = load("abstract-dsprites")
    assert images.factors.names == (
        "background_colour",
        "object_colour",
        "shape",
        "scale",
        "position_x",
        "position_y",
    )
    assert len(images) == 5 * 6 * 3 * 6 * 32 * 32
    v = images.sample_factors(60, 0)
    pictures = images.images(v)
    for picture, (ground, *_) in zip(pictures, v, strict=True):
        assert picture[:, 0, 0].tolist() == [round(255 * ground / 4)] * 3
        front = np.unique(picture.reshape(3, -1).T, axis=0)
        assert len(front) == 2
        assert any((row == picture.reshape(3, -1).T[:1]).all() for row in front)
    by_colour = {
        c: {
            p[:, p[0] != p[0, 0, 0]][:, 0].tobytes()
            for p, w in zip(pictures, v, strict=True)
            if w[1] == c
        }
        for c in range(6)
    }
    assert all(len(found) == 1 for found in by_colour.values())
    assert len(set.union(*by_colour.values())) == 6


def test_the_seed_changes_what_is_random_and_nothing_else():
    for name in ("color-dsprites", "noisy-dsprites", "scream-dsprites", "abstract-dsprites"):
        first, again, other = (load(name, seed=seed).take([3, 400_000]) for seed in (0, 0, 1))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_mutated_paintings_are_refused_or_read(tmp_path, monkeypatch, withstand):
    monkeypatch.setenv("UNWEAVE_DATA", str(tmp_path))
    Image.new("RGB", (80, 70), (100, 60, 20)).save(tmp_path / "scream.jpg")

    def read():
        assert load("scream-dsprites").images([[0, 0, 0, 0, 0]]).shape == (1, 3, 64, 64)

    tally = withstand("scream-dsprites, .jpg", [tmp_path / "scream.jpg"], read, usual=100)
    assert tally.refused > tally.turns / 6
