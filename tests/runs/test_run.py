"""A run reads images as its data were read: the arrays it was trained on, and what it decoded, in whatever type."""

import json

import numpy as np
import pytest
import torch

import unweave
from unweave.runs.sealed_json import sealed

SMALL = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder__width": 4,
    "decoder__width": 4,
    "latents": 2,
    "steps": 2,
}
RNG = np.random.default_rng(0)
BINARY = RNG.integers(0, 2, (20, 1, 8, 8), dtype=np.uint8)
GREY = RNG.integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return lambda x: unweave.train(
        "vae", x, batch_size=8, out=tmp_path_factory.mktemp("runs"), **SMALL
    )


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "int64", ">u2", "bool", "float16", "float32", "float64"]
)
def test_zeros_and_ones_are_encoded_as_black_and_white(train, dtype):
    run = train(BINARY)
    expected = run.encode(BINARY * np.uint8(255))
    np.testing.assert_allclose(run.encode(BINARY.astype(dtype)), expected, atol=1e-6)
    np.testing.assert_allclose(run.encode(BINARY[:1].astype(dtype)), expected[:1], atol=1e-6)
    np.testing.assert_array_equal(run.elbo(BINARY), run.elbo(BINARY * np.uint8(255)))
    np.testing.assert_array_equal(
        run.edit(BINARY[0], latent=0, to=1.0), run.edit(BINARY[0] * 255, latent=0, to=1.0)
    )


@pytest.mark.parametrize(
    "given",
    [
        GREY,
        GREY.astype(int),
        GREY.astype(">u2"),
        GREY / 255,
        torch.from_numpy(GREY),
        np.ma.asarray(GREY),
    ],
)
def test_bytes_of_any_type_are_bytes_and_a_dark_picture_is_not_judged_by_itself(train, given):
    run = train(GREY)
    np.testing.assert_allclose(run.encode(given), run.encode(GREY), atol=1e-6)
    dark = GREY.copy()
    dark[0] = BINARY[0]
    np.testing.assert_allclose(
        run.encode(dark[:1]), run.encode(dark)[:1], atol=1e-6
    )  # kernels differ by batch
    np.testing.assert_allclose(run.encode(dark[:1].astype(int)), run.encode(dark)[:1], atol=1e-6)


