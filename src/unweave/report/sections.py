"""Sections of the report of one run: each has its content, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unweave.metrics.tables.notes import notes
from unweave.report import curves, facts, pictures, scores
from unweave.report.absent import Absent
from unweave.report.charts import charts
from unweave.report.class_sheet import analogies, class_sheet
from unweave.report.latents import Latent
from unweave.report.leaks import probes
from unweave.report.matrices import matrices
from unweave.report.pictures import Picture
from unweave.report.remarks import remarks
from unweave.report.swaps import swaps
from unweave.report.tiles import Tile, tiles
from unweave.report.traversal import Traversal
from unweave.report.views import Views
from unweave.runs.run import Run

IMAGES = 24  # shown with their reconstructions
ACROSS = 12  # images in a row
SAMPLES = 48  # images from the prior
LATENTS = 24  # latent traversals shown at most
NAMED = 48  # of the other latents, listed by name


@dataclass(frozen=True)
class Section:
    """A part of the page. shown: the content for its template. reason: why there is no content."""

    shown: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Strip:
    """A latent traversal as pictures.

    use: KL or spread as text. bar: `use` relative to the largest.
    """

    traversal: Traversal
    pictures: list[Picture]
    use: str
    bar: float


@dataclass(frozen=True)
class RunPage:
    """The variables of the template `run.html`."""

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
    analogies: Section
    matrices: Section
    leaks: Section
    charts: list[curves.Chart]
    remarks: dict[str, str]
    settings: facts.Rows
    data: facts.Rows
    versions: facts.Rows


def of(run: Run, anchor: str) -> RunPage:
    """The report of a run. anchor: the HTML id that its links begin with."""
    views = Views(run)
    found = run.folder.scores()
    records = views.records
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
        section(lambda: analogies(views)),
        section(lambda: matrices(views, found)),
        section(lambda: probes(views)),
        charts(records),
        remarks(records, config),
        facts.settings(config),
        facts.data(run),
        facts.versions(config),
    )


def section(make: Callable[[], Any]) -> Section:
    """The result of `make` as a section, or the reason with which it raises Absent."""
    try:
        return Section(make())
    except Absent as reason:
        return Section(reason=str(reason))


def reconstructions(views: Views) -> dict[str, Any]:
    """Rows of images, each above the row of its reconstructions; clips have a row each."""
    images, again = views.reconstructions(IMAGES)  # (n, C, H, W), or clips (n, M, C, H, W)
    blocks = []
    if images.ndim == 5:
        for clip, back in zip(images, again, strict=True):
            above = pictures.grid(clip, len(clip), "a clip of the data")
            below = pictures.grid(back, len(back), "its reconstruction")
            blocks.append((above, below))
        return {"blocks": blocks, "source": views.source[1]}
    across = min(ACROSS, len(images))
    for i in range(0, len(images), across):
        above = pictures.grid(images[i : i + across], across, "images of the data")
        below = pictures.grid(again[i : i + across], across, "their reconstructions")
        blocks.append((above, below))
    return {"blocks": blocks, "source": views.source[1]}


def traversals(views: Views) -> dict[str, Any]:
    """Latent traversals of the active latents from two starting codes; other latents by name."""
    traversals = views.traversals(LATENTS)
    if not traversals:
        raise Absent(
            "No latent is active: every code is the same, so there is nothing to traverse."
        )
    # without one-hot blocks
    traversed = [traversal.latent for traversal in traversals if traversal.latent]
    shown = {latent.column for latent in traversed}
    # of each unit: nats where there is a KL, or deviations
    largest = {
        by_kl: max((x.use for x in traversed if (x.kl is not None) == by_kl), default=0.0) or 1.0
        for by_kl in (True, False)
    }
    idle = [latent for latent in views.latents if not latent.active]
    more = [latent for latent in views.latents if latent.active and latent.column not in shown]
    return {
        "strips": [_strip(traversal, largest) for traversal in traversals],
        "starts": [pictures.grid(image[None], 1, "") for image in views.start[0]],
        "start": views.start[2],
        "values": views.values[1],
        "idle": idle[:NAMED],
        "more": more[:NAMED],
        "unnamed": {"idle": max(len(idle) - NAMED, 0), "more": max(len(more) - NAMED, 0)},
        "order": _order(views.latents),
    }


def _order(latents: list[Latent]) -> str:
    """The order of the traversals, as a sentence."""
    by_kl = {latent.kl is not None for latent in latents}
    if by_kl == {True}:
        return "The latent with the most information (KL) comes first."
    if by_kl == {False}:
        return "The latent with the widest spread over images comes first."
    return (
        "Latents with the most information (KL), and those without a variance with the widest "
        "spread over images, come first in turn."
    )


def samples(views: Views) -> Picture:
    """Images decoded from samples of the prior."""
    alt = "images decoded from codes drawn from the prior"
    return pictures.grid(views.samples(SAMPLES), ACROSS, alt)


def _strip(traversal: Traversal, largest: dict[bool, float]) -> Strip:
    """The pictures of a traversal, and its use as text and relative to the largest."""
    alt = f"{traversal.name} from low to high"
    grids = [pictures.grid(frames, len(frames), alt) for frames in traversal.frames]
    latent = traversal.latent
    if latent is None:
        return Strip(traversal, grids, "one-hot", 0.0)
    use = f"spread {latent.use:.2g}"
    if latent.kl is not None:
        use = f"{latent.kl:z.2f} nats"
    return Strip(traversal, grids, use, latent.use / largest[latent.kl is not None])
