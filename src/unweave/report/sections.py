"""One run as the sections of a page: each holds what to show, or says why there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.metrics.base import Score
from unweave.report import curves, facts, heatmap, pictures, scores
from unweave.report.heatmap import Heatmap
from unweave.report.pictures import Picture
from unweave.report.views import Absent, Latent, Sweep, Views
from unweave.run import Run

IMAGES = 24  # shown beside their reconstructions
ACROSS = 12
SAMPLES = 48
LATENTS = 24  # traversals shown at most

UNITS = {"validation elbo": "nats per image, higher is better", "active": f"latents with KL above {0.01} nats"}


@dataclass(frozen=True)
class Section:
    """A part of the page. shown: what its template draws. reason: why there is nothing, if there is nothing."""

    shown: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Strip:
    """A traversal as pictures. bar: its KL as a share of the largest. name, kl, labels and at as in Sweep."""

    sweep: Sweep
    pictures: list[Picture]
    use: str
    bar: float


@dataclass(frozen=True)
class Tile:
    """A number at the top of the page."""

    name: str
    value: str
    unit: str = ""


@dataclass(frozen=True)
class RunPage:
    """Everything the template of one run draws."""

    anchor: str
    title: str
    folder: str
    path: str
    done: bool
    tiles: list[Tile]
    rows: list[scores.Row]
    dots: scores.Dots | None
    reconstructions: Section
    traversals: Section
    samples: Section
    matrices: Section
    charts: list[curves.Chart]
    settings: facts.Rows
    data: facts.Rows
    versions: facts.Rows


def of(run: Run, anchor: str) -> RunPage:
    """The sections of a run."""
    views, found, records = Views(run), scores.read(run.path), run.records()
    rows = scores.rows(found)
    config = run.config
    return RunPage(
        anchor,
        f"{config['method']['name']} on {config['data']['name']}",
        run.path.name,
        str(run.path),
        run.folder.done,
        tiles(run, records, found),
        rows,
        scores.dots(rows),
        section(lambda: reconstructions(views)),
        section(lambda: traversals(views)),
        section(lambda: samples(views)),
        section(lambda: matrices(views, found)),
        charts(records),
        facts.settings(config),
        facts.data(run),
        facts.versions(config),
    )


def section(make: Callable[[], Any]) -> Section:
    """What `make` makes, or the reason why it cannot."""
    try:
        return Section(make())
    except Absent as reason:
        return Section(reason=str(reason))


def tiles(run: Run, records: list[dict[str, Any]], found: Mapping[str, Score]) -> list[Tile]:
    """The numbers one looks for first."""
    last = records[-1] if records else {}
    shown = [Tile("steps", f"{last.get('step', 0):,}", f"of {run.config['loop']['steps']:,}")]
    if "seconds" in last:
        speeds = [r["images_per_s"] for r in records if "images_per_s" in r]
        shown += [Tile("training time", clock(last["seconds"]), f"{np.median(speeds):,.0f} images/s")]
    if "validation elbo" in last:
        shown += [Tile("validation ELBO", minus(f"{last['validation elbo']:.1f}"), "nats per image")]
    elif "reconstruction" in last:
        shown += [Tile("reconstruction", f"{last['reconstruction']:.1f}", "nats per image, last batch")]
    if "active" in last:
        shown += [Tile("active latents", str(last["active"]), f"of {len(last['kl per latent'])}")]
    return shown + [Tile(name, *value_and_error(score)) for name, score in list(found.items())[:3]]


def reconstructions(views: Views) -> dict[str, Any]:
    """Images in rows, each above its reconstruction."""
    images, again = views.reconstructions(IMAGES)
    across = ACROSS if len(images) > ACROSS else len(images)
    blocks = [
        (
            pictures.grid(images[i : i + across], across, "images of the data"),
            pictures.grid(again[i : i + across], across, "their reconstructions"),
        )
        for i in range(0, len(images), across)
    ]
    return {"blocks": blocks, "source": views.source[1]}


def traversals(views: Views) -> dict[str, Any]:
    """A strip for every active latent and two starting codes; the latents that are not used by name."""
    sweeps = views.sweeps(LATENTS)
    if not sweeps:
        raise Absent("No latent is active: every code is the same, so there is nothing to traverse.")
    most = max((s.latent.use for s in sweeps if s.latent), default=0.0) or 1.0
    shown = {sweep.latent.column for sweep in sweeps if sweep.latent}
    return {
        "strips": [_strip(sweep, most) for sweep in sweeps],
        "starts": [pictures.grid(image[None], 1, "") for image in views.start[0]],
        "start": views.start[2],
        "values": views.values[1],
        "idle": [latent for latent in views.latents if not latent.active],
        "more": [latent for latent in views.latents if latent.active and latent.column not in shown],
        "by_kl": any(latent.kl is not None for latent in views.latents),
    }


def samples(views: Views) -> Picture:
    """New images from the prior."""
    return pictures.grid(views.samples(SAMPLES), ACROSS, "images decoded from codes drawn from the prior")


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


def charts(records: list[dict[str, Any]]) -> list[curves.Chart]:
    """A chart for every term of the log, then the KL of each latent."""
    terms = sorted(curves.terms(records), key=lambda term: term != "validation elbo")  # the bound first
    found = []
    for term in terms:
        series = curves.series(records, term, term)
        if series is not None and len(series.steps) > 1:
            found.append(curves.chart(term, UNITS.get(term, "nats per image"), [series], smooth=term != "active"))
    kept = [r for r in records if "kl per latent" in r]
    if len(kept) > 1:
        steps, kl = np.array([r["step"] for r in kept], float), np.array([r["kl per latent"] for r in kept], float)
        order = np.argsort(-kl[-1], kind="stable")
        lines = [
            curves.Series(f"z{j}", steps, kl[:, j], i % 8, bool(kl[-1, j] <= 0.01))
            for i, j in enumerate(order[:LATENTS])
        ]
        found.insert(1, curves.chart("KL of each latent", "nats per image", lines, key=True, smooth=False))
    return found


def clock(seconds: float | int) -> str:
    """A length of time in two units.

    >>> clock(42.3), clock(372.0), clock(7500.0)
    ('42 s', '6 min 12 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def minus(text: str) -> str:
    """A number with the minus sign of typography."""
    return text.replace("-", "−")


def value_and_error(score: Score) -> tuple[str, str]:
    """A score as value and error, apart."""
    value, _, error = str(score).partition(" ")
    return ("–", score.reason) if value == "nan" else (value, error)


def _strip(sweep: Sweep, most: float) -> Strip:
    grids = [pictures.grid(frames, len(frames), f"{sweep.name} from low to high") for frames in sweep.frames]
    if sweep.latent is None:
        return Strip(sweep, grids, "one-hot", 0.0)
    unit = f"{sweep.latent.kl:.2f} nats" if sweep.latent.kl is not None else f"spread {sweep.latent.use:.2g}"
    return Strip(sweep, grids, unit, sweep.latent.use / most)


def _same(a: NDArray[np.floating] | None, b: NDArray[np.floating] | None) -> bool:
    return a is not None and b is not None and a.shape == b.shape and np.allclose(a, b, equal_nan=True)


def _heatmap(views: Views, name: str, score: Score, about: str) -> Heatmap:
    """A matrix with its latents in the order of the traversals and its factors by name."""
    assert score.matrix is not None
    matrix, unit, title = score.matrix, "", f"Behind {name}"
    if "entropy" in score.parts:  # nats of information beside the nats there are to know
        entropy = np.array([np.nan if h is None else h for h in score.parts["entropy"]], float)
        matrix = matrix / np.where(entropy > 0, entropy, np.nan)
        unit, title = "information, as a share of the factor’s entropy", "What each latent knows"
    columns = _factor_names(views.run, matrix.shape[1])
    names, order = _latent_names(views, matrix.shape[0])
    return heatmap.heatmap(title, matrix[order], names, columns, unit, about)


def _factor_names(run: Run, count: int) -> list[str]:
    if len(run.info.factor_names) == count:
        return list(run.info.factor_names)
    return ["class"] if count == 1 else [f"factor {k}" for k in range(count)]


def _latent_names(views: Views, count: int) -> tuple[list[str], list[int]]:
    """Names and rows of the scored columns, most used first where that is known."""
    try:
        latents = sorted(views.latents, key=lambda latent: latent.column)
    except Absent:
        latents = []
    if len(latents) != count:
        return [f"z{j}" for j in range(count)], list(range(count))
    order = sorted(range(count), key=lambda i: -latents[i].use)
    return [latents[i].name for i in order], order


__all__ = ["Latent", "RunPage", "Section", "Strip", "Tile", "of"]
