import numpy as np

from unweave.data import load
from unweave.data.render.skeletons import KEYPOINTS, body, seen


def joint(points, name):
    return points[:, KEYPOINTS.index(name)]


def test_bones_keep_their_lengths_in_every_pose():
    joints = body(200, np.random.default_rng(0))
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
    joints = body(1, np.random.default_rng(0)).repeat(2, axis=0)
    front, back = seen(joints, np.array([[0, 0, 0], [np.pi, 0, 0]]))
    left = KEYPOINTS.index("left_hip")
    assert front[left, 0] > 0 > back[left, 0]


def test_a_roll_turns_the_picture():
    joints = body(1, np.random.default_rng(0)).repeat(2, axis=0)
    still, turned = seen(joints, np.array([[0.4, 0.2, 0], [0.4, 0.2, 0.3]]))
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    np.testing.assert_allclose(turned, still @ turn.T, atol=1e-12)


def test_views_of_one_pose_are_one_group_centred_and_scaled():
    bodies = load("skeletons", poses=50, views=3)
    assert bodies.info.shape == (26,)
    assert np.array_equal(bodies.groups, np.repeat(np.arange(50), 3))
    points = bodies.array.reshape(-1, 13, 2)
    np.testing.assert_allclose(joint(points, "left_hip") + joint(points, "right_hip"), 0, atol=1e-6)
    trunk = np.stack([joint(points, f"{s}_{p}") for s in ("left", "right") for p in ("shoulder", "hip")], 1)
    apart = np.linalg.norm(trunk[:, :, None] - trunk[:, None], axis=-1).max((1, 2))
    np.testing.assert_allclose(apart, 0.5, atol=1e-6)
    assert bodies.factor_names == ("azimuth", "elevation", "roll")
    assert np.abs(bodies.labels[:, 1:]).max() <= np.pi / 6 + 1e-6