def test_deep_images_are_encoded_by_the_white_of_the_whole_data_set(train):
    deep = (GREY.astype(np.uint16) * 16)[:, :, ::-1]
    run = train(deep)
    reopened = unweave.load_run(run.path)
    found = reopened.encode(deep)
    np.testing.assert_allclose(found, run.encode(run.data.take(np.arange(20))), atol=0.01)
    np.testing.assert_array_equal(
        reopened.encode(deep[:1] // 40), reopened.encode(deep[:1].astype(int) // 40)
    )
    with pytest.raises(
        ValueError,
        match=r"reach from 0 to 65535; expected .* whole numbers to 4095, as this data set",
    ):
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


@pytest.mark.parametrize(
    "dtype", ["uint8", "bool", "int8", "int64", "uint16", ">u2", ">f8", "float16"]
)
def test_vectors_of_any_type_are_read_as_training_reads_them(train, dtype):
    """Those of uint8 were trained as they are and divided by 255 afterwards."""
    x = RNG.integers(0, 2 if dtype == "bool" else 100, size=(20, 5)).astype(dtype)
    run = train(x)
    as_trained = run.data.take(np.arange(20))
    np.testing.assert_array_equal(as_trained, x.astype(np.float32))
    for use in (run.encode, run.reconstruct, run.elbo, lambda v: run.posterior(v)[1]):
        np.testing.assert_array_equal(use(x), use(as_trained))
    np.testing.assert_array_equal(
        run.edit(x[0], latent=0, to=1.0), run.edit(as_trained[0], latent=0, to=1.0)
    )


@pytest.mark.parametrize("dtype", ["str", "complex64", "object"])
def test_vectors_that_are_no_numbers_are_refused_in_one_line(train, dtype):
    run = train(RNG.normal(size=(20, 5)))
    with pytest.raises(ValueError, match=r"holds .*; expected numbers") as error:
        run.encode(np.ones((2, 5)).astype(dtype))
    assert "\n" not in str(error.value)


UNIT = RNG.random((20, 1, 8, 8))
UNIT[0, 0, 0, :2] = 0, 1
FLOATS = {  # the same pictures as floats of other scales, and a batch that lies in [0, 1]
    (0, 1): UNIT,
    (-1, 1): UNIT * 2 - 1,
    (0, 255): UNIT * 255,
    (0, 4095): UNIT * 4095,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ends", FLOATS)
def test_floats_are_read_by_the_scale_of_the_data_set(train, ends, dtype):
    """All of [-1, 1] was refused, and a batch that happened to lie in [0, 1] was read by another scale."""
    x = FLOATS[ends].astype(dtype)
    run = train(x)
    pixels = run.data.take(np.arange(20))
    for used in (run, unweave.load_run(run.path)):
        for use in (
            used.encode,
            used.reconstruct,
            used.elbo,
            lambda v, of=used: of.posterior(v)[1],
        ):
            np.testing.assert_array_equal(use(x), use(pixels))
        np.testing.assert_array_equal(used.encode(torch.from_numpy(x)), used.encode(pixels))
        np.testing.assert_array_equal(
            used.edit(x[0], latent=0, to=1.0), used.edit(pixels[0], latent=0, to=1.0)
        )
    black, white = ends
    inside = np.clip(x, 0, 1)[:1]
    level = np.rint((inside.astype(np.float64) - black) / (white - black) * 255).astype(np.uint8)
    np.testing.assert_allclose(
        run.encode(inside), run.encode(level), atol=0.05
    )  # a level up or down, by rounding


@pytest.mark.parametrize("ends", FLOATS)
def test_floats_beyond_the_scale_of_the_data_set_are_refused_and_it_is_said(train, ends):
    run, (black, white) = train(FLOATS[ends]), ends
    slack = (white - black) / 255
    run.encode(FLOATS[ends].clip(black, white) + 0.4 * slack)
    for beyond in (FLOATS[ends] + slack, FLOATS[ends] - slack):
        with pytest.raises(
            ValueError, match=rf"expected \[{black}, {white}\] as of this data set's floats"
        ) as error:
            run.encode(beyond)
        assert "\n" not in str(error.value)


def test_whole_numbers_beside_deep_floats_have_the_same_white(train):
    run = train(FLOATS[0, 4095])
    whole = np.rint(FLOATS[0, 4095]).astype(np.int64)
    np.testing.assert_allclose(run.encode(whole), run.encode(whole.astype(float)), atol=1e-6)


def test_a_run_that_does_not_know_its_scale_takes_floats_in_0_1(train):
    """Those made before it was kept."""
    run = train(FLOATS[-1, 1])
    config = json.loads((run.path / "config.json").read_text())
    assert config["data"].pop("floats") == [-1, 1]
    (run.path / "config.json").write_text(sealed(config))
    old = unweave.load_run(run.path)
    np.testing.assert_allclose(old.encode(UNIT), run.encode(FLOATS[-1, 1]), atol=0.05)
    with pytest.raises(ValueError, match=r"reach from -1 to 1; expected \[0, 1\], or uint8"):
        old.encode(FLOATS[-1, 1])


def test_deep_whole_numbers_are_the_training_pixels(train):
    deep = RNG.integers(0, 4096, (20, 1, 8, 8), dtype=np.uint16)
    run = train(deep)
    np.testing.assert_array_equal(run.encode(deep), run.encode(run.data.take(np.arange(20))))


def test_the_scale_is_kept_where_a_part_is_held_out(train, tmp_path):
    run = unweave.train("vae", FLOATS[-1, 1], batch_size=8, out=tmp_path, holdout=0.2, **SMALL)
    np.testing.assert_array_equal(
        run.encode(FLOATS[-1, 1]), run.encode(run.data.take(np.arange(20)))
    )
    assert run.held.floats == (-1, 1)


def test_codes_of_another_width_are_refused_in_one_line(train):
    run = train(GREY)
    for width in (1, 3):
        with pytest.raises(
            ValueError, match=f"codes have {width} columns; those of this run have 2"
        ):
            run.decode(np.zeros((4, width)))
    assert run.decode(np.zeros(2)).shape == (1, 1, 8, 8)
    assert run.decode(np.zeros((0, 2))).shape == (0, 1, 8, 8)


def test_a_negative_number_of_samples_is_refused_in_one_line(train):
    run = train(GREY)
    for sample in (run.sample, run.sample_codes):
        assert len(sample(0)) == 0
        with pytest.raises(ValueError, match="n is -1; it is how many to draw, 0 or more"):
            sample(-1)
