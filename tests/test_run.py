"""A run reads images as its data were read: the arrays it was trained on, and what it decoded, in whatever type."""

import numpy as np
import pytest
import torch

import unweave

SMALL = {"encoder": "mlp", "decoder": "mlp", "encoder__width": 4, "decoder__width": 4, "latents": 2, "steps": 2}
RNG = np.random.default_rng(0)
BINARY = RNG.integers(0, 2, (20, 1, 8, 8), dtype=np.uint8)
GREY = RNG.integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return lambda x: unweave.train("vae", x, batch_size=8, out=tmp_path_factory.mktemp("runs"), **SMALL)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", ">u2", "bool", "float16", "float32", "float64"])
def test_zeros_and_ones_are_encoded_as_black_and_white(train, dtype):
    run = train(BINARY)
    expected = run.encode(BINARY * np.uint8(255))
    np.testing.assert_allclose(run.encode(BINARY.astype(dtype)), expected, atol=1e-6)
    np.testing.assert_allclose(run.encode(BINARY[:1].astype(dtype)), expected[:1], atol=1e-6)
    np.testing.assert_array_equal(run.elbo(BINARY), run.elbo(BINARY * np.uint8(255)))
    np.testing.assert_array_equal(run.edit(BINARY[0], latent=0, to=1.0), run.edit(BINARY[0] * 255, latent=0, to=1.0))


@pytest.mark.parametrize(
    "given", [GREY, GREY.astype(int), GREY.astype(">u2"), GREY / 255, torch.from_numpy(GREY), np.ma.asarray(GREY)]
)
def test_bytes_of_any_type_are_bytes_and_a_dark_picture_is_not_judged_by_itself(train, given):
    run = train(GREY)
    np.testing.assert_allclose(run.encode(given), run.encode(GREY), atol=1e-6)
    dark = GREY.copy()
    dark[0] = BINARY[0]
    np.testing.assert_array_equal(run.encode(dark[:1]), run.encode(dark)[:1])
    np.testing.assert_allclose(run.encode(dark[:1].astype(int)), run.encode(dark)[:1], atol=1e-6)


def test_deep_images_are_encoded_by_the_white_of_the_whole_data_set(train):
    deep = (GREY.astype(np.uint16) * 16)[:, :, ::-1]
    run = train(deep)
    reopened = unweave.load_run(run.path)
    found = reopened.encode(deep)
    np.testing.assert_allclose(found, run.encode(run.data.take(np.arange(20))), atol=0.01)
    np.testing.assert_array_equal(reopened.encode(deep[:1] // 40), reopened.encode(deep[:1].astype(int) // 40))
    with pytest.raises(ValueError, match=r"reach from 0 to 65535; expected .* whole numbers to 4095, as this data set"):
        run.encode(np.where(deep > 4000, 65535, deep))


def test_what_is_rounded_is_clipped_and_what_is_decoded_is_encoded(train):
    run = train(GREY)
    unit = (GREY / 255).astype(np.float32)
    rounded = unit.copy()
    rounded[unit == 1] = 1.0000001
    rounded[unit == 0] = -1e-7
    assert rounded.max() > 1
    np.testing.assert_array_equal(run.encode(rounded), run.encode(unit))
    assert run.encode(run.decode(run.encode(unit))).shape == (20, 2)
    np.testing.assert_array_equal(run.encode(torch.from_numpy(unit).bfloat16()).shape, (20, 2))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda x: np.where(x == x.max(), np.nan, x), "NaN or infinity, first in row"),
        (lambda x: np.where(x == x.max(), np.inf, x), "NaN or infinity, first in row"),
        (lambda x: np.ma.masked_equal(x, x.max()), "masked values, first in row"),
        (lambda x: x * 1.05, r"reach from 0 to 1.05; expected \[0, 1\]"),
        (lambda x: x - 0.05, "reach from -0.05 to 0.95"),
        (lambda x: (x * 65535).astype(np.uint16), "reach from 0 to 65535"),
        (lambda x: x.astype(str), "are not numbers"),
    ],
)
def test_what_has_no_meaning_is_refused_in_one_line(train, spoil, expected):
    run = train(GREY)
    unit = GREY / 255
    for use in (run.encode, run.elbo, run.reconstruct):
        with pytest.raises(ValueError, match=expected) as error:
            use(spoil(unit))
        assert "\n" not in str(error.value)


def test_vectors_keep_their_values_but_not_nan(train):
    run = train(RNG.normal(size=(20, 5)))
    assert run.encode(np.full((2, 5), 300.0)).shape == (2, 2)
    for bad in (np.full((2, 5), np.nan), np.ma.masked_equal(np.ones((2, 5)), 1)):
        with pytest.raises(ValueError, match="first in row 0"):
            run.encode(bad)
