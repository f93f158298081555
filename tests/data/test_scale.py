"""What is black and what is white: by the type of the numbers, and for a whole data set at once."""

import numpy as np
import pytest
import torch
from PIL import Image

from unweave.data import load
from unweave.data.images import ImageData

RNG = np.random.default_rng(0)
UNIT = RNG.random((10, 8, 8, 3), dtype=np.float32)
UNIT[0, 0, 0, :2] = 0, 1


def pixels(array: object) -> np.ndarray:
    return load(array).take(np.arange(len(array))).transpose(0, 2, 3, 1)


@pytest.mark.parametrize(
    ("scaled", "value"),
    [
        (UNIT, np.nextafter(np.float32(1), np.float32(2))),
        (UNIT, 1.0019),  # what float16 makes of a picture that is normalised and back
        (UNIT, -1e-7),
        (UNIT, -0.0019),
        (UNIT * 255, 255.00002),
        (UNIT * 255, -1e-5),
        (UNIT * 2 - 1, 1.0000001),
        (UNIT * 2 - 1, -1.0000001),
        (UNIT * 65535, 65535.01),
    ],
)
def test_one_value_rounded_beyond_black_or_white_changes_no_other(scaled, value):
    rounded = scaled.astype(np.float64)
    rounded[0, 0, 0, 1 if value > 0 else 0] = value
    assert np.array_equal(pixels(rounded), np.rint(UNIT * np.float32(255)))


def test_a_tensor_that_was_normalised_and_back_keeps_its_pixels():
    mean, deviation = torch.tensor([0.4914, 0.4822, 0.4465]), torch.tensor([0.2023, 0.1994, 0.2010])
    unit = torch.tensor(UNIT)
    unit[0, 0, 0], unit[0, 0, 1] = 0, 1
    back = (unit - mean) / deviation * deviation + mean
    assert back.max() > 1 or back.min() < 0
    assert np.array_equal(pixels(back), np.rint(unit.numpy() * np.float32(255)))


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 1.05),  # beyond 1 as a filter overshoots: not nearly black of [0, 255]
        (-0.05, 1.0),  # below 0 likewise: not grey of [-1, 1]
        (0, 16.0),  # the digits of scikit-learn
        (-12.0, 267.0),
        (0, 262.0),
        (0, 4200.0),
        (-2.1, 2.6),
        (0, 70_000.0),
    ],
)
def test_floats_of_no_clear_range_are_refused_with_what_to_do(low, high):
    with pytest.raises(
        ValueError,
        match=r"values from \S+ to \S+; expected bytes, or floats in \[0, 1\].*clip or divide",
    ):
        load(low + (high - low) * UNIT)


def test_dark_floats_stay_dark():
    assert np.array_equal(pixels(UNIT * np.float32(0.4)), np.rint(UNIT * np.float32(0.4) * 255))
    assert pixels(UNIT * 0.003).max() == 1


TOPS = [200, 255, 256, 300, 65535]


@pytest.mark.parametrize(
    ("dtype", "top", "white"),
    [
        ("uint8", 255, 255),
        ("uint8", 2, 255),
        ("uint8", 1, 1),
        ("bool", 1, 1),
        ("int16", 1, 1),
        ("uint16", 255, 255),
        ("int16", 255, 255),
        ("int64", 200, 255),
        ("uint16", 300, 4095),
        (">u2", 4095, 4095),
        ("int32", 4095, 4095),
        ("uint16", 4096, 65535),
        (">u2", 65535, 65535),
        ("int32", 65535, 65535),
        ("float16", 1, 1),
        ("float64", 1, 1),
        ("float32", 65535, 65535),
    ],
)
def test_the_type_and_the_brightest_value_of_all_images_say_what_is_white(dtype, top, white):
    values = np.linspace(0, top, 5 * 16 * 16).reshape(5, 16, 16).astype(dtype)
    expected = np.rint(values.astype(np.float64) / white * 255)
    assert np.array_equal(load(values).take(np.arange(5))[:, 0], expected)
    assert [load(values).white, load(values[::-1]).white] == [
        white if white > 255 else 255
    ] * 2 or dtype[0] == "f"


def test_a_picture_is_not_judged_by_itself():
    dark = np.stack([np.full((8, 8), top, np.uint16) for top in TOPS])
    data = load(dark)
    assert data.array.max((1, 2, 3)).tolist() == [1, 1, 1, 1, 255]
    assert "16 bits" in data.about


@pytest.mark.parametrize("wrong", [np.full((5, 8, 8), -1), np.full((5, 8, 8), 65536)])
def test_whole_numbers_beyond_16_bits_are_refused(wrong):
    with pytest.raises(ValueError, match="expected bytes, or whole numbers from 0 to 65535"):
        load(np.concatenate([np.zeros((1, 8, 8), int), wrong]))


def test_what_is_mapped_is_read_no_further_than_it_takes_to_tell(tmp_path, monkeypatch):
    """Bytes are settled by the first value above 1; all of them would be gigabytes."""
    monkeypatch.setattr("unweave.data.convert.scale.CHUNK", 64)
    seen = []
    real = np.memmap.__getitem__

    def noted(self: np.memmap, index: object) -> object:
        seen.append(index)
        return real(self, index)

    np.save(tmp_path / "bytes.npy", RNG.integers(2, 256, (50, 8, 8), dtype=np.uint8))
    np.save(tmp_path / "deep.npy", np.full((50, 8, 8), 65535, np.uint16))
    monkeypatch.setattr(np.memmap, "__getitem__", noted)
    assert load(tmp_path / "bytes.npy").info.shape == (1, 8, 8)
    assert sum(isinstance(index, slice) for index in seen) <= 3
    seen.clear()
    assert load(tmp_path / "deep.npy").array.min() == 255
    assert (
        50 < sum(isinstance(index, slice) for index in seen) <= 53
    )  # 50 to convert, and the first to tell


