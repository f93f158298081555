"""Names of people of `faces` from six labelled images of each, without a model of images: baselines of the recipe graph-vae.

    python benchmarks/few_faces.py --seeds 0 1 2

Accuracy on 608 other images. The light moves an image more than the person does, so that a nearest neighbour fails;
a subspace of a person's six images, and linear discriminants after principal components of all images, know that.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from unweave import data

LABELS = 6
TESTED = 608
Named = Callable[[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]], NDArray[np.int64]]


def subspace(
    x: NDArray[np.float64], y: NDArray[np.int64], of: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The person in the span of whose images an image lies most nearly, (N,)."""
    left = []
    for who in range(y.max() + 1):
        basis = np.linalg.svd(x[y == who], full_matrices=False)[2]  # (6, pixels)
        left.append(((of - of @ basis.T @ basis) ** 2).sum(1))
    return np.argmin(left, 0)


def baselines(pictures: NDArray[np.float64], seed: int) -> dict[str, Named]:
    """Ways to name images, each a function of labelled images, their people, and other images."""
    components = PCA(100, random_state=seed).fit(pictures)
    discriminants = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return {
        "nearest neighbour": lambda x, y, of: KNeighborsClassifier(1).fit(x, y).predict(of),
        "subspace": subspace,
        "regression": lambda x, y, of: LogisticRegression(max_iter=2000).fit(x, y).predict(of),
        "network": lambda x, y, of: (
            MLPClassifier((256, 128), alpha=0.01, max_iter=500, random_state=seed)
            .fit(x, y)
            .predict(of)
        ),
        "discriminants": lambda x, y, of: discriminants.fit(components.transform(x), y).predict(
            components.transform(of)
        ),
    }


def main() -> None:
    """Print the accuracy of each baseline on each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    faces = data.load("faces", classes="identity")
    rows = np.arange(len(faces))
    images = faces.take(rows).reshape(len(rows), -1) / 255.0
    people = faces.y
    for seed in given.seeds:
        mixed = np.random.default_rng(seed).permutation(rows)
        tested = mixed[:TESTED]
        rest = mixed[TESTED:]
        labelled = np.concatenate(
            [rest[people[rest] == who][:LABELS] for who in range(people.max() + 1)]
        )
        for name, named in baselines(images[rest], seed).items():
            right = named(images[labelled], people[labelled], images[tested]) == people[tested]
            print(f"seed {seed}  {name:<18} {right.mean():.3f}", flush=True)


if __name__ == "__main__":
    main()
