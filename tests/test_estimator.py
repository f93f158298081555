"""The estimator: scikit-learn's own checks, every layout of images, and settings as parameters."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import unweave
from unweave import Disentangler, estimator
from unweave.data import load

SMALL = {"encoder": "mlp", "decoder": "mlp", "encoder__width": 4, "decoder__width": 4, "latents": 2}
# settings of the method are kept in one attribute, as no signature lists them; and a check of array libraries that
# needs an environment variable set before scipy is imported
DO_NOT_APPLY = {"check_no_attributes_set_in_init", "check_array_api_input"}
CHECKS = [
    (check.func.__name__, estimator, check)
    for estimator, check in estimator_checks_generator(
        Disentangler("vae", steps=2, batch_size=8, **SMALL)
    )
]
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("estimator", "check"),
    [pytest.param(e, c, id=name) for name, e, c in CHECKS if name not in DO_NOT_APPLY],
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_what_does_not_apply_is_named_and_no_more():
    assert {name for name, _, _ in CHECKS} > DO_NOT_APPLY


@pytest.mark.parametrize(
    ("images", "layout"),
    [
        (IMAGES, "channels last"),
        (IMAGES.transpose(0, 3, 1, 2), "channels first"),
        (IMAGES[..., :1], "channels last"),
        (IMAGES[..., 0], "plane"),
        (IMAGES.astype(np.float64) / 255, "channels last"),
    ],
)
def test_images_of_every_layout_come_back_in_it(images, layout):
    model = Disentangler("vae", steps=2, batch_size=8, **SMALL).fit(images)
    codes = model.transform(images)
    assert model.layout_ == layout
    assert codes.shape == (20, 2)
    assert codes.dtype == np.float32
    decoded = model.inverse_transform(codes)
    assert decoded.shape == images.shape
    assert decoded.min() >= 0
    assert decoded.max() <= 1


def test_layout_and_type_do_not_change_the_codes():
    model = Disentangler("vae", steps=2, batch_size=8, **SMALL)
    first = model.fit_transform(IMAGES.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(first, clone(model).fit_transform(IMAGES))
    np.testing.assert_array_equal(first, clone(model).fit_transform(IMAGES / 255))


def test_vectors_come_back_in_the_range_of_the_data():
    """Columns from -5 to 8.5 were decoded to 0..1, so that no setting explained any of their variance."""
    x = np.linspace(-5, 8.5, 200)[:, None] * np.ones(3)
    settings = {"latents": 1, "encoder__width": 32, "decoder__width": 32, "lr": 5e-3}
    model = Disentangler("vae", steps=300, batch_size=32, scale=1.0, **SMALL | settings).fit(x)
    decoded = model.inverse_transform(model.transform(x))
    assert decoded.min() < -3
    assert decoded.max() > 6
    assert decoded.min() >= -5
    assert decoded.max() <= 8.5
    assert ((decoded - x) ** 2).mean() < 0.1 * x.var()


@pytest.mark.parametrize("values", [0.4 * IMAGES[:, 0, :, 0], IMAGES[:, 0, :, 0] / 255 - 0.5])
def test_vectors_that_a_cross_entropy_does_not_take_are_refused(values):
    with pytest.raises(ValueError, match="likelihood bernoulli takes values in"):
        Disentangler("vae", steps=2, batch_size=8, likelihood="bernoulli", **SMALL).fit(values)
    Disentangler("vae", steps=2, batch_size=8, likelihood="bernoulli", **SMALL).fit(
        IMAGES[:, 0, :, 0] / 255
    )


def test_training_lowers_the_loss_of_vectors():
    x = np.random.default_rng(0).normal(size=(200, 1)) @ np.ones((1, 6))
    short, long = (
        Disentangler("vae", steps=steps, lr=0.01, **SMALL).fit(x).score(x) for steps in (1, 100)
    )
    assert long > short + 100


def test_settings_are_parameters():
    model = Disentangler("beta-vae", steps=2, beta=6.0)
    assert model.get_params()["beta"] == 6.0
    assert clone(model).set_params(
        beta=2.0, latents=3, steps=5
    ).get_params() == model.get_params() | {
        "beta": 2.0,
        "latents": 3,
        "steps": 5,
    }
    assert model.get_params()["beta"] == 6.0
    assert "beta=6.0" in repr(model)


def test_settings_can_be_searched_in_a_pipeline():
    x = np.random.default_rng(0).normal(size=(30, 5))
    pipeline = make_pipeline(StandardScaler(), Disentangler("vae", steps=2, batch_size=8, **SMALL))
    search = GridSearchCV(pipeline, {"disentangler__latents": [2, 3]}, cv=2).fit(x)
    assert search.best_estimator_.transform(x).shape == (
        30,
        search.best_params_["disentangler__latents"],
    )
    names = search.best_estimator_.get_feature_names_out()
    assert names[0] == "disentangler0"


def test_a_run_is_kept_where_it_is_asked_for(tmp_path):
    model = Disentangler("vae", steps=2, batch_size=8, out=tmp_path, **SMALL).fit(IMAGES)
    np.testing.assert_array_equal(
        unweave.load_run(model.run_.path).encode(IMAGES.transpose(0, 3, 1, 2)),
        model.transform(IMAGES),
    )


@pytest.mark.parametrize(
    ("settings", "x", "expected"),
    [
        ({"btea": 6}, IMAGES, "did you mean 'beta'"),
        ({"beta": -1.0}, IMAGES, "at least 0"),
        ({}, IMAGES[..., :2], "which axis are the channels"),
        (
            {},
            IMAGES / 16,
            r"expected bytes, or floats in \[0, 1\], or floats that fill half of \[-1, 1\], \[0, 255\]",
        ),
        ({}, IMAGES[:1], "minimum of 2"),
        ({}, np.full((5, 3), np.nan), "NaN"),
    ],
)
def test_bad_input(settings, x, expected):
    with pytest.raises(ValueError, match=expected):
        Disentangler("beta-vae", steps=2, **SMALL, **settings).fit(x)


def test_other_arrays_than_were_fitted():
    model = Disentangler("vae", steps=2, batch_size=8, **SMALL)
    with pytest.raises(NotFittedError):
        model.transform(IMAGES)
    model.fit(IMAGES)
    with pytest.raises(ValueError, match="was fitted on channels last"):
        model.transform(IMAGES[..., 0])
    with pytest.raises(ValueError, match=r"this run takes \(n, 3, 8, 8\)"):
        model.transform(IMAGES[:, :, :4])
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        model.inverse_transform(np.zeros((4, 3)))


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int64", ">u2", "float32"])
def test_zeros_and_ones_are_black_and_white_whatever_their_type(dtype):
    binary = (IMAGES[..., 0] > 127).astype(np.uint8)
    model = Disentangler("vae", steps=2, batch_size=8, **SMALL)
    expected = model.fit_transform(binary * np.uint8(255))
    found = clone(model).fit(binary.astype(dtype))
    assert found.run_.data.array.max() == 255
    np.testing.assert_array_equal(found.transform(binary.astype(dtype)), expected)


def test_deep_and_rounded_images_are_read_as_those_of_a_data_set():
    deep = IMAGES[..., 0].astype(np.uint16) * 257
    model = Disentangler("vae", steps=2, batch_size=8, **SMALL)
    expected = model.fit_transform(IMAGES[..., 0])
    np.testing.assert_allclose(clone(model).fit_transform(deep), expected, atol=1e-6)
    dark = clone(model).fit(deep)
    np.testing.assert_allclose(
        dark.transform(deep // 300)[:1], dark.transform(deep[:1] // 300), atol=1e-6
    )
    rounded = IMAGES[..., 0] / 255 * 1.0000001
    np.testing.assert_array_equal(clone(model).fit_transform(rounded), expected)


@pytest.mark.parametrize("ends", [(-1, 1), (0, 255), (0, 4095)])
def test_floats_of_other_scales_are_read_by_the_one_that_was_fitted(ends):
    """Fitting refused them, though `unweave.train` reads them."""
    black, white = ends
    floats = black + (white - black) * (IMAGES / 255)
    model = Disentangler("vae", steps=2, batch_size=8, **SMALL)
    expected = clone(model).fit_transform(IMAGES)
    np.testing.assert_array_equal(model.fit_transform(floats), expected)
    np.testing.assert_array_equal(model.transform(floats[3:5]), model.transform(floats)[3:5])
    assert model.score(floats) == clone(model).fit(IMAGES).score(IMAGES)
    with pytest.raises(
        ValueError, match=rf"expected \[{black}, {white}\] as of this data set's floats"
    ):
        model.transform(floats + white / 100)
    np.testing.assert_array_equal(model.transform(IMAGES), expected)


def test_masked_images_are_refused():
    with pytest.raises(ValueError, match="X has masked values"):
        Disentangler("vae", steps=2, **SMALL).fit(np.ma.masked_equal(IMAGES, 0))


SIDES = [(1, 1), (2, 2), (3, 3), (4, 4), (2, 3), (1, 64)]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("side", SIDES)
def test_where_the_channels_are_is_judged_as_by_load(side, channels):
    """Of both orders of axes: the same answer as `load`, or the same refusal."""
    chw = np.random.default_rng(0).integers(0, 256, (12, channels, *side), dtype=np.uint8)
    for images in (chw, chw.transpose(0, 2, 3, 1)):
        model = Disentangler("vae", steps=1, batch_size=4, **SMALL)
        try:
            shape = load(images).info.shape
        except ValueError as refusal:
            said = str(refusal).replace("the array", "X")
            with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
                model.fit(images)
            model.set_params(layout="chw" if images is chw else "hwc").fit(images)
            shape = (channels, *side)
        assert model.fit(images).run_.data.info.shape == shape
        assert model.inverse_transform(model.transform(images)).shape == images.shape


def test_one_picture_is_refused_as_by_load():
    with pytest.raises(ValueError, match=r"X has shape .*: one single image"):
        Disentangler("vae", steps=1, **SMALL).fit(IMAGES[0])
    with pytest.raises(ValueError, match="layout is 'nhwc'; expected auto, hwc, chw"):
        Disentangler("vae", steps=1, layout="nhwc", **SMALL).fit(IMAGES)


@pytest.mark.parametrize("shape", [(6, 8, 8), (6, 8, 8, 3)])
@pytest.mark.parametrize("most", [1, 255])
def test_bytes_in_a_file_are_not_copied(tmp_path, shape, most):
    X = np.memmap(tmp_path / "x", np.uint8, "w+", shape=shape)
    X[:] = np.random.default_rng(0).integers(0, 2, shape) * most
    data = estimator._data(estimator._arranged(X, "plane" if len(shape) == 3 else "channels last"))
    assert np.shares_memory(data.array, X)
    assert set(np.unique(data.take(range(6)))) == {0, 255}
