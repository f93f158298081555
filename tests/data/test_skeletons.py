import numpy as np

from unweave.data import load
from unweave.data.render.skeletons import JOINTS, KEYPOINTS, TURNS, body, random_poses, seen


def bodies_of(n):
    return body(random_poses(n, np.random.default_rng(0)))


def joint(points, name):
    return points[:, KEYPOINTS.index(name)]


def test_bones_keep_their_lengths_in_every_pose():
    joints = bodies_of(200)
    for side in ("left", "right"):
        for a, b, length in (
            ("shoulder", "elbow", 0.58),
            ("elbow", "wrist", 0.52),
            ("hip", "knee", 0.9),
            ("knee", "foot", 0.88),
        ):
            bone = joint(joints, f"{side}_{a}") - joint(joints, f"{side}_{b}")
            np.testing.assert_allclose(np.linalg.norm(bone, axis=1), length, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(joint(joints, "head"), axis=1), 1.44, atol=1e-12)


def test_seen_from_behind_left_is_right():
    joints = bodies_of(1).repeat(2, axis=0)
    front, back = seen(joints, np.array([[0, 0, 0], [np.pi, 0, 0]]))
    left = KEYPOINTS.index("left_hip")
    assert front[left, 0] > 0 > back[left, 0]


def test_a_roll_turns_the_picture():
    joints = bodies_of(1).repeat(2, axis=0)
    still, turned = seen(joints, np.array([[0.4, 0.2, 0], [0.4, 0.2, 0.3]]))
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    np.testing.assert_allclose(turned, still @ turn.T, atol=1e-12)


def test_views_of_one_pose_are_one_group_centred_and_scaled():
    bodies = load("skeletons", poses=50, views=3)
    assert bodies.info.shape == (26,)
    assert np.array_equal(bodies.groups, np.repeat(np.arange(50), 3))
    points = bodies.array.reshape(-1, 13, 2)
    np.testing.assert_allclose(joint(points, "left_hip") + joint(points, "right_hip"), 0, atol=1e-6)
    trunk = np.stack(
        [joint(points, f"{s}_{p}") for s in ("left", "right") for p in ("shoulder", "hip")], 1
    )
    apart = np.linalg.norm(trunk[:, :, None] - trunk[:, None], axis=-1).max((1, 2))
    np.testing.assert_allclose(apart, 0.5, atol=1e-6)
    assert bodies.factor_names == ("azimuth", "elevation", "roll", *JOINTS)
    assert np.abs(bodies.labels[:, 1:3]).max() <= np.pi / 6 + 1e-6


def test_key_points_of_one_pose_and_view_are_those_of_a_second_program():
    """Written apart from this one, with matrices in another order and each side in its own angles."""
    spine = (0.2, 0.3, -0.1)
    left = (-1.2, 0.5, -0.9, -0.6, 0.2, 0.8)  # shoulder x and z, elbow, hip x and z, knee
    right = (0.3, 0.9, -0.4, 0.1, 0.4, 1.5)
    (points,) = seen(body(np.array([[*spine, *left, *right]])), np.array([[2.0, 0.3, -0.2]]))
    expected = {
        "head": (0.1744, 0.5900),
        "left_shoulder": (0.0273, 0.4629),
        "right_elbow": (0.2006, 0.1547),
        "left_wrist": (0.4489, 0.4951),
        "right_hip": (0.0379, -0.0370),
        "left_knee": (0.1058, -0.3183),
        "right_foot": (-0.3168, -0.3427),
    }
    for name, place in expected.items():
        np.testing.assert_allclose(points[KEYPOINTS.index(name)], place, atol=6e-5)


def test_the_labels_are_the_view_and_the_pose():
    bodies = load("skeletons", poses=60, views=2)
    again = seen(body(bodies.labels[:, 3:]), bodies.labels[:, :3])
    np.testing.assert_allclose(again.reshape(len(bodies), -1), bodies.array, atol=1e-6)
    low, high = TURNS["knee"]
    knees = bodies.labels[:, bodies.factor_names.index("right_knee")]
    assert low <= knees.min() < low + 0.2
    assert high - 0.2 < knees.max() <= high
    assert len(np.unique(knees)) == 60
