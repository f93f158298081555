"""One page per method and per metric, from docstrings, signatures and declarations: `python docs/pages.py`.

`python docs/pages.py --measure` also measures what every metric gives for known codes, and keeps it in known_codes.json.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from unweave import methods, metrics
from unweave.methods.classes import class_of
from unweave.methods.resolve import resolve
from unweave.methods.spec import Spec
from unweave.reproduction.listed import read, recipes
from unweave.reproduction.recipe import Recipe
from unweave.settings import Keyword
from unweave.settings.locate import locate
from unweave.types import DataInfo

HERE = Path(__file__).parent
MEASURED = HERE / "known_codes.json"
SIZES = (3, 6, 40, 32, 32)
ANY_DATA = DataInfo(1000, (1, 64, 64), 10, ("shape", "scale", "orientation", "x", "y"), SIZES, True)
ERRORS = {
    "jackknife": "a jackknife over 20 blocks of rows ([measured](../errors.md))",
    "halves": "halves of the rows ([measured](../errors.md))",
    "none": "none",
}
KNOWN = {
    "perfect": "the factors themselves",
    "rotated": "the factors, standardised, after a random rotation",
    "split": "the factors, and each of them once more",
    "noise": "ten independent Gaussians that know nothing",
}


def known_codes(n: int = 5000, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Codes (n, D) of known quality, by name, and factors (n, 5) of dSprites' sizes."""
    rng = np.random.default_rng(seed)
    v = np.stack([rng.integers(0, size, n) for size in SIZES], 1).astype(float)
    standard = (v - v.mean(0)) / v.std(0)
    turn = np.linalg.qr(rng.normal(size=(len(SIZES), len(SIZES))))[0]
    codes = {
        "perfect": v,
        "rotated": standard @ turn,
        "split": np.c_[v, v],
        "noise": rng.normal(size=(n, 10)),
    }
    return codes, v


def measure() -> None:
    """Score the known codes by every metric of rows, groups, pairs or codes, and keep the values."""
    codes, v = known_codes()
    found: dict[str, dict[str, float | None]] = {}
    for name in metrics.names():
        if metrics.get(name).declares.tables not in ("rows", "groups", "pairs", "codes"):
            continue
        values = {kind: float(metrics.get(name)(z, v).value) for kind, z in codes.items()}
        found[name] = {
            kind: None if np.isnan(value) else round(value, 4) for kind, value in values.items()
        }
        print(name, found[name], flush=True)
    MEASURED.write_text(json.dumps(found, indent=1) + "\n")


def metric_page(name: str) -> str:
    """The page of a metric: docstring, declaration, and scores of known codes."""
    metric = metrics.get(name)
    declares = metric.declares
    rows = {
        "measures": ", ".join(declares.measures),
        "range": f"{declares.range[0]:g} to {declares.range[1]:g}, {declares.direction} is better",
        "reads": declares.tables,
        "does not change under": ", ".join(declares.invariant) or "nothing that is declared",
        "falls under": ", ".join(declares.falls) or "nothing that is declared",
        "protocols": ", ".join(declares.protocols),
        "error and null floor": "always" if declares.cost == "cheap" else "with `calibrate=True`",
        "error by": f"{ERRORS[declares.error]}: {declares.no_error}"
        if declares.no_error
        else ERRORS[declares.error],
        "value shown": "less its bias by the jackknife" if declares.corrected else "as measured",
    }
    if declares.tables == "models":
        rows |= {
            "error and null floor": "no error",
            "error by": "none: models are not drawn at random",
        }
    values = json.loads(MEASURED.read_text()).get(name, {}) if MEASURED.exists() else {}
    known = []
    if values:
        known.append("\nOf 5,000 rows with dSprites' factor sizes:\n\n| codes | score |\n|---|---|")
    for kind, value in values.items():
        known.append(f"| {KNOWN[kind]} | {'undefined' if value is None else value} |")
    return "\n".join(
        (
            f"# {name}\n",
            f"{metrics.METRICS[name][1]}\n",
            "```text",
            inspect.cleandoc(metric.__doc__ or ""),
            "```\n",
            "| | |\n|---|---|",
            *(f"| {key} | {value} |" for key, value in rows.items()),
            *known,
            f'\n```python\nunweave.evaluate((codes, factors), "{name}")\n```\n',
        )
    )


