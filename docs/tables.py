"""The README's tables of methods, parts, metrics and data sets, made from the registries: `python docs/tables.py`."""

from __future__ import annotations

import re
from pathlib import Path

from unweave import data, methods, metrics

README = Path(__file__).parents[1] / "README.md"


def tables() -> dict[str, str]:
    """Markdown by marker."""
    parts = {
        f"{kind} `{name}`": entry.about
        for kind, table in methods.PARTS.items()
        for name, entry in table.items()
        if kind in ("regulariser", "pooling", "supervision")
    }
    return {
        "methods": _rows(
            "method", {f"`{name}`": entry.about for name, entry in methods.METHODS.items()}
        ),
        "parts": _rows("part", parts),
        "metrics": _rows(
            "metric", {f"`{name}`": about for name, (_, about) in metrics.METRICS.items()}
        ),
        "data": _rows("data set", {f"`{name}`": about for name, (_, about) in data.TABLE.items()}),
    }


def filled(text: str) -> str:
    """The text with every table between its markers replaced by the current one."""
    for name, table in tables().items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not between.search(text):
            raise ValueError(
                f"README.md has no place for the table of {name}: <!-- {name} --> ... <!-- /{name} -->"
            )
        text = between.sub(lambda found, table=table: f"{found[1]}{table}{found[2]}", text)
    return text


def _rows(head: str, rows: dict[str, str]) -> str:
    lines = [
        f"| {head} | what it is |",
        "|---|---|",
        *(f"| {name} | {about} |" for name, about in rows.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
