"""Metrics of representations: functions of arrays, without a model, a data set or torch.

    from unweave import metrics
    print(metrics.mig(codes, factors))          # codes (N, D), factors (N, K)

`METRICS` is the registry: name -> (module, what it is, in a line). A metric is imported when it is
first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from unweave.metrics.base import Declares, Groups, Metric, Score
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.table import Table

__all__ = [
    "METRICS",
    "Declares",
    "GroupTable",
    "Groups",
    "Metric",
    "Score",
    "Table",
    "get",
    "names",
]

METRICS: dict[str, tuple[str, str]] = {
    "beta_vae_score": (
        "unweave.metrics.scores.beta_vae_score",
        "can a linear classifier tell which factor pairs share?",
    ),
    "factor_vae_score": (
        "unweave.metrics.scores.factor_vae_score",
        "which latent stands still when one factor is fixed?",
    ),
    "mig": ("unweave.metrics.scores.mig", "mutual information gap: is each factor in one latent?"),
    "modularity": (
        "unweave.metrics.scores.modularity",
        "does each latent know of one factor only?",
    ),
    "explicitness": (
        "unweave.metrics.scores.explicitness",
        "can a linear classifier read the factors from the code?",
    ),
    "dci": (
        "unweave.metrics.scores.dci",
        "disentanglement, completeness, informativeness from importances of latents",
    ),
    "sap": (
        "unweave.metrics.scores.sap",
        "how much better does the best latent predict a factor than the next one?",
    ),
    "infomec": (
        "unweave.metrics.scores.infomec",
        "InfoM, InfoC, InfoE: modularity, compactness, explicitness by information",
    ),
    "mig_sup": ("unweave.metrics.scores.mig_sup", "the information gap seen from the latents"),
    "rmig": ("unweave.metrics.scores.rmig", "mutual information gap under the stochastic encoder"),
    "jemmig": ("unweave.metrics.scores.jemmig", "one latent for a factor, and nothing else in it"),
    "dcimig": (
        "unweave.metrics.scores.dcimig",
        "information gaps of latents, credited to the factors",
    ),
    "med": ("unweave.metrics.scores.med", "disentanglement with mutual information as importance"),
    "mcc": ("unweave.metrics.scores.mcc", "is every factor one latent, up to order and sign?"),
    "class_accuracy": (
        "unweave.metrics.scores.class_accuracy",
        "does each category of a code stand for one class?",
    ),
    "r2": (
        "unweave.metrics.scores.r2",
        "how much of the factors does a regression on the code explain, straight or bent?",
    ),
    "downstream": (
        "unweave.metrics.scores.downstream",
        "how well, and from how few labels, are the factors predicted?",
    ),
    "few_labels": (
        "unweave.metrics.scores.few_labels",
        "is the class read off codes of which few are labelled?",
    ),
    "strong_generalisation": (
        "unweave.metrics.scores.strong_generalisation",
        "are factors predicted beside an unseen value?",
    ),
    "fairness": (
        "unweave.metrics.scores.fairness",
        "does a prediction depend on a factor that should not matter?",
    ),
    "minimality_sufficiency": (
        "unweave.metrics.scores.minimality_sufficiency",
        "is a latent of one factor, and all of it?",
    ),
    "tad": ("unweave.metrics.scores.tad", "which yes-or-no attributes does one latent alone tell?"),
    "snc_nk": (
        "unweave.metrics.scores.snc_nk",
        "how much does one latent alone tell, and all but that one?",
    ),
    "dci_es": (
        "unweave.metrics.scores.dci_es",
        "how large a model does it take to read the factors?",
    ),
    "irs": ("unweave.metrics.scores.irs", "does a latent hold still while other factors change?"),
    "z_max_variance": (
        "unweave.metrics.scores.z_max_variance",
        "which latent moves most when one factor alone varies?",
    ),
    "omes": (
        "unweave.metrics.scores.omes",
        "overlap and multiple encoding, from pairs that differ in one factor",
    ),
    "total_correlation": (
        "unweave.metrics.scores.total_correlation",
        "dependence of the latents, as if they were Gaussian",
    ),
    "wasserstein_correlation": (
        "unweave.metrics.scores.wasserstein_correlation",
        "dependence of the latents, as transport",
    ),
    "pairwise_mi": (
        "unweave.metrics.scores.pairwise_mi",
        "mean mutual information of pairs of latents",
    ),
    "factorised_support": (
        "unweave.metrics.scores.factorised_support",
        "does every combination of two latents' values occur?",
    ),
    "dhsic": ("unweave.metrics.scores.dhsic", "joint independence of all latents, by kernels"),
    "active_latents": (
        "unweave.metrics.scores.active_latents",
        "how many latents say anything, by KL or by variance",
    ),
    "information_terms": (
        "unweave.metrics.scores.information_terms",
        "I(x; z), TC(z) and KLs of latents, from posteriors",
    ),
    "sufficiency": (
        "unweave.metrics.scores.sufficiency",
        "does the code know as much of the labels as the image does?",
    ),
    "invariance": (
        "unweave.metrics.scores.invariance",
        "does the code know nothing of the nuisances?",
    ),
    "minimality": (
        "unweave.metrics.scores.minimality",
        "does the code know nothing of the image but the labels?",
    ),
    "udr": (
        "unweave.metrics.scores.udr",
        "do models that were trained apart agree on their latents?",
    ),
    "model_centrality": (
        "unweave.metrics.scores.model_centrality",
        "which model do the other models agree with?",
    ),
}


def names() -> list[str]:
    """The names of all metrics."""
    return list(METRICS)


def get(name: str) -> Any:
    """The metric of this name; ValueError with the nearest name if there is none."""
    if name not in METRICS:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), METRICS, 1)
        hint = f"there are {', '.join(METRICS)}"
        if near:
            hint = f"did you mean {near[0]}?"
        raise ValueError(f"unknown metric {name!r}; {hint}")
    return getattr(import_module(METRICS[name][0]), name)


def __getattr__(name: str) -> Any:
    if name not in METRICS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return get(name)


def __dir__() -> list[str]:
    return [*globals(), *METRICS]
