"""The main job, end to end: render dSprites, train beta-TCVAE, score it, write a report. No download, no GPU."""

from __future__ import annotations

from pathlib import Path

from unweave import report
from unweave.evaluation.evaluate import evaluate
from unweave.reproduction.reproduce import read, trained
from unweave.runs.steps import Progress


def demo(out: str | Path = "runs", *, progress: Progress | None = None, page: str | Path = "report.html") -> Path:
    """Train the run that the recipe "demo" describes, with its first seed, score it and write its report.

    out: where the run's folder goes; a finished one is used again, a stopped one is continued. Returns the page's path.
    """
    recipe = read("demo")
    run = trained(recipe["arms"]["method"], recipe["seeds"][0], out, progress)
    evaluate(run)
    return report.write([run], Path(page))
