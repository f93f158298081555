"""Disentanglement, completeness, informativeness (Eastwood and Williams, 2018), from importances of
latents.
"""

from __future__ import annotations

import math
from typing import Literal

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import one_class_note
from unweave.metrics.estimators.importances import completeness, disentanglement, fits


@metric(
    measures=("modularity", "compactness", "explicitness"),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018"),
    ranges={
        "informativeness": (-math.inf, 1.0),
        "informativeness_train": (-math.inf, 1.0),
        "error": (0.0, math.inf),
    },
    uses=("test",),
    draws=True,
    errorless=("informativeness_train",),
)
def dci(
    table: Table, *, importances: Literal["boosting", "forest", "lasso", "linear"] = "boosting"
) -> Measured:
    """DCI; the value is the disentanglement D, from 0 to 1, higher is better. C and I are in the
    parts.

    R_jk says how much latent j matters in predicting factor k. With H of base K over a latent's
    shares of R and H of base D over a factor's: D = sum of rho_j (1 - H(R_j.)), rho_j = latent j's
    share of all importance; C = mean over factors of 1 - H(R_.k).

    importances: "boosting": gradient-boosted trees, 100 rounds of depth 3, impurity importances.
        "forest": random forest, 100 trees. "lasso": size of coefficients on standardised codes and
        factor values (penalty 0.02). "linear": the same of a logistic regression, summed over the
        values of a factor.
    parts: `disentanglement`, `completeness`, `informativeness` (test accuracy; R2 for lasso),
        `error` (1 minus it, the paper's informativeness), `informativeness_train`; per latent and
        per factor. matrix: R.

    Source: Eastwood and Williams 2018, section 2; disentanglement_lib under protocol dlib.
    **Departures**: the estimator moves D by up to .5 on a perfect code (a forest's D stops near
    .8), so name it beside the number; completeness is the plain mean of the paper, weighted by
    importance under dlib (equal where columns of R sum to 1).
    """
    found = fits(table, importances)
    weighted = table.protocol.startswith("dlib")
    d, per_latent = disentanglement(found.matrix)
    c, per_factor = completeness(found.matrix, weighted)
    informed = mean(found.test)
    accuracies = {"informativeness": found.test, "informativeness_train": found.train}
    pieces = {
        "disentanglement": d,
        "completeness": c,
        "informativeness": informed,
        "error": 1 - informed,
        "informativeness_train": mean(found.train),
    }
    reasons = []
    if math.isnan(d) and len(table.varying) < 2:
        reasons.append("one factor: no disentanglement, only C and I in the parts")
    if len(found.matrix) < 2:
        reasons.append("one latent: no completeness")
    reasons.append(one_class_note(found.test))
    return Measured(
        d,
        f"{importances}; {table.split_note()}",
        pieces,
        {"disentanglement_per_latent": per_latent},
        {
            "completeness_per_factor": per_factor,
            **{f"{name}_per_factor": part for name, part in accuracies.items()},
        },
        found.matrix,
        "; ".join(reason for reason in reasons if reason),
        table.sides()[0].n,
    )