def method_page(name: str) -> str:
    """The page of a method: docstrings, settings, and the recipes that reproduce it."""
    entry = methods.METHODS[name]
    choice = resolve(name, {}, ANY_DATA)
    made = class_of(name, "method")
    known = choice.words()
    values = choice.flat()
    return "\n".join(
        (
            f"# {name}\n",
            f"{entry.about}\n",
            "```text",
            *_documents(made, choice),
            "```\n",
            "| setting | default | meaning and unit | range | searched over |\n|---|---|---|---|---|",
            *(setting_row(key, word, values[key]) for key, word in known.items()),
            f"\nNeeds: {', '.join(sorted(choice.make(ANY_DATA).needs))}.",
            *_proofs(name),
            f"\n```sh\nunweave train {name} --data dsprites\n```\n",
        )
    )


def setting_row(key: str, word: Keyword, value: Any) -> str:
    """One setting as a row of a table."""
    setting = word.setting
    assert setting is not None
    bounds = ((">= ", setting.low), ("> ", setting.above), ("<= ", setting.high))
    limits = ", ".join(f"{sign}{bound:g}" for sign, bound in bounds if bound is not None)
    search = "" if setting.search is None else ", ".join(map(str, setting.search))
    return f"| `{key}` | {value} | {setting.about} | {limits} | {search} |"


def _documents(made: Any, choice: Spec) -> Iterator[str]:
    yield inspect.cleandoc(inspect.getmodule(made).__doc__ or "")
    for path, part in choice.part_names().items():
        if path in ("regulariser", "pooling", "supervision"):
            found = locate(methods.PARTS[path][part].where)
            yield f"\n{path}: {inspect.cleandoc(inspect.getmodule(found).__doc__ or '')}"


def _proofs(name: str) -> Iterator[str]:
    for recipe in recipes():
        text = read(recipe)
        if any(arm.method == name for arm in text.arms.values()):
            fresh = text.measured["fresh"].strip()
            yield f"\nRecipe `{recipe}`: {text.claim.strip()}. Measured, {text.machine}: {fresh}"


def _cells(text: Recipe) -> list[str]:
    texts = [text.claim, text.measured["fresh"], text.measured["chosen"]]
    seeds = f"{text.seeds[0]} to {text.seeds[-1]}"
    return [*(each.strip() for each in texts), seeds, str(text.minutes), text.machine]


def recipes_page() -> str:
    """The table of recipes: claims and measured numbers."""
    rows = [(name, read(name)) for name in recipes()]
    return "\n".join(
        (
            "# Recipes\n",
            "Each is a claim, what is trained for it, and what has to come out; each has an ablation or a baseline that must",
            "not reach it. Settings were chosen on the seeds 0 1 2; the claim is stated on five seeds that played no part in",
            "that (baselines and ablations: the first three of them), 10 to 14. Where it failed there and it or a setting was",
            "changed, it is stated on five new ones; of a claim of several parts only the part that failed is gone",
            "(`trade-off`, `capacity`). `unweave reproduce NAME` trains, measures and compares; `make recipes` does all of",
            "them.\n",
            "| recipe | claim | on fresh seeds | where settings were chosen | seeds | minutes | machine |",
            "|---|---|---|---|---|---|---|",
            *(f"| `{name}` | {' | '.join(_cells(text))} |" for name, text in rows),
            "\nThe recipe `trade-off` as a picture, `python docs/curves.py trade-off RUNS docs/trade-off.svg`: lines go",
            "through medians of three seeds, dots are runs; reconstruction is -log p(x given z), so lower is better.\n",
            "![Mutual information and reconstruction over total correlation](trade-off.svg)\n",
        )
    )


def pages() -> dict[Path, str]:
    """Every page by its file."""
    found = {HERE / "recipes.md": recipes_page()}
    found |= {HERE / "metrics" / f"{name}.md": metric_page(name) for name in metrics.names()}
    return found | {HERE / "methods" / f"{name}.md": method_page(name) for name in methods.names()}


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    for file, text in pages().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
