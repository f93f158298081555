"""`unweave list [methods|parts|metrics|data]`: the registries as tables; imports no entry."""

from __future__ import annotations

from collections.abc import Sequence

from unweave.cli.parser import Parser


def run(arguments: Sequence[str]) -> int:
    """Print the table that is named, or all of them."""
    parser = Parser("list", "What there is, by the names that the other commands take.")
    parser.add_argument(
        "what",
        nargs="?",
        choices=("methods", "parts", "metrics", "data"),
        help="one table; all of them",
    )
    what = parser.read(arguments).what
    for title, table in tables().items():
        if what is None or title.split()[0] == what:
            print(f"{title}:")
            width = max(map(len, table))
            for name, about in table.items():
                print(f"  {name:<{width}}  {about}")
            print()
    return 0


def tables() -> dict[str, dict[str, str]]:
    """{title: {name: one line about it}} of all registries."""
    from unweave import data, methods, metrics

    found = {"methods": {name: entry.about for name, entry in methods.METHODS.items()}}
    for kind, parts in methods.PARTS.items():
        if parts:
            found[f"parts (--{kind})"] = {name: entry.about for name, entry in parts.items()}
    found["metrics"] = {name: about for name, (_, about) in metrics.METRICS.items()}
    found["data"] = {name: about for name, (_, about) in data.TABLE.items()}
    return found
