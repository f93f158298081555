"""`unweave demo`: the main job on dSprites, from rendering to a report, in minutes and without a download."""

from __future__ import annotations

from collections.abc import Sequence

from unweave.cli.parser import Parser
from unweave.cli.progress import Progress


def run(arguments: Sequence[str]) -> int:
    """Train, score and report; say where the page is."""
    parser = Parser("demo", "Render dSprites, train beta-TCVAE, score it and write a report that opens in any browser.")
    parser.add_argument("-o", "--out", default="runs", metavar="DIR", help="where the run goes (default: runs)")
    parser.add_argument("--page", default="report.html", metavar="FILE", help="the page (default: report.html)")
    given = parser.read(arguments)
    from unweave.demos.main_job import demo

    progress = Progress()
    try:
        page = demo(given.out, progress=progress, page=given.page)
    finally:
        progress.close()
    print(page)
    return 0
