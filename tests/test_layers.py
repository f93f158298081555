"""The house stands on its layers: each file imports from lower layers or from its own room, and no metric another one.

Every import counts: at the top of a file, inside a function, under TYPE_CHECKING, and strings such as "unweave.x:Y".
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from unweave.data import TABLE
from unweave.methods import METHODS, PARTS

SOURCE = Path(__file__).parents[1] / "src" / "unweave"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("blocks", "seeds", "settings", "files", "tensors", "text"),
    ("types", "kinds", "maths"),
    ("nets",),
    ("data", "methods", "metrics"),
    ("training", "trust"),
    ("runs",),
    ("evaluation",),
    ("report", "estimator", "reproduction"),
    ("demos",),
    ("cli",),
)
LAYER = {name: height for height, names in enumerate(LAYERS) for name in names}
LAZY = {"__init__", "__main__"}  # of the package itself, which imports nothing until a name is used
METRICS_MAY = {"settings", "kinds", "text", "seeds", "tensors"}
VAGUE = {"utils", "util", "common", "core", "helpers", "helper", "misc"}
REFERENCE = re.compile(r"unweave((?:\.\w+)+)(?::\w+)?")


def imports(tree: ast.Module, package: str) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Every import with the dotted name of what it imports; relative ones are resolved in `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield from ((node, f"{module}.{alias.name}") for alias in node.names)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and REFERENCE.fullmatch(node.value)
        ):
            yield node, node.value.partition(":")[0]


def faults(path: str, source: str) -> list[str]:
    """What is wrong with the imports of the file at `path`, below src/unweave: "path:line: reason"."""
    *folders, file = path.removesuffix(".py").split("/")
    own = (*folders, file)[0]
    if own in LAZY:
        return []
    if own not in LAYER:
        return [f"{path}:1: {own!r} has no layer; give it one in tests/test_layers.py"]
    tree = ast.parse(source)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    found = []
    for node, name in imports(tree, ".".join(["unweave", *folders])):
        reason = refused(own, name) or beside(path, name)
        if (
            own == "metrics"
            and name.split(".")[0] == "torch"
            and not (file == "boosting" and id(node) in inside)
        ):
            reason = (
                "metrics work without torch; boosting.py alone may import it, inside a function"
            )
        if reason:
            found.append(f"{path}:{node.lineno}: {reason}")
    return found


def refused(own: str, name: str) -> str | None:
    """Why a file of `own` may not import `name`; None if it may."""
    root, _, rest = name.partition(".")
    other = rest.split(".")[0]
    if root == "tests":
        return "the package imports its tests"
    if root != "unweave" or not rest or other == own:
        return None
    if other not in LAYER:
        return f"imports unweave.{other}, which has no layer"
    if own == "metrics" and other not in METRICS_MAY:
        return f"metrics know nothing but arrays; they may import {', '.join(METRICS_MAY)}, not {other}"
    if LAYER[other] >= LAYER[own]:
        return f"{own} stands on layer {LAYER[own]} and imports {other} of layer {LAYER[other]}"
    return None


def beside(path: str, name: str) -> str | None:
    """Why a metric may not import this: it is another metric, and what two metrics share belongs to neither."""
    scores = "unweave.metrics.scores."
    if path.startswith("metrics/scores/") and name.startswith(scores):
        return f"imports the metric {name.removeprefix(scores).split('.')[0]}"
    return None


FILES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))


def test_every_file_imports_from_lower_layers_only() -> None:
    found = [fault for path in FILES for fault in faults(path, (SOURCE / path).read_text())]
    assert not found, "\n" + "\n".join(found)


def test_no_file_is_named_for_nothing() -> None:
    vague = [path for path in FILES if VAGUE & set(path.removesuffix(".py").split("/"))]
    assert not vague, f"name these for their concept: {vague}"


def test_every_room_is_a_package_that_git_keeps() -> None:
    """A pattern such as "runs/" would leave the room of that name out of the next commit, of ruff and of the wheel."""
    rooms = {path.rpartition("/")[0] for path in FILES}
    assert not [room for room in rooms if not (SOURCE / room / "__init__.py").is_file()]
    ignored = {
        line.removesuffix("/")
        for line in (SOURCE.parents[1] / ".gitignore").read_text().splitlines()
    }
    assert not ignored & {folder for room in rooms for folder in room.split("/")}


def test_registries_point_into_their_own_layer() -> None:
    """Data at data; methods and their parts at methods or nets."""
    places = [(f"data {name}", where, ("data",)) for name, (where, *_) in TABLE.items()]
    places += [(f"method {name}", entry.where, ("methods",)) for name, entry in METHODS.items()]
    for kind, table in PARTS.items():
        places += [
            (f"{kind} {name}", entry.where, ("methods", "nets")) for name, entry in table.items()
        ]
    wrong = [
        f"{what}: {where}" for what, where, layers in places if where.split(".")[1] not in layers
    ]
    assert not wrong


def test_methods_and_their_parts_stand_alone() -> None:
    """None imports another that is registered: what they share is in maths, or in a base file of their folder."""
    entries = [*METHODS.values(), *(entry for table in PARTS.values() for entry in table.values())]
    registered = {
        where
        for entry in entries
        if (where := entry.where.partition(":")[0]).startswith("unweave.methods")
    }
    found = []
    for path in (
        path for path in FILES if path.startswith("methods/") and not path.endswith("__init__.py")
    ):
        module = "unweave." + path.removesuffix(".py").replace("/", ".")
        names = [
            name
            for _, name in imports(
                ast.parse((SOURCE / path).read_text()), module.rpartition(".")[0]
            )
        ]
        others = {
            other
            for other in registered - {module}
            for name in names
            if f"{name}.".startswith(f"{other}.")
        }
        found += [f"{path} imports {other}" for other in others]
    assert not found


def test_importing_the_registries_needs_no_torch() -> None:
    code = """
