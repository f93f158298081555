"""One run as the sections of a page: each holds what to show, or says why there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from unweave.metrics.tables.notes import notes
from unweave.metrics.tables.silence import ACTIVE
from unweave.report import curves, facts, pictures, scores
from unweave.report.class_sheet import class_sheet
from unweave.report.leaks import probes
from unweave.report.matrices import matrices
from unweave.report.pictures import Picture
from unweave.report.remarks import remarks
from unweave.report.swaps import swaps
from unweave.report.tiles import Tile, tiles
from unweave.report.views import Absent, Traversal, Views
from unweave.runs.run import Run
from unweave.training.kl_log import by_column
from unweave.training.records import units
from unweave.types import NATS

IMAGES = 24  # shown beside their reconstructions
ACROSS = 12
SAMPLES = 48
LATENTS = 24  # traversals shown at most
NAMED = 48  # of the other latents, by name

UNITS = {"validation elbo": f"{NATS}, higher is better", "active": f"latents with KL above {ACTIVE} nats"}


@dataclass(frozen=True)
class Section:
    """A part of the page. shown: what its template draws. reason: why there is nothing, if there is nothing."""

    shown: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Strip:
    """A traversal as pictures. bar: its KL as a share of the largest. name, kl, labels and at as in Traversal."""

    traversal: Traversal
    pictures: list[Picture]
    use: str
    bar: float


@dataclass(frozen=True)
class RunPage:
    """Everything the template of one run draws."""

    anchor: str
    title: str
    folder: str
    path: str
    done: bool
    tiles: list[Tile]
    notes: list[str]
    rows: list[scores.Row]
    dots: scores.Dots | None
    reconstructions: Section
    traversals: Section
    samples: Section
    swaps: Section
    class_sheet: Section
    matrices: Section
    leaks: Section
    charts: list[curves.Chart]
    remarks: dict[str, str]
    settings: facts.Rows
    data: facts.Rows
    versions: facts.Rows


def of(run: Run, anchor: str) -> RunPage:
    """The sections of a run."""
    views, found, records = Views(run), run.folder.scores(), run.records()
    rows = scores.rows(found)
    config = run.config
    return RunPage(
        anchor,
        f"{config.method.name} on {config.data.name}",
        run.path.name,
        str(run.path),
        run.folder.done,
        tiles(run, records, found),
        notes(found)[0],
        rows,
        scores.dots(rows),
        section(lambda: reconstructions(views)),
        section(lambda: traversals(views)),
        section(lambda: samples(views)),
        section(lambda: swaps(views)),
        section(lambda: class_sheet(views)),
        section(lambda: matrices(views, found)),
        section(lambda: probes(views)),
        charts(records),
        remarks(records, config),
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


def reconstructions(views: Views) -> dict[str, Any]:
    """Images in rows, each above its reconstruction."""
    images, again = views.reconstructions(IMAGES)
    if images.ndim == 5:
        pairs = [
            (pictures.grid(clip, len(clip), "a clip of the data"), pictures.grid(back, len(back), "its reconstruction"))
            for clip, back in zip(images, again, strict=True)
        ]
        return {"blocks": pairs, "source": views.source[1]}
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
    traversals = views.traversals(LATENTS)
    if not traversals:
        raise Absent("No latent is active: every code is the same, so there is nothing to traverse.")
    most = max((s.latent.use for s in traversals if s.latent), default=0.0) or 1.0
    shown = {traversal.latent.column for traversal in traversals if traversal.latent}
    idle = [latent for latent in views.latents if not latent.active]
    more = [latent for latent in views.latents if latent.active and latent.column not in shown]
    return {
        "strips": [_strip(traversal, most) for traversal in traversals],
        "starts": [pictures.grid(image[None], 1, "") for image in views.start[0]],
        "start": views.start[2],
        "values": views.values[1],
        "idle": idle[:NAMED],
        "more": more[:NAMED],
        "unnamed": {"idle": max(len(idle) - NAMED, 0), "more": max(len(more) - NAMED, 0)},
        "by_kl": any(latent.kl is not None for latent in views.latents),
    }


def samples(views: Views) -> Picture:
    """New images from the prior."""
    return pictures.grid(views.samples(SAMPLES), ACROSS, "images decoded from codes drawn from the prior")


def charts(records: list[dict[str, Any]]) -> list[curves.Chart]:
    """A chart for every term of the log, then the KL of each latent."""
    terms = sorted(curves.terms(records), key=lambda term: term != "validation elbo")  # the bound first
    found, known = [], units(records) | UNITS
    for term in terms:
        series = curves.series(records, term, term)
        if series is not None and len(series.steps) > 1:
            found.append(curves.chart(term, known.get(term, ""), [series], smooth=term != "active"))
    return [*found[:1], *kl_charts(records), *found[1:]]


def kl_charts(records: list[dict[str, Any]]) -> list[curves.Chart]:
    """The KL of each latent, of the most used ones where there are many, and of each block where blocks are wide."""
    kept = [r for r in records if "kl per latent" in r]
    if len(kept) < 2:
        return []
    steps, known = np.array([r["step"] for r in kept], float), [by_column(r) for r in kept]
    order = sorted(known[-1], key=lambda column: -known[-1][column])
    lines = [
        curves.Series(
            f"z{j}", steps, np.array([kl.get(j, np.nan) for kl in known]), i % 8, bool(known[-1][j] <= ACTIVE)
        )
        for i, j in enumerate(order[:LATENTS])
    ]
    found = [curves.chart("KL of each latent", NATS, lines, key=True, smooth=False)]
    blocks = kept[-1].get("kl per block", {})
    if len(blocks) > 1 and all("kl per block" in r for r in kept):
        sums = {name: np.array([r["kl per block"][name]["kl"] for r in kept], float) for name in blocks}
        lines = [curves.Series(name, steps, sums[name], i % 8) for i, name in enumerate(blocks)]
        found.append(curves.chart("KL of each block", NATS, lines, key=True, smooth=False))
    return found


def _strip(traversal: Traversal, most: float) -> Strip:
    grids = [pictures.grid(frames, len(frames), f"{traversal.name} from low to high") for frames in traversal.frames]
    if traversal.latent is None:
        return Strip(traversal, grids, "one-hot", 0.0)
    unit = (
        f"{traversal.latent.kl:z.2f} nats" if traversal.latent.kl is not None else f"spread {traversal.latent.use:.2g}"
    )
    return Strip(traversal, grids, unit, traversal.latent.use / most)
