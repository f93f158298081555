import numpy as np

from unweave.data import load
from unweave.data.render.faces import AMBIENT, heads, light


def test_the_grid_is_38_people_by_64_lights():
    faces = load("faces")
    assert faces.factors.names == ("identity", "light_azimuth", "light_elevation")
    assert len(faces) == 38 * 64
    assert faces.info.shape == (1, 32, 32)
    assert load("faces", people=3, levels=50, size=64).info.shape == (1, 64, 64)


def test_light_comes_from_the_front_the_right_and_above():
    towards = light(np.array([0.0, 90, 0]), np.array([0.0, 0, 90]))
    np.testing.assert_allclose(towards, [[0, 0, 1], [1, 0, 0], [0, -1, 0]], atol=1e-6)


def test_an_image_is_albedo_times_ambient_and_shading():
    faces, made = load("faces", people=3), heads(3, 32, 0)
    image = faces.images([[2, 7, 3]])[0, 0] / 255
    towards = light(faces.factors.values[1][[7]], faces.factors.values[2][[3]])[0]
    shading = np.maximum(0, (made.normals[2] * towards).sum(-1))
    np.testing.assert_allclose(
        image, np.clip(made.albedo[2] * (AMBIENT + shading), 0, 1), atol=0.5 / 255 + 1e-6
    )


def test_light_from_the_right_brightens_the_right_half():
    left, right = load("faces").images([[5, 0, 4], [5, 7, 4]]).astype(float)[:, 0]
    assert right[:, 16:].mean() > 2 * right[:, :16].mean()
    assert left[:, :16].mean() > 2 * left[:, 16:].mean()


def test_people_differ_and_stay_who_they_are_when_more_come():
    few, many = heads(3, 32, 0), heads(6, 32, 0)
    assert np.array_equal(few.albedo, many.albedo[:3])
    assert len({a.tobytes() for a in many.albedo}) == 6
    lengths = np.linalg.norm(many.normals, axis=-1)
    np.testing.assert_allclose(lengths[many.albedo > 0], 1, atol=1e-5)
    assert many.albedo[many.albedo > 0].min() >= 0.05
    assert many.albedo.max() <= 1
