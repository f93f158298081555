"""HTML page of a model and its entangled twin: bars, heat maps, scatter plots, traversals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from unweave.demos.twin_factors import Codes
from unweave.demos.twin_model import Pair, TwinViews
from unweave.demos.twin_rows import HALF_A_LEVEL, mean, rows_of_factors, rows_of_model, same
from unweave.evaluation.scoring import DEFAULT
from unweave.metrics.base import Score
from unweave.report import bars, heatmap, pictures
from unweave.report.absent import Absent
from unweave.report.page import environment
from unweave.report.scatter import scatter
from unweave.report.sections import section
from unweave.report.tiles import Tile, minus
from unweave.report.traversal import Traversal
from unweave.report.views import Views

IMAGES = 12  # shown with their reconstructions
STRIPS = 8  # latents traversed at most


def render(views: Views, twin: TwinViews, pair: Pair, codes: Codes, twin_codes: Codes) -> str:
    """The HTML text of the page."""
    of_factors = {name: codes.scores[name] for name in DEFAULT}
    shown = {
        "rows": rows_of_model(pair),
        "tiles": tiles(pair),
        "factor_rows": rows_of_factors(codes, twin_codes),
        "source": f"{len(pair.model.log_p):,} images {views.source[1]}",
        "run": views.run.path.name,
        "what": f"{views.run.config.method.name} on {views.run.config.data.name}",
        "strips": section(lambda: strips(views, twin)),
        "again": section(lambda: reconstructions(views, twin)),
        "likely": likelihood_bars(pair),
        "scores": score_bars(pair.model.scores, pair.twin.scores),
        "maps": maps(views, pair),
        "clouds": clouds(codes, twin_codes),
        "factor_scores": score_bars(of_factors, twin_codes.scores),
    }
    template = environment().get_template("impossibility.html")
    return template.render(title="Two models no image can tell apart", **shown)


def tiles(pair: Pair) -> list[Tile]:
    """Key figures: difference of pixels and of likelihoods, MIG and DCI of both."""
    images = f"to {255 * pair.apart:.1g} of 255 levels"
    gap = mean(pair.twin.log_p - pair.model.log_p)
    likelihoods = f"difference {minus(str(gap))} nats"
    found = [
        Tile("images decoded", same(pair.apart < HALF_A_LEVEL), images),
        Tile("log p(x)", same(abs(gap.value) < 3 * gap.error), likelihoods),
    ]
    for name in ("mig", "dci"):
        before, after = _brief((pair.model.scores[name].value, pair.twin.scores[name].value))
        found.append(Tile(name, f"{before} → {after}", "from the model to its twin"))
    return found


def likelihood_bars(pair: Pair) -> bars.Bars:
    """The mean of log p(x) under both models as bars."""
    model = float(pair.model.log_p.mean())
    twin = float(pair.twin.log_p.mean())
    texts = (minus(f"{model:z.1f}"), minus(f"{twin:z.1f}"))
    return bars.bars("log p(x)", ["log p(x)"], [(model, twin)], [texts])


def score_bars(of: Mapping[str, Score], twin: Mapping[str, Score]) -> bars.Bars:
    """The defined scores of both as bars."""
    names = [name for name, score in of.items() if math.isfinite(score.value)]
    values = [(of[name].value, twin[name].value) for name in names]
    floors = [of[name].null for name in names]
    texts = [_brief(pair) for pair in values]
    return bars.bars("scores of the model and of its twin", names, values, texts, floors)


def strips(views: Views, twin: TwinViews) -> dict[str, Any]:
    """Latent traversals of both models from the code of one image.

    Raises Absent if no latent is active.
    """
    views.pictures()
    of_model = views.traversals(STRIPS)
    of_twin = twin.traversals(STRIPS)
    if not of_model:
        raise Absent(
            "No latent is active: every code is the same, so there is nothing to traverse."
        )
    start = pictures.grid(views.start[0][:1], 1, "the image that all rows start from")
    rows = [(a.name, _strip(a), _strip(b)) for a, b in zip(of_model, of_twin, strict=True)]
    return {"start": start, "rows": rows}


def reconstructions(views: Views, twin: TwinViews) -> list[tuple[str, pictures.Picture]]:
    """Images and their reconstructions by both models, by name."""
    images, by_model = views.reconstructions(IMAGES)
    rows = {"image": images, "the model": by_model, "its twin": twin.run.reconstruct(images)}
    return [(name, pictures.grid(row, len(row), name)) for name, row in rows.items()]


def maps(views: Views, pair: Pair) -> list[heatmap.Heatmap]:
    """Heat maps of active latents by factors for both models, on one scale, if measured."""
    factors = views.run.info.factor_names or ("class",)
    latents = [latent for latent in views.latents if latent.active] or views.latents
    columns = [latent.column for latent in latents]
    found = []
    for title, side in (("the model", pair.model), ("its twin", pair.twin)):
        score = side.scores["mig"]
        if score.matrix is None or score.matrix.shape[1] != len(factors):
            return []
        # Mutual information (D, K) over entropy (K,), for factors that vary.
        entropy = np.array(score.parts["entropy"], dtype=float)
        entropy[entropy == 0] = np.nan
        varies = np.flatnonzero(np.isfinite(entropy))
        shares = (score.matrix / entropy)[columns][:, varies]
        row_names = [latent.name for latent in latents]
        column_names = [factors[k] for k in varies]
        unit = "of the factor’s entropy"
        found.append(heatmap.heatmap(title, shares, row_names, column_names, unit, top=1.0))
    return found


def clouds(codes: Codes, twin: Codes) -> list[Any]:
    """Scatter plots of both tables of codes, coloured by the first factor."""
    limits = np.array([[-1.0, -3.0], [1.0, 3.0]])
    factor = codes.values[:, 0]
    axes = ("code 1", "code 2")
    titled = (("The factors as codes", codes), ("Their twin", twin))
    return [scatter(title, side.values, factor, limits, axes) for title, side in titled]


def _strip(traversal: Traversal) -> pictures.Picture:
    """The frames from the first starting code in a row."""
    frames = traversal.frames[0]
    return pictures.grid(frames, len(frames), f"{traversal.name} from low to high")


def _brief(values: tuple[float, float]) -> tuple[str, str]:
    """Two scores as text, with two decimals; "–" where undefined."""
    texts = ["–", "–"]
    for i, value in enumerate(values):
        if math.isfinite(value):
            texts[i] = f"{value:z.2f}"
    return texts[0], texts[1]
