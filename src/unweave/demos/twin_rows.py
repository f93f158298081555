"""What is measured of a model and of its twin, as rows of text: for the table of the page, and to print."""

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
    """One quantity of the model and of its twin, as text. about: what it is, or how far apart the two are.

    noise: what a score is where the factors are shuffled; "" for what is no score.
    """

    name: str
    model: str
    twin: str
    about: str
    noise: str = ""


def rows_of_model(pair: Pair) -> list[Row]:
    """What images can tell of a VAE and its twin, then the scores."""
    of, twin = pair.model, pair.twin
    images = f"no pixel differs by more than {255 * pair.apart:.1g} of 255 levels"
    return [
        Row("images decoded", "", same(pair.apart < HALF_A_LEVEL), images),
        likelihoods("log p(x), nats", of.log_p, twin.log_p),
        likelihoods("ELBO, diagonal posterior", of.bound, twin.bound),
        *rows_of_scores(of.scores, twin.scores),
    ]


def rows_of_factors(codes: Codes, twin: Codes) -> list[Row]:
    """What distributions can tell of the factors as codes and of their twin, then the scores."""
    chance = f"distance to the marginals (Kolmogorov-Smirnov); chance allows {limit(len(codes.values)):.3f}"
    return [
        Row("off the marginals", f"{codes.apart:z.3f}", f"{twin.apart:z.3f}", chance),
        likelihoods("log p(z), nats", codes.log_prior, twin.log_prior),
        *rows_of_scores(codes.scores, twin.scores),
    ]


def likelihoods(name: str, of: NDArray[np.float64], twin: NDArray[np.float64]) -> Row:
    """Two means over the same rows, and the mean of the differences with its standard error."""
    model, other, gap = (minus(str(mean(values))) for values in (of, twin, twin - of))
    return Row(name, model, other, f"difference {gap}, over {len(of):,} rows")


def mean(values: NDArray[np.float64]) -> Score:
    """The mean of values (n,) with its standard error."""
    return Score(float(values.mean()), error=float(values.std(ddof=1) / math.sqrt(len(values))))


def rows_of_scores(of: Mapping[str, Score], twin: Mapping[str, Score]) -> list[Row]:
    """Every score before and after."""
    return [
        Row(name, told(score), told(twin[name]), METRICS[name][1], told(Score(score.null)) or "not measured")
        for name, score in of.items()
    ]


def told(score: Score) -> str:
    """A score and its error as text, to three decimals where no error, or a smaller one, is known; "" if undefined."""
    if not math.isfinite(score.value):
        return ""
    return minus(str(score) if score.error >= 0.0005 else f"{score.value:z.3f}")


def same(so: bool) -> str:
    """The word for it."""
    return "the same" if so else "not the same"
