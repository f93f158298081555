from pathlib import Path

import numpy as np
import pytest

from unweave.data import load
from unweave.data.render import sprites

FRAMES = np.load(Path(__file__).parents[1] / "golden" / "dsprites_frames.npz")


def animation():
    """Factor indices (320, 5) of the published animation, frame by frame: heart, then ellipse, then square."""
    grow = [(scale, 0, 0, 0) for scale in range(6)]
    turn = [(5, orientation, 0, 0) for orientation in range(40)]
    down, right = [(5, 0, 0, y) for y in range(32)], [(5, 0, x, 31) for x in range(32)]
    up, left = [(5, 0, 31, y) for y in range(31, -1, -1)], [(5, 0, x, 0) for x in range(31, -1, -1)]
    frames = []
    for shape, around in ((2, down + right + up + left), (1, []), (0, [])):
        frames += [(shape, *v) for v in grow + grow[::-1] + grow + turn + around + grow[::-1]]
    return np.array(frames)


def test_the_published_frames_come_out_pixel_for_pixel():
    v = animation()
    assert len(v) == 320
    drawn = sprites.draw(v[FRAMES["index"]])[:, 0]
    wrong = (drawn != 255 * FRAMES["frames"]).sum((1, 2))
    assert wrong.tolist() == [0] * 240


def test_the_first_image_is_a_small_square_at_the_first_position():
    first = load("dsprites").take([0])[0, 0]
    rows, columns = np.nonzero(first)
    # side 9.6 around 15.5: pixel centres 11 to 20
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (11, 20, 11, 20)
    assert (first > 0).sum() == 100
    assert set(np.unique(first)) == {0, 255}


def test_x_is_the_column_and_y_the_row():
    dsprites = load("dsprites")
    here, right, below = dsprites.images([[1, 3, 7, 0, 0], [1, 3, 7, 31, 0], [1, 3, 7, 0, 31]])
    assert np.array_equal(np.roll(here, 32, axis=2), right)
    assert np.array_equal(np.roll(here, 32, axis=1), below)


def test_a_full_turn_is_no_turn_and_symmetric_shapes_repeat():
    v = np.array([[s, 5, o, 4, 9] for s in range(3) for o in (0, 39)])
    images = sprites.draw(v)
    for first, last in ((0, 1), (2, 3), (4, 5)):
        assert np.array_equal(images[first], images[last])
    hearts = sprites.draw(np.array([[2, 5, o, 0, 0] for o in range(39)]))
    assert len({image.tobytes() for image in hearts}) == 39


@pytest.mark.parametrize("shape", range(3))
def test_every_sprite_is_the_set_of_pixel_centres_inside_its_outline(shape):
    """Against a direct test of each pixel's centre, by the winding of the outline around it."""
    rng = np.random.default_rng(shape)
    v = sprites.SPACE.sample(12, rng, fixed={"shape": shape})
    for image, (_, scale, orientation, x, y) in zip(sprites.draw(v), v, strict=True):
        turn = np.exp(-1j * sprites.SPACE.values[2][orientation])
        corners = sprites.outlines()[shape] @ [1, 1j] * turn * sprites.SPACE.values[1][scale]
        corners = corners + 15.5 + 32 * x / 31 + 1j * (15.5 + 32 * y / 31)
        from_centre = corners - (np.arange(64) + 1j * np.arange(64)[:, None])[:, :, None]
        winding = np.angle(np.roll(from_centre, -1, 2) / from_centre).sum(2) / (2 * np.pi)
        assert np.array_equal(image[0] > 0, np.abs(winding) > 0.5)


def test_no_sprite_touches_the_border():
    v = np.array(
        [[s, 5, o, x, y] for s in range(3) for o in range(40) for x in (0, 31) for y in (0, 31)]
    )
    images = sprites.draw(v)
    assert images[:, :, [0, -1]].max() == 0
    assert images[:, :, :, [0, -1]].max() == 0
