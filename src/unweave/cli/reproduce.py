"""`unweave reproduce NAME`: a recipe, run, and compared with the number it states."""

from __future__ import annotations

from collections.abc import Sequence

from unweave.cli.parser import Parser


def run(arguments: Sequence[str]) -> int:
    """Run a recipe; exit code 1 if its number was not reached."""
    parser = Parser("reproduce", "Run a recipe and compare with the number it states.")
    parser.add_argument("name", metavar="NAME", help="of a recipe")
    parser.add_argument("-o", "--out", default="runs", metavar="DIR", help="where the runs go (default: runs)")
    given = parser.read(arguments)
    from unweave.reproduce import reproduce

    return 0 if reproduce(given.name, given.out) else 1
