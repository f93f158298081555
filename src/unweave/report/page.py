"""The page: runs in, one HTML file out that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from unweave.files import write as replace
from unweave.report import compare, curves, facts, sections
from unweave.runs.errors import OtherData
from unweave.runs.run import Run, load_run
from unweave.training.records import units


def write(
    runs: Sequence[str | Path | Run] | str | Path | Run,
    out: str | Path,
    *,
    trust: bool = False,
    other_data: bool = False,
) -> Path:
    """Write one page about runs; several are compared first. Returns the path of the page.

    runs: run folders or loaded runs. out: the file, or a folder in which `report.html` is written. trust: of run folders,
    as of `load_run`, as is other_data.

    Raises ValueError if there is no run, or if a folder is none or is damaged; then nothing is written.
    """
    given = [runs] if isinstance(runs, str | Path | Run) else list(runs)
    if not given:
        raise ValueError("a report needs at least one run; none was given")
    loaded = [run if isinstance(run, Run) else load_run(run, trust=trust, other_data=other_data) for run in given]
    for run in loaded:
        _refuse_other_data(run)
    path = Path(out)
    path = path / "report.html" if path.is_dir() else path
    page = render(loaded)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, page.encode())
    return path


def _refuse_other_data(run: Run) -> None:
    """OtherData if the contents of its data have changed; where they cannot be opened, the page says why."""
    try:
        run.data  # noqa: B018 (opened here)
    except OtherData:
        raise
    except (ValueError, OSError, ImportError):
        return


def render(runs: Sequence[Run]) -> str:
    """The page as text."""
    anchors = [f"run-{i}" for i in range(len(runs))]
    pages = [sections.of(run, anchor) for run, anchor in zip(runs, anchors, strict=True)]
    comparison = comparing(runs) if len(runs) > 1 else None
    title = pages[0].title if len(pages) == 1 else f"{len(pages)} runs compared"
    return environment().get_template("page.html").render(title=title, runs=pages, comparison=comparison)


def environment() -> Environment:
    """Templates that escape every text that is put into them."""
    return Environment(
        loader=PackageLoader("unweave.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def comparing(runs: Sequence[Run]) -> dict[str, Any]:
    """What the template of a comparison draws."""
    found = [run.folder.scores() for run in runs]
    groups = compare.groups([run.config for run in runs])
    names = facts.differing([run.config for run in runs])
    chosen = [dict(facts.settings(run.config)) for run in runs]
    return {
        "groups": groups,
        "summaries": compare.summaries(groups, found),
        "strips": compare.strips(groups, [run.path.name for run in runs], found),
        "metrics": list(dict.fromkeys(name for one in found for name in one)),
        "scores": found,
        "runs": [run.path.name for run in runs],
        "group_of": {i: group for group in groups for i in group.members},
        "differing": names,
        "chosen": chosen,
        "charts": overlaid(runs, groups),
    }


def overlaid(runs: Sequence[Run], groups: Sequence[compare.Group]) -> list[curves.Chart]:
    """The terms that at least two runs logged, each as one chart with a line for every run."""
    logs = [run.records() for run in runs]
    terms = dict.fromkeys(term for log in logs for term in curves.terms(log))
    colour = {i: group.colour for group in groups for i in group.members}
    found, known = [], units(record for log in logs for record in log) | sections.UNITS
    for term in sorted(terms, key=lambda term: term != "validation elbo"):
        lines = [curves.series(log, term, runs[i].path.name, colour[i] % 8) for i, log in enumerate(logs)]
        kept = [line for line in lines if line is not None and len(line.steps) > 1]
        if len(kept) > 1:
            found.append(curves.chart(term, known.get(term, ""), kept))
    return found
