"""Scene critic: whether two poses show that they are of one clip, by a critic trained afresh.

The scene discriminator of a method may be at chance because it is weak; a new one, trained on
frozen poses and scored on clips that it has not seen, has nothing to do with that (Denton and
Birodkar, 2017). The better of two counts: a network of both poses side by side, which is blind
where what leaks depends on the position, and one that compares features of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from unweave.data.base import Dataset
from unweave.data.classes import factor_number
from unweave.metrics.estimators.classifiers import accuracy, standardise
from unweave.nets.mlp import layers
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.seen import held_out_or_all
from unweave.reproduction.measures.use import predicted
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.seeds.generators import seeded

FITTED = 10_000  # pairs
TESTED = 4_000
STEPS = 800  # of the critic that compares features
BATCH = 64  # clips of a step, at most
WIDTH = 128


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

    codes: (N, D) of the rows of `data`. The critics are fitted on half of the clips and scored on
    the others.
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
    side_by_side = predicted(x, y, x_test, "network")
    compared = same_by_features(codes, data.groups, clips[:half], x_test, seed, rng)
    return max(accuracy(y_test, side_by_side), accuracy(y_test, compared))


def same_by_features(
    codes: NDArray[np.floating],
    groups: NDArray[np.int64],
    clips: NDArray[np.int64],
    x_test: NDArray[np.floating],
    seed: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Whether pairs of codes x_test (n, 2 D) are of one clip, (n,), by features of each code.

    The logit is a scaled product of the features f(p) . f(p'), fitted on frames of `clips`: each
    step compares one frame of every clip of a batch with another one of each.
    """
    frames = [np.flatnonzero(groups == clip) for clip in clips]
    rows = np.concatenate(frames)
    fitted, first, second = standardise(codes[rows], *np.split(x_test, 2, axis=1))
    starts = np.cumsum([0, *map(len, frames)])  # rows of clip i in `fitted`: starts[i] and on
    with seeded(fold(seed, "features"), "cpu"):
        features = nn.Sequential(*layers(fitted.shape[1], WIDTH, WIDTH, 2, nn.ReLU()))
        bias = nn.Parameter(torch.zeros(()))
        optimiser = torch.optim.Adam([*features.parameters(), bias], lr=1e-3)
        known = torch.as_tensor(fitted, dtype=torch.float32)
        for _ in range(STEPS):
            some = rng.permutation(len(clips))[:BATCH]
            two = [starts[i] + rng.choice(len(frames[i]), 2, replace=False) for i in some]
            a, b = features(known[np.stack(two, 1).ravel()]).chunk(2)  # (B, WIDTH) each
            loss = _all_pairs(a @ b.T / WIDTH**0.5 + bias)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        a = features(torch.as_tensor(first, dtype=torch.float32))
        b = features(torch.as_tensor(second, dtype=torch.float32))
        return ((a * b).sum(1) / WIDTH**0.5 + bias > 0).numpy().astype(np.int64)


def _all_pairs(logits: Tensor) -> Tensor:
    """Cross-entropy of logits (B, B), of one clip on the diagonal; half its weight is of others."""
    same = logits.diagonal()
    others = logits[~torch.eye(len(logits), dtype=torch.bool)]
    return F.softplus(-same).mean() + F.softplus(others).mean()


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