import sys, unweave, unweave.data, unweave.methods, unweave.metrics
print([name for name in ("torch", "sklearn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- the checker itself, on faults made on purpose

WRONG = {
    (
        "nets/mlp.py",
        "import torch\n\nfrom unweave.methods.base import Method\n",
    ): "nets/mlp.py:3: nets stands on layer 2",
    (
        "methods/vae.py",
        "def f():\n    from unweave.data import load\n",
    ): "methods/vae.py:2: methods stands on layer 3",
    ("data/datasets/folder.py", "import unweave.methods"): "imports methods of layer 3",
    ("training/loop.py", "from unweave import data, runs"): "imports runs of layer 5",
    (
        "data/datasets/folder.py",
        "WHERE = 'unweave.metrics.scores.mig:mig'",
    ): "data/datasets/folder.py:1: data stands on layer 3 and imports metrics",
    ("methods/regularisers/beta.py", "from ...data import images"): "imports data of layer 3",
    (
        "metrics/scores/mig.py",
        "from unweave.maths import information",
    ): "metrics know nothing but arrays",
    (
        "metrics/scores/mig.py",
        "def f():\n    import torch\n",
    ): "metrics/scores/mig.py:2: metrics work without torch",
    ("metrics/estimators/boosting.py", "import torch.nn as nn"): "metrics work without torch",
    ("types.py", "from unweave import nonsense"): "imports unweave.nonsense, which has no layer",
    ("nonsense.py", ""): "nonsense.py:1: 'nonsense' has no layer",
    (
        "runs/folder.py",
        "if TYPE_CHECKING:\n    from unweave.evaluation.evaluate import evaluate",
    ): "runs/folder.py:2: runs stands on layer 5",
    (
        "metrics/scores/sap.py",
        "from unweave.metrics.scores.mcc import ranks",
    ): "metrics/scores/sap.py:1: imports the metric mcc",
    ("maths/gaussian.py", "from tests.contract import toys"): "the package imports its tests",
}


@pytest.mark.parametrize(("file", "message"), WRONG.items())
def test_a_wrong_import_is_named(file: tuple[str, str], message: str) -> None:
    (fault,) = faults(*file)
    assert message in fault


def test_right_imports_pass() -> None:
    right = {
        "methods/vae.py": "from unweave.methods.base import Method\nfrom unweave.nets.mlp import layers\n",
        "methods/regularisers/beta.py": "from .. import base",
        "metrics/scores/mig.py": "from unweave.metrics.base import Score\nimport numpy",
        "metrics/estimators/boosting.py": "def f():\n    import torch\n",
        "runs/train.py": "import torch\nfrom unweave.methods.resolve import resolve\nWHERE = 'unweave.runs.run:Run'",
        "__init__.py": "from unweave.runs.train import train",
        "cli/__init__.py": "TEXT = 'unweave is a package. See unweave.runs.train, or unweave.'",
    }
    assert not [fault for path, source in right.items() for fault in faults(path, source)]
