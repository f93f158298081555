"""`unweave demo`: demonstrations from rendering to an HTML page, in minutes, without a download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unweave.cli.parser import Parser
from unweave.cli.progress import Progress


def run(arguments: Sequence[str]) -> int:
    """Train, evaluate and write the page; print its path."""
    parser = Parser(
        "demo",
        "main: render dSprites, train beta-TCVAE, score it, write a report that opens in any "
        "browser. impossibility: a trained model beside a twin that makes the same images and "
        "disentangles nothing.",
    )
    parser.add_argument(
        "what", nargs="?", choices=("main", "impossibility"), default="main", help="default: main"
    )
    parser.add_argument(
        "-o", "--out", default="runs", metavar="DIR", help="where the run goes (default: runs)"
    )
    parser.add_argument(
        "--page", metavar="FILE", help="the page (default: report.html, or impossibility.html)"
    )
    given = parser.read(arguments)
    progress = Progress()
    try:
        page = shown(given.what, given.out, given.page, progress)
    finally:
        progress.close()
    print(page)
    return 0


def shown(what: str, out: str, page: str | None, progress: Progress) -> Path:
    """Run the demo of that name. Returns the path of its page."""
    if what == "impossibility":
        from unweave.demos import impossibility

        return impossibility.demo(out, progress=progress, page=page or "impossibility.html")
    from unweave.demos import main_job

    return main_job.demo(out, progress=progress, page=page or "report.html")
