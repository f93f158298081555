"""Bodies of 17 joints in random poses, each from several directions, as 13 points in the plane.

The setting of view-invariant pose embeddings (Sun et al. 2020, View-invariant probabilistic
embedding for human pose): a pose is a chain of turns at the joints, a view is an azimuth about the
vertical axis, an elevation and a roll.

**Departures**: poses are drawn at random from ranges of joint angles, not recorded from people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.images import ImageData
from unweave.seeds import fold
from unweave.settings import Setting

Array = NDArray[np.float64]
PARTS = ("shoulder", "elbow", "wrist", "hip", "knee", "foot")
KEYPOINTS = ("head", *(f"{side}_{part}" for part in PARTS for side in ("left", "right")))
TRUNK = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
VIEW = ("azimuth", "elevation", "roll")
# joint angles: lowest and highest, radians
TURNS = {
    "spine_x": (-0.3, 0.6),
    "spine_y": (-0.5, 0.5),
    "spine_z": (-0.3, 0.3),
    "shoulder_x": (-2.6, 0.6),
    "shoulder_z": (-0.2, 1.6),
    "elbow": (-2.2, 0.0),
    "hip_x": (-1.5, 0.5),
    "hip_z": (-0.1, 0.6),
    "knee": (0.0, 2.0),
}
LIMBS = ("shoulder_x", "shoulder_z", "elbow", "hip_x", "hip_z", "knee")  # there are two of each
JOINTS = (
    *("spine_x", "spine_y", "spine_z"),
    *(f"left_{name}" for name in LIMBS),
    *(f"right_{name}" for name in LIMBS),
)
AWAY = 4.0  # of the camera, in lengths of the spine


def skeletons(
    root: str | Path | None = None,
    *,
    poses: Annotated[int, Setting("bodies", low=1)] = 2000,
    views: Annotated[int, Setting("directions each is seen from", low=1)] = 4,
    seed: Annotated[int, Setting("of poses and views")] = 0,
) -> ImageData:
    """Vectors (poses * views, 26): x and y of 13 key points; each pose is a group of views.

    The labels are the view and the 15 joint angles, in radians.

    The middle of the hips is at 0, and the longest distance between shoulders and hips is 0.5.
    `root` is not used.
    """
    rng = np.random.default_rng(fold(seed, "skeletons"))
    angles = np.repeat(random_poses(poses, rng), views, axis=0)
    limits = np.array([np.pi, np.pi / 6, np.pi / 6])
    view = rng.uniform(-limits, limits, size=(len(angles), 3))
    names = (*VIEW, *JOINTS)
    return ImageData(
        seen(body(angles), view).reshape(len(angles), -1),
        labels=np.concatenate([view, angles], axis=1),
        factor_names=names,
        factor_kinds=("continuous",) * len(names),
        groups=np.repeat(np.arange(poses), views),
        name="skeletons",
        about="rendered",
    )


def random_poses(n: int, rng: np.random.Generator) -> Array:
    """Joint angles (n, 15) in the order of `JOINTS`, independent and uniform, radians."""
    kinds = [name.removeprefix("left_").removeprefix("right_") for name in JOINTS]
    low, high = np.array([TURNS[kind] for kind in kinds]).T  # (15,) each
    return rng.uniform(low, high, size=(n, len(JOINTS)))


def body(angles: Array) -> Array:
    """The key points (n, 13, 3) at joint angles (n, 15): x to the body's left, y up, z ahead.

    The spine is 1 long. Angles of the right side are those of its mirror image.
    """
    angle = dict(zip(JOINTS, angles.T, strict=True))  # (n,) each
    turns = [_turn(axis, angle[f"spine_{axis}"]) for axis in "yzx"]
    spine = turns[0] @ turns[1] @ turns[2]  # (n, 3, 3)
    up = np.array([0, 1.0, 0])
    left = np.array([1.0, 0, 0])
    # from the hips, which are fixed, outwards: each limb is turned with the one it hangs on
    points = {"head": spine @ (1.44 * up)}
    for name, side in (("left", 1), ("right", -1)):
        shoulder = spine @ (0.96 * up + 0.34 * side * left)
        aside = _turn("z", side * angle[f"{name}_shoulder_z"])
        arm = spine @ aside @ _turn("x", angle[f"{name}_shoulder_x"])
        elbow = shoulder + arm @ (-0.58 * up)
        hip = np.broadcast_to(0.24 * side * left, (len(angles), 3))
        leg = _turn("z", side * angle[f"{name}_hip_z"]) @ _turn("x", angle[f"{name}_hip_x"])
        knee = hip + leg @ (-0.9 * up)
        points[f"{name}_shoulder"] = shoulder
        points[f"{name}_elbow"] = elbow
        points[f"{name}_hip"] = hip
        points[f"{name}_knee"] = knee
        points[f"{name}_wrist"] = elbow + arm @ _turn("x", angle[f"{name}_elbow"]) @ (-0.52 * up)
        points[f"{name}_foot"] = knee + leg @ _turn("x", angle[f"{name}_knee"]) @ (-0.88 * up)
    return np.stack([points[name] for name in KEYPOINTS], axis=1)


def seen(joints: Array, view: Array) -> Array:
    """Key points (n, 13, 3) seen at azimuth, elevation, roll (n, 3), as (n, 13, 2).

    They are centred and scaled.
    """
    azimuth, elevation, roll = view.T
    camera = _turn("z", roll) @ _turn("x", elevation) @ _turn("y", azimuth)  # (n, 3, 3)
    turned = joints @ camera.swapaxes(1, 2)
    # (n, 13, 3) -> (n, 13, 2): perspective
    flat = turned[..., :2] / (turned[..., 2:] + AWAY)
    # (n, 4, 2): both shoulders, then both hips; (n,): their longest distance
    trunk = flat[:, [KEYPOINTS.index(name) for name in TRUNK]]
    apart = np.linalg.norm(trunk[:, :, None] - trunk[:, None], axis=-1).max((1, 2))
    middle = trunk[:, 2:].mean(1, keepdims=True)
    return (flat - middle) / (2 * apart[:, None, None])


def _turn(axis: str, angle: Array) -> Array:
    """Rotations (n, 3, 3) about an axis by angles (n,)."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turns = np.tile(np.eye(3), (len(angle), 1, 1))
    turns[:, i, i] = np.cos(angle)
    turns[:, j, j] = np.cos(angle)
    turns[:, j, i] = np.sin(angle)
    turns[:, i, j] = -np.sin(angle)
    return turns
