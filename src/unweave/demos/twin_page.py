"""A model beside its twin as a page: bars, maps, clouds and strips for the template to draw."""

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
from unweave.report.page import environment
from unweave.report.scatter import scatter
from unweave.report.sections import section
from unweave.report.tiles import Tile, minus
from unweave.report.views import Absent, Traversal, Views

IMAGES = 12
STRIPS = 8  # latents at most


def render(views: Views, twin: TwinViews, pair: Pair, codes: Codes, twin_codes: Codes) -> str:
    """The page as text."""
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
        "factor_scores": score_bars({name: codes.scores[name] for name in DEFAULT}, twin_codes.scores),
    }
    return environment().get_template("impossibility.html").render(title="Two models no image can tell apart", **shown)


def tiles(pair: Pair) -> list[Tile]:
    """The numbers one looks for first."""
    gap = mean(pair.twin.log_p - pair.model.log_p)
    found = [
        Tile("images decoded", same(pair.apart < HALF_A_LEVEL), f"to {255 * pair.apart:.1g} of 255 levels"),
        Tile("log p(x)", same(abs(gap.value) < 3 * gap.error), f"difference {minus(str(gap))} nats"),
    ]
    for name in ("mig", "dci"):
        before, after = _brief((pair.model.scores[name].value, pair.twin.scores[name].value))
        found.append(Tile(name, f"{before} → {after}", "from the model to its twin"))
    return found


def likelihood_bars(pair: Pair) -> bars.Bars:
    """The mean of log p(x) under both as bars."""
    values = float(pair.model.log_p.mean()), float(pair.twin.log_p.mean())
    return bars.bars("log p(x)", ["log p(x)"], [values], [(minus(f"{values[0]:z.1f}"), minus(f"{values[1]:z.1f}"))])


def score_bars(of: Mapping[str, Score], twin: Mapping[str, Score]) -> bars.Bars:
    """Scores before and after as bars, those that are defined."""
    names = [name for name, score in of.items() if math.isfinite(score.value)]
    values = [(of[name].value, twin[name].value) for name in names]
    floors = [of[name].null for name in names]
    return bars.bars("scores of the model and of its twin", names, values, [_brief(pair) for pair in values], floors)


def strips(views: Views, twin: TwinViews) -> dict[str, Any]:
    """The traversals of both from the code of one image, latent by latent."""
    views.pictures()
    mine, others = views.traversals(STRIPS), twin.traversals(STRIPS)
    if not mine:
        raise Absent("No latent is active: every code is the same, so there is nothing to traverse.")
    start = pictures.grid(views.start[0][:1], 1, "the image that all rows start from")
    return {"start": start, "rows": [(a.name, _strip(a), _strip(b)) for a, b in zip(mine, others, strict=True)]}


def reconstructions(views: Views, twin: TwinViews) -> list[tuple[str, pictures.Picture]]:
    """Images, and what both make of them."""
    images, mine = views.reconstructions(IMAGES)
    given = {"image": images, "the model": mine, "its twin": twin.run.reconstruct(images)}
    return [(name, pictures.grid(these, len(these), name)) for name, these in given.items()]


def maps(views: Views, pair: Pair) -> list[heatmap.Heatmap]:
    """What each latent in use knows of each factor that varies, before and after, on one scale; none if not measured."""
    found, factors = [], views.run.info.factor_names or ("class",)
    latents = [latent for latent in views.latents if latent.active] or views.latents
    for title, side in (("the model", pair.model), ("its twin", pair.twin)):
        score = side.scores["mig"]
        if score.matrix is None or score.matrix.shape[1] != len(factors):
            return []
        entropy = np.array([h if h else math.nan for h in score.parts["entropy"]], dtype=float)
        varies = np.flatnonzero(np.isfinite(entropy))
        shares = (score.matrix / entropy)[[latent.column for latent in latents]][:, varies]
        names = [latent.name for latent in latents], [factors[k] for k in varies]
        found.append(heatmap.heatmap(title, shares, *names, "of the factor’s entropy", top=1.0))
    return found


def clouds(codes: Codes, twin: Codes) -> list[Any]:
    """Both tables of codes as points, coloured by the first factor."""
    limits, factor = np.array([[-1.0, -3.0], [1.0, 3.0]]), codes.values[:, 0]
    titled = (("The factors as codes", codes), ("Their twin", twin))
    return [scatter(title, side.values, factor, limits, ("code 1", "code 2")) for title, side in titled]


def _strip(traversal: Traversal) -> pictures.Picture:
    return pictures.grid(traversal.frames[0], len(traversal.frames[0]), f"{traversal.name} from low to high")


def _brief(values: tuple[float, float]) -> tuple[str, str]:
    first, second = (f"{value:z.2f}" if math.isfinite(value) else "–" for value in values)
    return first, second
