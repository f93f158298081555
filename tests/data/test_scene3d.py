import numpy as np
import pytest

from unweave.data import load
from unweave.data.render.scene3d import DISTANCE, HEIGHT, VIEW, cast
from unweave.data.render.solids import normals, solid, trace


def test_the_grid_is_that_of_3d_shapes():
    scene = load("scene3d", size=16)
    assert scene.factors.names == (
        "floor_hue",
        "wall_hue",
        "object_hue",
        "scale",
        "shape",
        "orientation",
    )
    assert scene.factors.sizes == (10, 10, 10, 8, 4, 15)
    assert len(scene) == 480_000
    assert scene.info.shape == (3, 16, 16)


def test_each_hue_colours_its_own_surface_and_no_other():
    scene = load("scene3d", size=32)
    base = np.array([0, 3, 6, 4, 2, 7])
    first = scene.images(base[None])[0].astype(int)
    moved = {}
    for k in range(3):
        v = base.copy()
        v[k] = (v[k] + 5) % 10
        moved[k] = np.abs(scene.images(v[None])[0].astype(int) - first).max(0) > 60
    floor, wall, thing = moved[0], moved[1], moved[2]
    assert floor[-1].all()
    assert wall[8].all()
    assert thing[17:20, 15:17].all()
    assert not (floor & wall).any()
    assert ((floor & thing) | (wall & thing)).sum() < 20  # pixels of the solid's border
    assert not (floor | wall | thing)[0].any()  # the sky
    assert (floor | wall | thing)[5:].mean() > 0.95


def test_a_larger_scale_covers_more():
    covered = [(cast(scale, 1, 10.0, 32)[2] > 0).sum() for scale in np.linspace(0.75, 1.25, 8)]
    assert covered == sorted(set(covered))


def test_orientations_mirror_the_room_but_for_the_light():
    sky = [cast(1.0, 2, orientation, 32)[3].reshape(32, 32) for orientation in (-20.0, 20.0)]
    assert np.array_equal(sky[0], sky[1][:, ::-1])
    assert not np.array_equal(sky[0], sky[1])


def test_a_centred_sphere_covers_the_disc_that_perspective_says():
    """A sphere of radius r at distance d fills a cone of half angle asin(r / d): an ellipse of known solid angle."""
    size, scale = 64, 1.0
    radius = 0.75 * scale
    share = cast(scale, 2, 0.0, size)[2].reshape(size, size) > 0
    distance = np.hypot(DISTANCE, HEIGHT - radius)
    half_width = np.tan(np.arcsin(radius / distance)) / VIEW * size / 2
    covered = share.any(0).sum()
    assert abs(covered - 2 * half_width) <= 2


@pytest.mark.parametrize(
    ("shape", "point", "away"),
    [
        (0, (2.8, 0.8, 0.0), 2.0),  # a cube of half edge 0.8
        (0, (0.8 + 3, 1.6 + 4, 0.0), 5.0),  # from its edge
        (1, (0.75 + 1, 0.85, 0.0), 1.0),  # a cylinder of radius 0.75
        (1, (0.0, 1.7 + 0.5, 0.0), 0.5),
        (2, (0.0, 1.0, 3.0), 2.0),  # a sphere of radius 1 standing on the floor
        (3, (0.65 + 1, 1.2, 0.0), 1.0),  # a capsule of radius 0.65
        (3, (0.0, 2.4 + 1, 0.0), 1.0),
    ],
)
def test_distances_to_the_solids(shape, point, away):
    distance, _ = solid(shape, 1.0)
    assert distance(np.array([point], dtype=np.float32))[0] == pytest.approx(away, abs=1e-5)


def test_a_ray_meets_the_sphere_where_it_is_and_the_normal_points_out():
    distance, height = solid(2, 1.0)
    start = np.array([[0, 1, 5], [0, 3.5, 5], [0, 1, 50]], dtype=np.float32)
    along = np.tile(np.array([[0, 0, -1]], dtype=np.float32), (3, 1))
    hit, at = trace(start, along, distance, 20.0)
    assert hit.tolist() == [True, False, False]
    assert at[0] == pytest.approx([0, 1, 1], abs=5e-3)
    assert normals(at[:1], distance)[0] == pytest.approx([0, 0, 1], abs=1e-3)
    assert height == 2
