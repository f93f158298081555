import numpy as np

from unweave.data import load
from unweave.data.render import continuous, sprites


def test_on_the_grid_of_dsprites_half_covered_pixels_are_its_border():
    v = sprites.SPACE.sample(150, 0)
    scale, turn, x, y = (sprites.SPACE.values[k][v[:, k]].astype(np.float32) for k in range(1, 5))
    smooth = continuous.draw(v[:, 0], scale, turn, x, y)
    wrong = ((smooth > 127) != (sprites.draw(v) > 0)).sum((1, 2, 3))
    assert wrong.max() <= 2
    assert (wrong == 0).mean() > 0.8


def test_the_grey_adds_up_to_the_area_wherever_the_square_is():
    rng = np.random.default_rng(0)
    scale, turn, x, y = (
        rng.uniform((0.5, 0, 0, 0), (1, 7, 1, 1), size=(200, 4)).astype(np.float32).T
    )
    images = continuous.draw(np.zeros(200, np.int64), scale, turn, x, y)
    np.testing.assert_allclose(images.sum((1, 2, 3)) / 255, (19.2 * scale) ** 2, rtol=0.02)


def test_a_small_change_of_any_factor_changes_the_image_a_little():
    images = load("continuous-dsprites")
    assert images.factors.sizes == (3, 1000, 1000, 1000, 1000)
    assert images.info.n == 3 * 10**12
    here = images.images([[2, 500, 100, 500, 500]])[0].astype(int)
    for k in range(1, 5):
        v = np.array([[2, 500, 100, 500, 500]])
        v[0, k] += 1
        change = np.abs(images.images(v)[0] - here)
        assert 0 < change.sum() / here.sum() < 0.02
    assert load("continuous-dsprites", levels=7).factors.sizes == (3, 7, 7, 7, 7)


def test_rows_far_out_in_the_grid_are_drawn_too():
    images = load("continuous-dsprites")
    last = images.take([0, len(images) - 1])
    assert last.shape == (2, 1, 64, 64)
    assert (last.max((1, 2, 3)) == 255).all()
