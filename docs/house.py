"""How the house is built, as a page drawn from the code: `python docs/house.py` writes docs/house.md.

Rooms and files are described by the first lines of their docstrings, in the order of the layers of tests/test_layers.py; the
ways through the house and the names are checked to be there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "unweave"
PAGE = Path(__file__).with_suffix(".md")

WAYS = {
    "an image, from the disk to the loss": (
        "data/__init__.py:load",
        "data/datasets/dsprites.py:dsprites",
        "data/sampling/batches.py:stream",
        "runs/steps.py:prepared",
        "training/loop.py:Training.advance",
        "methods/vae.py:VAE.losses",
        "methods/regularisers/beta.py:Beta.forward",
    ),
    "a setting, from the command line to the constructor": (
        "cli/typed.py:split",
        "cli/options.py:values",
        "settings/signature.py:Keyword.read",
        "runs/train.py:train",
        "methods/resolve.py:resolve",
        "runs/config.py:MethodConfig.of",
        "methods/spec.py:Spec.build",
    ),
    "codes and factors, to the score in the report": (
        "evaluation/run_scores.py:evaluate_run",
        "evaluation/encoding.py:plan_rows",
        "evaluation/tables.py:encode",
        "evaluation/scoring.py:score",
        "metrics/metric.py:Metric.__call__",
        "metrics/scores/mig.py:mig",
        "runs/folder.py:Folder.keep_scores",
        "report/sections.py:of",
    ),
}

NAMES = {
    "run": "a training as a folder, and the trained model in it",
    "method": "an objective with its networks: players, and the turns of a step",
    "part": "a replaceable module of a method: encoder, decoder, likelihood, regulariser, pooling, supervision, critic",
    "player": "parameters and the optimiser that moves them",
    "turn": "one simultaneous move of some players, each down its own loss",
    "step": "one batch, and as many turns as the method yields",
    "setting": "a keyword of a constructor that is part of the configuration",
    "fact": "a keyword that the data or the run fill in: n, shape, classes, steps",
    "spec": "a method with everything chosen, a tree of classes and settings",
    "code": "what an encoder gives for an image, D columns",
    "latent": "one column of a code",
    "block": "columns of a code with one meaning: content, style, class, noise",
    "factor": "one way in which images of a data set differ, with known values",
    "grid": "every combination of the values of some factors",
    "view": "a data set seen through some of its rows",
    "shift": "a view with another distribution of factors or labels",
    "group": "images that belong together: an object, a person, a video",
    "table": "codes beside factors, as metrics read them",
    "score": "a value with its error, interval, floor and reason",
    "floor": "what a metric gives for codes that know nothing of the factors",
    "protocol": "the published choices under which a number is comparable: dlib, laforge, ...",
    "recipe": "a claim, what is trained for it, and what has to come out",
    "arm": "one training of a recipe: the method claimed, a baseline or an ablation",
    "traversal": "images decoded while one latent moves and the others stand still",
}


def layers() -> list[tuple[str, ...]]:
    """The rooms, lowest layer first, as the test of the layers has them."""
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text())
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == "LAYERS"
        ):
            return list(ast.literal_eval(node.value))
    raise ValueError("tests/test_layers.py has no LAYERS")


def first_line(file: Path) -> str:
    """The first paragraph of the docstring of a file."""
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    return " ".join(text.split("\n\n")[0].split())


def rooms() -> Iterator[str]:
    """A section for each layer: rooms with their files, single files by themselves."""
    for height, names in enumerate(layers()):
        yield f"\n### Layer {height}\n"
        for name in names:
            room = SOURCE / name
            if not room.is_dir():
                yield f"- `{name}.py`: {first_line(room.with_suffix('.py'))}"
                continue
            yield f"- **`{name}/`**: {first_line(room / '__init__.py')}"
            for file in sorted(room.glob("*.py")):
                if file.name != "__init__.py":
                    yield f"    - `{file.name}`: {first_line(file)}"
            for inner in sorted(
                path for path in room.iterdir() if (path / "__init__.py").is_file()
            ):
                yield f"    - `{inner.name}/`: {first_line(inner / '__init__.py')}"


def ways() -> Iterator[str]:
    """Each way through the house, as a list of functions."""
    for about, stations in WAYS.items():
        yield f"\n**{about[0].upper()}{about[1:]}:**\n"
        for number, station in enumerate(stations, 1):
            file, _, name = station.partition(":")
            line = defined(SOURCE / file, name)
            yield f"{number}. [`{name}`](../src/unweave/{file}) in `{file}`: {line}"


def defined(file: Path, name: str) -> str:
    """The first sentence of the docstring of a function, class or method. Raises ValueError if it is missing."""
    found: ast.AST = ast.parse(file.read_text())
    doc = ""
    for word in name.split("."):
        kinds = (ast.FunctionDef, ast.ClassDef)
        inside = [node for node in ast.walk(found) if isinstance(node, kinds) and node.name == word]
        if not inside:
            raise ValueError(f"{file} has no {name}")
        found = inside[0]
        doc = (
            ast.get_docstring(inside[0]) or doc
        )  # an overriding method without one: that of its class
    first = " ".join(doc.split("\n\n")[0].split())
    return re.split(r"(?<=\.) ", first)[0]


def page() -> str:
    """The page."""
    lines = (
        "# How the house is built\n",
        "This page is drawn from the code (`make docs`), and a test says when it is not current. A file imports from lower",
        "layers, or from its own room; data, methods and metrics do not know each other (`tests/test_layers.py`).\n",
        "## Three ways through it",
        *ways(),
        "\n## Rooms",
        *rooms(),
        "\n## Names\n",
        "| name | means |\n|---|---|",
        *(f"| {name} | {means} |" for name, means in NAMES.items()),
        "",
    )
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
