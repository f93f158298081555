"""Scene critic: whether two poses show that they are of one clip, by a critic trained afresh.

The scene discriminator of a method may be at chance because it is weak; a new one, trained on
frozen poses and scored on clips that it has not seen, has nothing to do with that (Denton and
Birodkar, 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.classes import factor_number
from unweave.metrics.estimators.classifiers import accuracy
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.seen import held_out_or_all
from unweave.reproduction.measures.use import predicted
from unweave.runs.run import Run
from unweave.seeds import fold

FITTED = 10_000  # pairs
TESTED = 4_000


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
    """Accuracy on pairs of frames: half of them are two frames of one clip, half are of two clips.

    codes: (N, D) of the rows of `data`. The critic is fitted on half of the clips and scored on the
    others.
    """
    assert data.groups is not None  # of `held_out`
    rng = np.random.default_rng(fold(seed, "scene"))
    clips = rng.permutation(np.unique(data.groups))
    if len(clips) < 4:
        raise ValueError(
            f"{data.name} has {len(clips)} clips; a scene critic takes 2 to be fitted on and 2 more"
        )
    half = len(clips) // 2
    x, y = pairs(codes, data.groups, clips[:half], FITTED, rng)
    x_test, y_test = pairs(codes, data.groups, clips[half:], TESTED, rng)
    return accuracy(y_test, predicted(x, y, x_test, "network"))


def pairs(
    codes: NDArray[np.floating],
    groups: NDArray[np.int64],
    clips: NDArray[np.int64],
    n: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Pairs of codes (n, 2 D) of these clips, and whether both are of one clip (n,), half of them.

    The frames of a pair of one clip are different ones.
    """
    frames = [np.flatnonzero(groups == clip) for clip in clips]
    # the clips of both frames of each pair: the same in every second pair, (n,)
    first = rng.integers(len(clips), size=n)
    apart = rng.integers(1, len(clips), size=n)
    same = np.arange(n) % 2
    second = np.where(same == 1, first, (first + apart) % len(clips))
    rows = np.empty((n, 2), dtype=np.int64)
    for i in range(n):
        if same[i]:
            rows[i] = rng.choice(frames[first[i]], 2, replace=False)
        else:
            rows[i] = [rng.choice(frames[first[i]]), rng.choice(frames[second[i]])]
    return codes[rows].reshape(n, -1), same  # (n, 2, D) -> (n, 2 D)
