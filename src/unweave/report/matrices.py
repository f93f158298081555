"""Heat maps of latents by factors: the matrices behind the scores of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.metrics.base import Score
from unweave.report import heatmap
from unweave.report.absent import Absent
from unweave.report.heatmap import Heatmap
from unweave.report.views import Views
from unweave.runs.run import Run

ROWS = 64  # latents in a heat map


def matrices(views: Views, found: Mapping[str, Score]) -> list[Heatmap]:
    """The distinct matrices (D, K) behind the scores; if there are none, the mutual information.

    Raises Absent if no matrix can be measured.
    """
    about = "as evaluated"
    given = {name: s for name, s in found.items() if s.matrix is not None and s.matrix.ndim == 2}
    # information first
    given = dict(sorted(given.items(), key=lambda item: _entropy(item[1]) is None))
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
    """Whether both matrices are there and equal."""
    if a is None or b is None or a.shape != b.shape:
        return False
    return np.allclose(a, b, equal_nan=True)


def _heatmap(views: Views, name: str, score: Score, about: str) -> Heatmap:
    """A matrix with its latents in the order of the traversals and its factors by name."""
    assert score.matrix is not None
    matrix = score.matrix  # (D, K)
    title = f"Behind {name}"
    unit = ""
    entropy = _entropy(score)
    if entropy is not None:
        # Mutual information (D, K) over the entropy (K,) of each factor, both in nats: a share.
        matrix = matrix / np.where(entropy > 0, entropy, np.nan)
        title = "What each latent knows"
        unit = "information, as a share of the factor’s entropy"
    columns = factor_names(views.run, matrix.shape[1])
    names, order = _latent_names(views, matrix.shape[0], _columns(score))
    if len(order) > ROWS:
        about = f"{about}, the {ROWS} most used of {len(order):,} latents"
    return heatmap.heatmap(title, matrix[order[:ROWS]], names[:ROWS], columns, unit, about)


def _entropy(score: Score) -> NDArray[np.floating] | None:
    """The entropy (K,) of each factor in nats, where the score has it.

    A metric from elsewhere may call something else so.
    """
    found = _numbers(score.parts.get("entropy"))
    if score.matrix is None or found is None or found.shape != score.matrix.shape[1:]:
        return None
    return found


def _columns(score: Score) -> list[int] | None:
    """The scored columns of the code, one for each row of the matrix; None if all were."""
    found = _numbers(score.parts.get("columns"))
    if score.matrix is None or found is None or found.shape != score.matrix.shape[:1]:
        return None
    if not ((found == np.floor(found)) & (found >= 0) & (found < 2**31)).all():
        return None
    return found.astype(int).tolist()


def _numbers(part: Any) -> NDArray[np.floating] | None:
    """A part of a score as an array; None if it is none of numbers."""
    try:
        return np.asarray(part, dtype=float)
    except (TypeError, ValueError):
        return None


def factor_names(run: Run, count: int) -> list[str]:
    """Names of the `count` factors of a run's data; "class" or numbers where they have none."""
    if len(run.info.factor_names) == count:
        return list(run.info.factor_names)
    if count == 1:
        return ["class"]
    return [f"factor {k}" for k in range(count)]


def _latent_names(
    views: Views, count: int, columns: Iterable[int] | None
) -> tuple[list[str], list[int]]:
    """Names and row indices of the scored columns, most used first where the use is known.

    columns: the scored columns of the code; None if all were.
    """
    try:
        latents = {latent.column: latent for latent in views.latents}
    except Absent:
        latents = {}
    if columns is None and len(latents) != count:
        return [f"z{j}" for j in range(count)], list(range(count))
    if columns is None:
        columns = sorted(latents)
    scored = [int(column) for column in columns]
    name_of = {column: latent.name for column, latent in latents.items()}
    use_of = {column: latent.use for column, latent in latents.items()}
    names = [name_of.get(j, f"z{j}") for j in scored]
    use = [use_of.get(j, 0.0) for j in scored]
    order = sorted(range(len(scored)), key=lambda i: -use[i])
    return [names[i] for i in order], order
