"""What README.md and the docs name stays where they say, whichever files of the package were imported before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import unweave
from unweave import metrics

WHERE = {
    "unweave.Disentangler": "unweave.estimator:Disentangler",
    "unweave.Run": "unweave.runs.run:Run",
    "unweave.evaluate": "unweave.evaluation.evaluate:evaluate",
    "unweave.load_run": "unweave.runs.run:load_run",
    "unweave.resume": "unweave.runs.train:resume",
    "unweave.train": "unweave.runs.train:train",
    "unweave.data.load": "unweave.data:load",
    "unweave.report.write": "unweave.report.page:write",
    **{
        f"unweave.metrics.{name}": f"{where}:{name}" for name, (where, _) in metrics.METRICS.items()
    },
}

MOVED = """
import importlib, json, operator, pkgutil, sys
import unweave

where = json.loads(sys.argv[1])
public = {name: operator.attrgetter(name.removeprefix("unweave."))(unweave) for name in where}
for module in pkgutil.walk_packages(unweave.__path__, "unweave."):
    importlib.import_module(module.name)
for name, place in where.items():
    module, _, attribute = place.partition(":")
    after = operator.attrgetter(name.removeprefix("unweave."))(unweave)
    if not public[name] is after is getattr(sys.modules[module], attribute):
        print(name, "is", after)
"""


def test_public_names_are_the_same_objects_after_every_file_was_imported() -> None:
    """A file named for what it defines would take the place of it: `import unweave.train`, and train is a module."""
    asked = [sys.executable, "-c", MOVED, json.dumps(WHERE)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", unweave.__all__)
def test_every_public_name_is_in_the_list_above_or_a_room(name: str) -> None:
    assert f"unweave.{name}" in WHERE or getattr(unweave, name).__name__ == f"unweave.{name}"
