"""`unweave report RUN... -o report.html`: one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

from unweave.cli.parser import OTHER_DATA, TRUST, Parser


def run(arguments: Sequence[str]) -> int:
    """Write the page of some runs; print its path."""
    parser = Parser(
        "report",
        "One HTML file that shows runs, compares them if there are several, and opens offline.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders")
    parser.add_argument(
        "-o", "--out", default="report.html", metavar="FILE", help="the page (default: report.html)"
    )
    parser.add_argument("--trust", action="store_true", help=TRUST)
    parser.add_argument("--other-data", action="store_true", help=OTHER_DATA)
    given = parser.read(arguments)
    from unweave.report import write

    print(write(given.runs, given.out, trust=given.trust, other_data=given.other_data))
    return 0
