"""`unweave list [methods|parts|metrics|data]`: what there is, from the registries, importing none of it."""

from __future__ import annotations

from collections.abc import Sequence

from unweave.cli.parser import Parser


def run(arguments: Sequence[str]) -> int:
    """Print the tables asked for, all of them if none is named."""
    parser = Parser("list", "What there is, by the names that the other commands take.")
    parser.add_argument(
        "what", nargs="?", choices=("methods", "parts", "metrics", "data"), help="one table; all of them"
    )
    what = parser.read(arguments).what
    for title, table in tables().items():
        if what is None or title.split()[0] == what:
            print(f"{title}:")
            print("\n".join(f"  {name:<{max(map(len, table))}}  {about}" for name, about in table.items()))
            print()
    return 0


def tables() -> dict[str, dict[str, str]]:
    """Title -> name -> one line of what it is."""
    from unweave import data, methods, metrics

    found = {"methods": {name: entry.about for name, entry in methods.METHODS.items()}}
    for kind, parts in methods.PARTS.items():
        if parts:
            found[f"parts (--{kind})"] = {name: entry.about for name, entry in parts.items()}
    found["metrics"] = {name: about for name, (_, about) in metrics.METRICS.items()}
    found["data"] = {name: about for name, (_, about) in data.TABLE.items()}
    return found
