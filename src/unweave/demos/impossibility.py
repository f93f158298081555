"""Demonstration of the impossibility theorem: a model and an entangled twin of equal likelihood."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from unweave.demos import twin_page
from unweave.demos.twin_factors import factors_and_twin
from unweave.demos.twin_model import CentredViews, TwinViews, measure
from unweave.demos.twin_rows import rows_of_factors, rows_of_model
from unweave.files.atomic import write
from unweave.reproduction.listed import read
from unweave.reproduction.reproduce import trained
from unweave.runs.steps import Progress


def demo(
    out: str | Path = "runs",
    *,
    progress: Progress | None = None,
    page: str | Path = "impossibility.html",
    tell: Callable[[str], None] = print,
) -> Path:
    """Train the first run of the recipe "factor-vae", entangle it, and write a page on both.

    out: where the run's folder goes; a finished run is used again, a stopped one is continued.
    page: the HTML file. tell: called with each line of a table of the same numbers. Returns the
    path of the page.
    """
    recipe = read("factor-vae")
    views = CentredViews(trained(recipe.arms["method"], recipe.seeds[0], out, progress))
    twin = TwinViews(views)
    pair = measure(views, twin)
    codes, twin_codes = factors_and_twin()
    tables = {
        f"{views.run.path.name} and its twin": rows_of_model(pair),
        "two independent factors as codes, and their twin": rows_of_factors(codes, twin_codes),
    }
    for title, rows in tables.items():
        tell(f"{title}:")
        for row in rows:
            tell(f"  {row.name:<26}{row.model:>18}{row.twin:>18}  {row.about}")
    path = Path(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, twin_page.render(views, twin, pair, codes, twin_codes).encode())
    return path
