"""The page of methods by what they need: `python docs/choosing.py`."""

from __future__ import annotations

from pathlib import Path

from unweave.methods import METHODS
from unweave.reproduction.listed import nearest_recipe
from unweave.runs.fitting import KINDS, kind_of

PAGE = Path(__file__).with_suffix(".md")


def page() -> str:
    """The methods by what they need besides images, each with its recipe."""
    parts = [
        "# Choosing a method\n",
        "What do your data have besides images? `unweave choose DATA` reads them and lists the methods that can be trained",
        "on them, with the reason for every other one. Here are all methods by what they need, from the most that has to",
        "be known to the least; a recipe shows what to expect, and takes minutes.\n",
    ]
    for kind, what in KINDS.items():
        rows = [name for name in METHODS if kind_of(name) == kind]
        if rows:
            parts += [f"## {what[0].upper()}{what[1:]}\n", "| method | | recipe |", "|---|---|---|"]
            parts += [_choice(name) for name in rows]
            parts.append("")
    parts += [
        "With `--classes FACTOR` a factor names the classes of any data; sub-folders and labels in a CSV file do too. Of",
        "methods that need the same, the recipe's outcome, your data's kind, and the report of a short run of each decide.",
    ]
    return "\n".join(parts) + "\n"


def _choice(name: str) -> str:
    recipe = nearest_recipe(name)
    shown = f"`{recipe}`" if recipe else ""
    return f"| [`{name}`](methods/{name}.md) | {METHODS[name].about} | {shown} |"


if __name__ == "__main__":
    PAGE.write_text(page())
