import sys

import numpy as np
import pytest

from unweave.data import load
from unweave.data.datasets import avatars as module

FEW = {name: values[:2] for name, values in module.FACTORS.items()} | {
    "face": ("circle",),
    "mouth": ("smile",),
}


def test_each_factor_changes_the_picture_and_an_image_is_drawn_once(monkeypatch, own_cache):
    monkeypatch.setattr(module, "FACTORS", FEW)
    data = load("avatars", size=32)
    assert data.factors.names == ("background", "face colour", "face", "eyes", "mouth", "height")
    assert data.factors.sizes == (2, 2, 1, 2, 1, 2)
    every = data.take(np.arange(16))
    assert every.shape == (16, 3, 32, 32)
    assert len({image.tobytes() for image in every}) == 16
    corner = [tuple(image[:, 0, 0].tolist()) for image in every]
    assert (
        corner == [(0x1D, 0x4E, 0xD8)] * 8 + [(0xA2, 0x1C, 0xAF)] * 8
    )  # the first factor is slowest
    forehead = [
        tuple(image[:, 8, 16].tolist())
        for image in data.images([[0, 0, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1]])
    ]
    np.testing.assert_allclose(forehead, [(0x7D, 0xD3, 0xFC), (0xF0, 0xAB, 0xFC)], atol=3)
    (kept,) = own_cache.rglob("*.images.npy")
    monkeypatch.setattr(module, "_options", None)  # nothing is drawn now
    assert np.array_equal(load("avatars", size=32).take(np.arange(16)), every)
    assert "CC0 1.0" in data.about
    assert (
        kept.stat().st_size == 128 + every.nbytes + 32
    )  # its header before, and the state of its source after them


def test_height_moves_eyes_and_mouth_down_and_nothing_else():
    draw, _ = module._pen(64)
    value = {name: values[0] for name, values in module.FACTORS.items()}
    rows = []
    for height in module.FACTORS["height"]:
        dark = draw({**value, "height": height}).sum(0) < 250
        rows.append(np.argwhere(dark)[:, 0].mean())
    assert rows[0] + 1 < rows[1] < rows[2] - 1
    assert rows[2] - rows[1] == pytest.approx(rows[1] - rows[0], abs=0.5)


def test_the_style_has_the_licence_that_is_said():
    import json

    _, path = module._pen(64)
    definition = json.loads(path.read_text(encoding="utf-8"))
    assert definition["meta"]["license"]["name"] == "CC0 1.0"
    for part in ("face", "eyes", "mouth"):
        assert set(module.FACTORS[part]) <= set(definition["components"][part]["variants"])


def test_without_the_packages_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r"pip install 'unweave\[avatars\]'"):
        load("avatars")