def test_masked_pictures_are_refused():
    masked = np.ma.masked_less(UNIT, 0.01)
    with pytest.raises(ValueError, match="has masked values, first in row 0"):
        load(masked)
    with pytest.raises(ValueError, match="has masked values"):
        ImageData(np.ma.masked_equal(np.zeros((2, 1, 4, 4), np.uint8), 0))
    with pytest.raises(ValueError, match="has masked values"):
        load(np.ma.masked_less(RNG.random((9, 3)), 0.5))
    assert np.array_equal(pixels(np.ma.masked_less(UNIT, -1)), pixels(UNIT))


class Pictures(list):
    """A data set in the manner of torch."""


def test_deep_pictures_of_a_data_set_of_samples_have_one_white():
    data = load(Pictures(Image.fromarray(np.full((8, 8), top, np.uint16)) for top in TOPS), size=8)
    assert data.array.max((1, 2, 3)).tolist() == [1, 1, 1, 1, 255]
    assert data.white == 65535
    with pytest.raises(ValueError, match="sample 1 is no picture of more than 8 bits"):
        load(Pictures([Image.fromarray(np.zeros((8, 8), np.uint16)), Image.new("L", (8, 8))]))
    with pytest.raises(ValueError, match="sample 1 holds uint8, the first one float32"):
        load(Pictures([np.zeros((1, 8, 8), np.float32), np.full((1, 8, 8), 9, np.uint8)]))


def saved(place, name, values, **options) -> None:
    place.mkdir(exist_ok=True)
    Image.fromarray(values).save(place / name, **options)


@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [("png", "uint16"), ("tif", "uint16"), ("tif", "int32"), ("tif", "float32")],
)
def test_deep_pictures_of_a_folder_have_one_white(tmp_path, suffix, dtype):
    for i, top in enumerate(TOPS):
        saved(tmp_path / "in", f"{i}.{suffix}", np.full((8, 8), top).astype(dtype))
    for _ in range(2):  # the second time from what is remembered of the files
        data = load(tmp_path / "in", size=8)
        assert data.array.max((1, 2, 3)).tolist() == [1, 1, 1, 1, 255]
        assert "of 16 bits" in data.about or "of floats in [0, 65535]" in data.about


def test_a_camera_of_12_bits_and_floats_in_the_unit_range(tmp_path):
    ramp = np.linspace(0, 1, 4096).reshape(64, 64)
    for i in range(2):
        saved(tmp_path / "camera", f"{i}.png", (ramp * 4095).astype(np.uint16))
        saved(tmp_path / "dark", f"{i}.tif", (ramp * 0.4).astype(np.float32))
        saved(tmp_path / "both", f"{i}.tif", (ramp * 4095).astype([np.uint16, np.float32][i]))
    camera = load(tmp_path / "camera")
    assert (len(np.unique(camera.array)), camera.white, "of 12 bits" in camera.about) == (
        256,
        4095,
        True,
    )
    assert load(tmp_path / "dark").array.max() == 102
    with pytest.raises(
        ValueError, match="1 pictures of whole numbers deeper than 8 bits and 1 of floats"
    ):
        load(tmp_path / "both")


def test_a_float_picture_with_nan_is_named(tmp_path):
    for i in range(3):
        saved(tmp_path / "in", f"{i}.tif", np.full((8, 8), np.nan if i == 1 else 0.5, np.float32))
    with pytest.raises(ValueError, match=r"1\.tif is damaged: it holds NaN"):
        load(tmp_path / "in", size=8)
    assert len(load(tmp_path / "in", size=8, skip_bad=True)) == 2


def test_a_clear_pixel_is_white_and_counts_for_no_range(tmp_path):
    for i in range(2):
        values = np.full((8, 8), 4095, np.uint16)
        values[0] = 65535
        saved(tmp_path / "in", f"{i}.png", values, transparency=65535)
    data = load(tmp_path / "in", size=8)
    assert data.white == 4095
    assert (data.array == 255).all()


def test_pictures_of_0_and_1_are_black_and_white_in_a_folder_as_in_an_array(tmp_path):
    values = RNG.integers(0, 2, (5, 8, 8), dtype=np.uint8)
    for i, picture in enumerate(values):
        saved(tmp_path / "in", f"{i}.png", picture)
    data = load(tmp_path / "in", size=8)
    assert np.array_equal(data.array, load(values).array)
    assert "of 0 and 1" in data.about
    assert data.info.binary


def test_the_scale_of_floats_is_known_to_every_view_of_the_data(tmp_path):
    from unweave.data.factors import FactorSpace
    from unweave.data.images import FactorImages
    from unweave.data.shifts.text import shifted
    from unweave.data.subsets import split, subset

    data = load(UNIT * 2 - 1)
    assert data.floats == subset(data, [0, 1]).floats == split(data, 0.2, 0)[1].floats == (-1, 1)
    assert load(UNIT).floats == (0, 1)
    assert load((UNIT * 255).astype(np.uint8)).floats is None
    assert load((UNIT * 4095).astype(np.uint16)).floats is None
    for i, values in enumerate(UNIT[..., 0]):
        Image.fromarray((values * 255).astype(np.float32)).save(tmp_path / f"{i}.tiff")
    assert load(tmp_path, size=8).floats == (0, 255)
    grid = FactorImages(
        FactorSpace(("a", "b"), (2, 5)), np.zeros((10, 1, 8, 8), np.uint8), floats=(-1, 1)
    )
    for shift in ("only:a=0", "mislabelled:fraction=0.1", "mislabelled:fraction=0.1;only:a=0"):
        assert shifted(grid, shift).floats == (-1, 1)
