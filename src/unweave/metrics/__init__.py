"""Metrics of representations: functions of arrays, without a model, a data set or torch.

    from unweave import metrics
    print(metrics.mig(codes, factors))          # codes (N, D), factors (N, K)

`METRICS` is the registry: name -> (module, what it is, in a line). A metric is imported when it is first named.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from unweave.metrics.base import Declares, Groups, Metric, Score
from unweave.metrics.grouping import GroupTable
from unweave.metrics.tables import Table

__all__ = ["METRICS", "Declares", "GroupTable", "Groups", "Metric", "Score", "Table", "get", "names"]

METRICS: dict[str, tuple[str, str]] = {
    "beta_vae_score": ("unweave.metrics.beta_vae_score", "can a linear classifier tell which factor pairs share?"),
    "factor_vae_score": ("unweave.metrics.factor_vae_score", "which latent stands still when one factor is fixed?"),
    "mig": ("unweave.metrics.mig", "mutual information gap: is each factor in one latent?"),
    "modularity": ("unweave.metrics.modularity", "does each latent know of one factor only?"),
    "explicitness": ("unweave.metrics.explicitness", "can a linear classifier read the factors from the code?"),
    "dci": ("unweave.metrics.dci", "disentanglement, completeness, informativeness from importances of latents"),
    "sap": ("unweave.metrics.sap", "how much better does the best latent predict a factor than the next one?"),
    "infomec": ("unweave.metrics.infomec", "InfoM, InfoC, InfoE: modularity, compactness, explicitness by information"),
    "mig_sup": ("unweave.metrics.mig_sup", "the information gap seen from the latents"),
    "rmig": ("unweave.metrics.rmig", "mutual information gap under the stochastic encoder"),
    "jemmig": ("unweave.metrics.jemmig", "one latent for a factor, and nothing else in it"),
    "dcimig": ("unweave.metrics.dcimig", "information gaps of latents, credited to the factors"),
    "med": ("unweave.metrics.med", "disentanglement with mutual information as importance"),
    "mcc": ("unweave.metrics.mcc", "is every factor one latent, up to order and sign?"),
    "class_accuracy": ("unweave.metrics.class_accuracy", "does each category of a code stand for one class?"),
    "r2": ("unweave.metrics.r2", "how much of the factors does a regression on the code explain, straight or bent?"),
    "downstream": ("unweave.metrics.downstream", "how well, and from how few labels, are the factors predicted?"),
    "strong_generalisation": ("unweave.metrics.strong_generalisation", "are factors predicted beside an unseen value?"),
    "fairness": ("unweave.metrics.fairness", "does a prediction depend on a factor that should not matter?"),
    "minimality_sufficiency": ("unweave.metrics.minimality_sufficiency", "is a latent of one factor, and all of it?"),
    "tad": ("unweave.metrics.tad", "which yes-or-no attributes does one latent alone tell?"),
    "snc_nk": ("unweave.metrics.snc_nk", "how much does one latent alone tell, and all but that one?"),
    "dci_es": ("unweave.metrics.dci_es", "how large a model does it take to read the factors?"),
    "irs": ("unweave.metrics.irs", "does a latent hold still while other factors change?"),
    "z_max_variance": ("unweave.metrics.z_max_variance", "which latent moves most when one factor alone varies?"),
    "omes": ("unweave.metrics.omes", "overlap and multiple encoding, from pairs that differ in one factor"),
    "total_correlation": ("unweave.metrics.total_correlation", "dependence of the latents, as if they were Gaussian"),
    "wasserstein_correlation": ("unweave.metrics.wasserstein_correlation", "dependence of the latents, as transport"),
    "pairwise_mi": ("unweave.metrics.pairwise_mi", "mean mutual information of pairs of latents"),
    "factorised_support": (
        "unweave.metrics.factorised_support",
        "does every combination of two latents' values occur?",
    ),
    "dhsic": ("unweave.metrics.dhsic", "joint independence of all latents, by kernels"),
    "active_latents": ("unweave.metrics.active_latents", "how many latents say anything, by KL or by variance"),
    "information_terms": ("unweave.metrics.information_terms", "I(x; z), TC(z) and KLs of latents, from posteriors"),
    "sufficiency": ("unweave.metrics.sufficiency", "does the code know as much of the labels as the image does?"),
    "invariance": ("unweave.metrics.invariance", "does the code know nothing of the nuisances?"),
    "minimality": ("unweave.metrics.minimality", "does the code know nothing of the image but the labels?"),
    "udr": ("unweave.metrics.udr", "do models that were trained apart agree on their latents?"),
    "model_centrality": ("unweave.metrics.model_centrality", "which model do the other models agree with?"),
}


def names() -> list[str]:
    """The names of all metrics."""
    return list(METRICS)


def get(name: str) -> Any:
    """The metric of this name; ValueError with the nearest name if there is none."""
    if name not in METRICS:
        from difflib import get_close_matches

        near = get_close_matches(name, METRICS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(METRICS)}"
        raise ValueError(f"unknown metric {name!r}; {hint}")
    return getattr(import_module(METRICS[name][0]), name)


class _Metrics(ModuleType):
    """The package, in which `mig` is always the metric, also after its file `mig.py` was imported by itself."""

    def __getattr__(self, name: str) -> Any:
        if name not in METRICS:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        # the import system binds every submodule to its package under its file's name
        super().__setattr__(name, getattr(value, name) if name in METRICS and isinstance(value, ModuleType) else value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *METRICS]


sys.modules[__name__].__class__ = _Metrics
