"""Beta-VAE score (Higgins et al., 2017): can a linear classifier tell which factor pairs of images
share?
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from unweave.metrics.base import GroupTable, Measured, metric
from unweave.metrics.estimators.classifiers import accuracy, logistic, standardise
from unweave.settings import Setting


@metric(
    measures=("modularity",),
    tables="pairs",
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents", "outlier"),
    protocols=("unweave", "dlib", "dlib-2018"),
    uses=("test",),
    draws=True,
)
def beta_vae_score(
    table: GroupTable,
    *,
    c: Annotated[float, Setting("inverse strength of the penalty", above=0, high=1e9)] = 1.0,
) -> Measured:
    """Beta-VAE score, from 0 to 1, higher is better. It cannot tell a rotation from a disentangled
    code.

    A point is the mean over 64 pairs of |z - z'|, where both images of a pair share the value of
    factor k and differ in the others; the score is the accuracy of a linear classifier of k on test
    points. It is 1 as soon as K - 1 of K factors are disentangled.

    c: inverse strength of the classifier's penalty. parts: `train`, `test` accuracy.

    Source: Higgins et al. 2017, section 3; disentanglement_lib under protocol dlib (10,000 and
        5,000 points).
    **Departures**: points are standardised, so that units of the codes do not matter; raw under
    dlib.
    """
    fit, test = table.summaries(differences)  # (points, D) each
    if not table.protocol.startswith("dlib"):
        fit, test = standardise(fit, test)
    # which factor is fixed, from the differences
    model = logistic(fit, table.fit.fixed, None, table.protocol, table.seed, c)
    train = accuracy(table.fit.fixed, model.predict(fit))
    held_out = accuracy(table.test.fixed, model.predict(test))
    pairs = table.fit.members.shape[1] // 2
    points = f"{table.n} and {len(table.test.fixed)} {table.origin}"
    return Measured(
        held_out,
        f"logistic regression; {points}, {pairs} pairs each",
        pieces={"train": train, "test": held_out},
    )


def differences(groups: np.ndarray) -> np.ndarray:
    """Mean absolute difference within the pairs of each group, (g, 2 P, D) -> (g, D)."""
    even = groups.shape[1] // 2 * 2  # an odd last member has no partner
    return np.abs(groups[:, 0:even:2] - groups[:, 1:even:2]).mean(1)
