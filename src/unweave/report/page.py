"""HTML report of one or several runs: a self-contained page that opens offline in any browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from unweave.files.atomic import write as replace
from unweave.report import compare, curves, facts, sections
from unweave.report.charts import UNITS
from unweave.report.strips import LANES, strips
from unweave.runs.errors import OtherData
from unweave.runs.run import Run, load_run
from unweave.text import in_lines
from unweave.training.records import units

WHOLE = 12  # runs at most that all have sections of their own
DETAILED = 4  # the first runs of more, which have them
LISTED = 1_000  # runs in the table of runs


def write(
    runs: Sequence[str | Path | Run] | str | Path | Run,
    out: str | Path,
    *,
    trust: bool = False,
    other_data: bool = False,
) -> Path:
    """Write one HTML page about runs; several runs are compared first.

    Returns the path of the page.

    runs: run folders or loaded runs. out: the file, or a folder in which `report.html` is written.
    trust, other_data: as for `load_run`, applied to run folders.

    Raises ValueError if there is no run, or if a folder is not a run or is damaged; then nothing is
    written.
    """
    if isinstance(runs, str | Path | Run):
        runs = [runs]
    loaded: list[Run] = []
    for run in runs:
        if not isinstance(run, Run):
            run = load_run(run, trust=trust, other_data=other_data)
        loaded.append(run)
    if not loaded:
        raise ValueError("a report needs at least one run; none was given")
    for run in _one_of_each_data(loaded):
        _refuse_other_data(run)
    path = Path(out)
    if path.is_dir():
        path = path / "report.html"
    page = render(loaded)  # before any folder is made: an error leaves nothing behind
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, page.encode())
    return path


def _one_of_each_data(runs: Sequence[Run]) -> list[Run]:
    """A run of each data set, by its description in the configs: each set is opened once."""
    return list({repr(run.config.data): run for run in runs}.values())


def _refuse_other_data(run: Run) -> None:
    """OtherData if the contents of its data have changed.

    Where they cannot be opened, the page says why.
    """
    try:
        len(run.data)
    except OtherData:
        raise
    except (ValueError, OSError, ImportError):
        return


def render(runs: Sequence[Run]) -> str:
    """The HTML text of the page."""
    detailed = runs
    if len(runs) > WHOLE:
        detailed = runs[:DETAILED]
    pages = [sections.of(run, f"run-{i}") for i, run in enumerate(detailed)]
    comparison = None
    title = pages[0].title
    if len(runs) > 1:
        comparison = comparing(runs)
        title = f"{len(runs):,} runs compared"
    template = environment().get_template("page.html")
    return template.render(title=title, runs=pages, comparison=comparison)


def environment() -> Environment:
    """The Jinja environment of the templates: every inserted text is HTML-escaped, its hidden
    characters shown.
    """
    return Environment(
        loader=PackageLoader("unweave.report"),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalized(value: Any) -> Any:
    """A value as it is inserted: markup of ours as it is, texts of other people by `in_lines`."""
    return in_lines(value) if type(value) is str else value


def comparing(runs: Sequence[Run]) -> dict[str, Any]:
    """The variables of the template `compare.html`."""
    configs = [run.config for run in runs]
    settings = [dict(facts.settings(config)) for config in configs]
    names = [run.path.name for run in runs]
    scores = [run.folder.scores() for run in runs]
    groups = compare.groups(configs)
    return {
        "groups": groups,
        "shown": compare.shown(groups, scores),
        "listed": LISTED,
        "lanes": LANES,
        "summaries": compare.summaries(groups, scores),
        "strips": strips(groups, names, scores),
        "metrics": list(dict.fromkeys(metric for of_run in scores for metric in of_run)),
        "scores": scores,
        "runs": names,
        "group_of": {i: group for group in groups for i in group.members},
        "differing": facts.differing(configs),
        "chosen": settings,
        "charts": overlaid(runs, groups),
    }


def overlaid(runs: Sequence[Run], groups: Sequence[compare.Group]) -> list[curves.Chart]:
    """One chart for each term that at least two runs logged, with a line for each run."""
    logs = [run.records() for run in runs]
    unit_of = units(record for log in logs for record in log) | UNITS
    colour = {i: group.colour for group in groups for i in group.members}
    terms = dict.fromkeys(term for log in logs for term in curves.terms(log))
    charts = []
    for term in sorted(terms, key=lambda term: term != "validation elbo"):  # the bound first
        lines = []
        for i, (run, log) in enumerate(zip(runs, logs, strict=True)):
            lines.append(curves.series(log, term, run.path.name, colour[i] % 8))
        drawable = [line for line in lines if line is not None and len(line.steps) > 1]
        if len(drawable) > 1:
            charts.append(curves.chart(term, unit_of.get(term, ""), drawable))
    return charts
