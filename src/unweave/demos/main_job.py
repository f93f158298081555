"""End-to-end demonstration: render dSprites, train beta-TCVAE, evaluate it, write a report.

Needs no download and no GPU.
"""

from __future__ import annotations

from pathlib import Path

from unweave import report
from unweave.evaluation.evaluate import evaluate
from unweave.reproduction.listed import read
from unweave.reproduction.reproduce import trained
from unweave.runs.steps import Progress


def demo(
    out: str | Path = "runs", *, progress: Progress | None = None, page: str | Path = "report.html"
) -> Path:
    """Train the run of the recipe "demo" with its first seed, evaluate it and write its report.

    out: where the run's folder goes; a finished run is used again, a stopped one is continued.
    page: the HTML file. Returns the path of the page.
    """
    recipe = read("demo")
    run = trained(recipe.arms["method"], recipe.seeds[0], out, progress)
    evaluate(run)
    return report.write([run], Path(page))
