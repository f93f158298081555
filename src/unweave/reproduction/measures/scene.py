"""Scene critic: whether two poses show that they are of one clip, by a critic trained afresh.

The scene discriminator of a method may be at chance because it is weak; a new one, trained on
frozen poses and scored on clips that it has not seen, has nothing to do with that (Denton and
Birodkar, 2017). It compares features of each pose, and takes its time: of poses from which a
network reads the shape of an object at .9, one of 800 steps was .52 right, this one .88.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unweave.data.base import Dataset
from unweave.data.classes import factor_number
from unweave.metrics.estimators.classifiers import standardise
from unweave.nets.mlp import layers
from unweave.nets.scene import SceneDiscriminator, same_and_others, scene_loss
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.seen import held_out_or_all
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.seeds.generators import seeded

STEPS = 3_200  # of the critic
BATCH = 80  # clips of a step, at most
WIDTH = 256
DEPTH = 3
TESTED = 40  # pairs of frames of each clip on which the critic is scored


def told_apart(run: Run, *, block: str = "pose", seed: int = 0) -> float:
    """Accuracy of the new critic on codes of held-out clips, .5 (chance) to 1."""
    data = held_out(run)
    codes = run.encode(data.take(np.arange(len(data))))[:, columns_of(run, block)]  # (N, D)
    return accuracy_of_critic(codes, data, seed)


def by_factors(run: Run, *, factors: Sequence[str], seed: int = 0) -> float:
    """The same of true factors: what motion alone tells, which no pose can hide."""
    data = held_out(run)
    own = [factor_number(data, name) for name in factors]
    return accuracy_of_critic(data.factors_at(np.arange(len(data)))[:, own], data, seed)


def held_out(run: Run) -> Dataset:
    """The held-out rows, all rows where there are none. ValueError if they are no clips."""
    data = held_out_or_all(run)
    if data.groups is None:
        raise ValueError(f"{data.name} has no clips, of which a scene critic compares frames")
    return data


def accuracy_of_critic(codes: NDArray[np.floating], data: Dataset, seed: int) -> float:
    """Mean of two accuracies: on pairs of frames of one clip, and of two clips.

    codes: (N, D) of the rows of `data`. The critic is fitted on half of the clips and scored on the
    others. The two frames of a pair are different ones.
    """
    assert data.groups is not None  # of `held_out`
    rng = np.random.default_rng(fold(seed, "scene"))
    names, counts = np.unique(data.groups, return_counts=True)
    clips = rng.permutation(names[counts > 1])
    if len(clips) < 4:
        raise ValueError(
            f"{data.name} has {len(clips)} clips of two frames or more; "
            "a scene critic takes 2 to be fitted on and 2 more"
        )
    half = len(clips) // 2
    fitted = [np.flatnonzero(data.groups == clip) for clip in clips[:half]]
    tested = [np.flatnonzero(data.groups == clip) for clip in clips[half:]]
    (standardised,) = standardise(codes[np.concatenate(fitted)], codes)[1:]
    known = torch.as_tensor(standardised, dtype=torch.float32)  # (N, D)
    critic = fit(known, fitted, seed, rng)
    right = [accuracy(critic(*two_frames(known, tested, rng))) for _ in range(TESTED)]
    return float(np.mean(right))


def fit(
    codes: Tensor, clips: Sequence[NDArray[np.int64]], seed: int, rng: np.random.Generator
) -> SceneDiscriminator:
    """A critic of codes (N, D). clips: the rows of each.

    Each step compares one frame of every clip of a batch with another one of each.
    """
    with seeded(fold(seed, "features"), "cpu"):
        net = nn.Sequential(*layers(codes.shape[1], WIDTH, WIDTH, DEPTH, nn.ReLU()))
        critic = SceneDiscriminator(net, codes.shape[1])
        optimiser = torch.optim.Adam(critic.parameters(), lr=1e-3)
        for _ in range(STEPS):
            some = [clips[i] for i in rng.permutation(len(clips))[:BATCH]]
            first, second = two_frames(codes, some, rng)
            critic.observe(torch.cat([first, second]))
            loss = scene_loss(critic(first, second))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return critic


def two_frames(
    codes: Tensor, clips: Sequence[NDArray[np.int64]], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Codes (B, D) of a frame of each clip, at random, and of another one of it."""
    lengths = np.array([len(rows) for rows in clips])
    first = rng.integers(lengths)
    second = (first + rng.integers(1, lengths)) % lengths
    starts = np.cumsum([0, *lengths[:-1]])
    rows = np.concatenate(clips)
    return codes[rows[starts + first]], codes[rows[starts + second]]


def accuracy(logits: Tensor) -> float:
    """Mean of the shares of logits (B, B) that are right on the diagonal and beside it."""
    same, others = same_and_others(logits)
    return float((same > 0).float().mean() + (others < 0).float().mean()) / 2
