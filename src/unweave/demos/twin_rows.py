"""Measurements of a model and its twin as rows of text, for the page and for printing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.demos.twin_factors import Codes, limit
from unweave.demos.twin_model import Pair
from unweave.metrics import METRICS
from unweave.metrics.base import Score
from unweave.report.tiles import minus

HALF_A_LEVEL = 0.5 / 255  # of a pixel of 8 bits


@dataclass(frozen=True)
class Row:
    """One quantity of the model and of its twin, as text.

    about: what it is, or the difference of the two. noise: the score with shuffled factors; "" for
    quantities that are not scores.
    """

    name: str
    model: str
    twin: str
    about: str
    noise: str = ""


def rows_of_model(pair: Pair) -> list[Row]:
    """Images, likelihoods and ELBO of a VAE and its twin, then the scores."""
    model = pair.model
    twin = pair.twin
    images = f"no pixel differs by more than {255 * pair.apart:.1g} of 255 levels"
    return [
        Row("images decoded", "", same(pair.apart < HALF_A_LEVEL), images),
        likelihoods("log p(x), nats", model.log_p, twin.log_p),
        likelihoods("ELBO, diagonal posterior", model.bound, twin.bound),
        *rows_of_scores(model.scores, twin.scores),
    ]


def rows_of_factors(codes: Codes, twin: Codes) -> list[Row]:
    """Distributions of the factors as codes and of their twin, then the scores."""
    allowed = limit(len(codes.values))
    chance = f"distance to the marginals (Kolmogorov-Smirnov); chance allows {allowed:.3f}"
    return [
        Row("off the marginals", f"{codes.apart:z.3f}", f"{twin.apart:z.3f}", chance),
        likelihoods("log p(z), nats", codes.log_prior, twin.log_prior),
        *rows_of_scores(codes.scores, twin.scores),
    ]


def likelihoods(name: str, of: NDArray[np.float64], twin: NDArray[np.float64]) -> Row:
    """Two means over the same rows, and the mean of the differences with its standard error."""
    difference = minus(str(mean(twin - of)))
    about = f"difference {difference}, over {len(of):,} rows"
    return Row(name, minus(str(mean(of))), minus(str(mean(twin))), about)


def mean(values: NDArray[np.float64]) -> Score:
    """The mean of values (n,) with its standard error."""
    return Score(float(values.mean()), error=float(values.std(ddof=1) / math.sqrt(len(values))))


def rows_of_scores(of: Mapping[str, Score], twin: Mapping[str, Score]) -> list[Row]:
    """The scores of both, metric by metric."""
    rows = []
    for name, score in of.items():
        noise = as_text(Score(score.null)) or "not measured"
        rows.append(Row(name, as_text(score), as_text(twin[name]), METRICS[name][1], noise))
    return rows


def as_text(score: Score) -> str:
    """A score with its error, "" if undefined.

    Three decimals where the error is unknown or below 0.0005.
    """
    if not math.isfinite(score.value):
        return ""
    if score.error >= 0.0005:
        return minus(str(score))
    return minus(f"{score.value:z.3f}")


def same(equal: bool) -> str:
    """Whether two things are equal, as words."""
    if equal:
        return "the same"
    return "not the same"
