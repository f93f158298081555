import base64
import io

import numpy as np
from PIL import Image

from unweave.report import pictures


def decoded(picture: pictures.Picture) -> np.ndarray:
    head, _, body = picture.uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))


def test_a_grid_keeps_every_pixel_and_its_gaps_are_transparent():
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 1, 2, 2) * 20
    picture = pictures.grid(images, 2, "three", gap=1)
    found = decoded(picture)
    assert (picture.width, picture.height, picture.columns) == (5, 5, 2)
    assert found.shape == (5, 5, 2)  # grey and alpha
    np.testing.assert_array_equal(found[:2, :2, 0], images[0, 0])
    np.testing.assert_array_equal(found[:2, 3:, 0], images[1, 0])
    np.testing.assert_array_equal(found[3:, :2, 0], images[2, 0])
    alpha = np.array([[1, 1, 0, 1, 1]] * 2 + [[0] * 5] + [[1, 1, 0, 0, 0]] * 2) * 255
    np.testing.assert_array_equal(found[..., 1], alpha)


def test_colour_stays_colour_and_floats_become_the_nearest_byte():
    image = np.zeros((1, 3, 1, 2), np.float32)
    image[0, :, 0, 0] = 1.0, 0.5, -0.2  # out of range is cut
    found = decoded(pictures.grid(image, 1, "colour"))
    np.testing.assert_array_equal(found[0], [[255, 128, 0], [0, 0, 0]])


def test_other_numbers_of_channels_are_averaged():
    image = np.array([10, 20], np.uint8).reshape(1, 2, 1, 1)
    assert decoded(pictures.grid(image, 1, "two channels")) == 15


def test_large_images_are_shrunk_by_averaging():
    image = np.kron(np.array([[0, 255]], np.uint8), np.ones((192, 96), np.uint8))[None, None]
    found = decoded(pictures.grid(image, 1, "large"))
    assert found.shape == (96, 96)
    assert set(found[:, :48].ravel()) == {0}
    assert set(found[:, 48:].ravel()) == {255}


def test_the_width_of_one_image():
    assert pictures.grid(np.zeros((3, 1, 8, 8), np.uint8), 3, "").tile == 8
