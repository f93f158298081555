"""What each latent knows of each factor: the matrices behind a run's scores, as heat maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from unweave.metrics.base import Score
from unweave.report import heatmap
from unweave.report.heatmap import Heatmap
from unweave.report.views import Absent, Views
from unweave.runs.run import Run

ROWS = 64  # latents in a heat map


def matrices(views: Views, found: Mapping[str, Score]) -> list[Heatmap]:
    """Every different matrix of latents by factors behind the scores; measured here if there is none."""
    about = "as evaluated"
    given = {name: score for name, score in found.items() if score.matrix is not None and score.matrix.ndim == 2}
    given = dict(sorted(given.items(), key=lambda item: "entropy" not in item[1].parts))  # information first
    if not given:
        score, about = views.mutual_information()
        if score.matrix is None:
            raise Absent(f"No matrix of codes and factors could be measured: {score.reason}.")
        given = {"mig": score}
    different: dict[str, Score] = {}
    for name, score in given.items():
        if not any(_same(score.matrix, other.matrix) for other in different.values()):
            different[name] = score
    return [_heatmap(views, name, score, about) for name, score in different.items()]


def _same(a: NDArray[np.floating] | None, b: NDArray[np.floating] | None) -> bool:
    return a is not None and b is not None and a.shape == b.shape and np.allclose(a, b, equal_nan=True)


def _heatmap(views: Views, name: str, score: Score, about: str) -> Heatmap:
    """A matrix with its latents in the order of the traversals and its factors by name."""
    assert score.matrix is not None
    matrix, unit, title = score.matrix, "", f"Behind {name}"
    if "entropy" in score.parts:  # nats of information beside the nats there are to know
        entropy = np.asarray(score.parts["entropy"], dtype=float)
        matrix = matrix / np.where(entropy > 0, entropy, np.nan)
        unit, title = "information, as a share of the factor’s entropy", "What each latent knows"
    columns = factor_names(views.run, matrix.shape[1])
    names, order = _latent_names(views, matrix.shape[0], score.parts.get("columns"))
    if len(order) > ROWS:
        about = f"{about}, the {ROWS} most used of {len(order):,} latents"
    return heatmap.heatmap(title, matrix[order[:ROWS]], names[:ROWS], columns, unit, about)


def factor_names(run: Run, count: int) -> list[str]:
    """What the factors of a run's data are called."""
    if len(run.info.factor_names) == count:
        return list(run.info.factor_names)
    return ["class"] if count == 1 else [f"factor {k}" for k in range(count)]


def _latent_names(views: Views, count: int, columns: Iterable[int] | None) -> tuple[list[str], list[int]]:
    """Names and rows of the scored columns, most used first where that is known. columns: which they are, if chosen."""
    try:
        latents = {latent.column: latent for latent in views.latents}
    except Absent:
        latents = {}
    if columns is None and len(latents) != count:
        return [f"z{j}" for j in range(count)], list(range(count))
    scored = sorted(latents) if columns is None else [int(column) for column in columns]
    use = [latents[column].use if column in latents else 0.0 for column in scored]
    order = sorted(range(len(scored)), key=lambda i: -use[i])
    return [latents[j].name if (j := scored[i]) in latents else f"z{j}" for i in order], order
