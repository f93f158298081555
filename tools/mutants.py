"""Test the mutants of cosmic-ray in forked children of one warm pytest.

`python tools/mutants.py CONFIG SESSION`, between `cosmic-ray init` and `cr-report`.

`cosmic-ray exec` starts Python, torch and pytest anew for each mutant: seconds, where the test that
kills takes milliseconds. Here one pytest collects the tests and runs them once, which records their
seconds and the functions that each of them calls. A child of it, for each mutant, puts the mutated
code in place of the loaded one and runs the tests that call the mutated function, the quickest
first, up to the first failure. Checks of shapes are off: a mutant is killed by its values.

Left out are the ranges and defaults of settings: the pages of the docs print each of them, and
`tests/test_docs.py` fails where a page differs.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib
import os
import resource
import sys
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.doctest import DoctestItem
from _pytest.runner import runtestprotocol
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult
from in_place import replace

OPTIONS = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-o",
    "addopts=--doctest-modules --import-mode=importlib",
]


class Mutants:
    """A pytest plugin that runs the collected tests once, and then on each mutant of the session."""

    def __init__(self, work: WorkDB, seconds: int) -> None:
        self.work = work
        self.seconds = seconds  # of processor time for one mutant
        self.calls: dict[tuple[str, str | None], set[pytest.Item]] = defaultdict(set)
        self.cost: dict[pytest.Item, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            start = time.process_time()
            with self.recorded(item):
                if not passes(item):
                    pytest.exit(f"{item.nodeid} fails without a mutant", 1)
            self.cost[item] = time.process_time() - start
        jobs = list(self.work.pending_work_items)
        # what fails on a mutant must not fail for being put in place
        unchanged = {
            path: path.read_text() for path in {job.mutations[0].module_path for job in jobs}
        }
        if not self.passes_in_child(
            unchanged, set().union(*(self.reaching(path) for path in unchanged))
        ):
            pytest.exit("the tests fail on the unchanged source, put in place as a mutant is", 1)
        for job in jobs:
            self.work.set_result(job.job_id, self.result(job.mutations[0]))
        return True

    def reaching(self, path: Path, function: str | None = None) -> set[pytest.Item]:
        """The tests that call a function of a file, or anything in the file where none does."""
        file = str(path.resolve())
        return self.calls.get((file, function)) or self.calls[file, None]

    def passes_in_child(self, sources: dict[Path, str], items: set[pytest.Item]) -> bool:
        """Whether the items pass, the quickest first, with other sources of some modules."""
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (self.seconds, self.seconds))
            os._exit(not survives(sources, sorted(items, key=self.cost.__getitem__)))
        return os.waitpid(child, 0)[1] == 0

    @contextlib.contextmanager
    def recorded(self, item: pytest.Item) -> Any:
        """Record the calls of an item under (file, function) and (file, None)."""

        def called(frame: FrameType, event: str, _: object) -> None:
            if event == "call":
                file = frame.f_code.co_filename
                self.calls[file, frame.f_code.co_name].add(item)
                self.calls[file, None].add(item)

        sys.setprofile(called)
        try:
            yield
        finally:
            sys.setprofile(None)

    def result(self, spec: MutationSpec) -> WorkResult:
        """Whether a test fails on one mutant."""
        source = spec.module_path.read_text()
        if is_declared(source, spec.start_pos):
            return WorkResult(WorkerOutcome.SKIPPED, "the range or default of a setting")
        mutated = mutate_code(
            source, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence
        )
        survived = self.passes_in_child(
            {spec.module_path: mutated}, self.reaching(spec.module_path, spec.definition_name)
        )
        outcome = TestOutcome.SURVIVED if survived else TestOutcome.KILLED
        print(
            outcome.value, spec.module_path.name, spec.start_pos[0], spec.operator_name, flush=True
        )
        diff = difflib.unified_diff(source.splitlines(), mutated.splitlines(), lineterm="", n=1)
        return WorkResult(WorkerOutcome.NORMAL, "", outcome, "\n".join(diff))


def passes(item: pytest.Item) -> bool:
    """Run one test; a doctest forgets its names when it has run, and is given them again."""
    names = dict(item.dtest.globs) if isinstance(item, DoctestItem) else {}
    reports = runtestprotocol(item, log=False, nextitem=None)
    if isinstance(item, DoctestItem):
        item.dtest.globs.update(names)
    return not any(report.failed for report in reports)


def survives(sources: dict[Path, str], items: list[pytest.Item]) -> bool:
    """Whether all items pass on the given sources; silent, in a child."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        for path, source in sources.items():
            replace(importlib.import_module(".".join(path.with_suffix("").parts[1:])), source)
        return all(passes(item) for item in items)
    except BaseException:  # a module that cannot be executed is noticed
        return False


def is_declared(source: str, position: tuple[int, int]) -> bool:
    """Whether a position (line, column) is in an annotation, or in the keywords of a constructor.

    Or on the star before keywords, which is no product.
    """
    if source.splitlines()[position[0] - 1][position[1] :].startswith("*,"):
        return True
    parts: list[ast.AST | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            parts.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            parts.append(node.returns)
            if node.name == "__init__":
                parts.extend(node.args.kw_defaults)
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) in (
            "Annotated",
            "Literal",
        ):
            parts.append(node)
    spans = [part for part in parts if isinstance(part, ast.expr)]
    return any(
        (s.lineno, s.col_offset) <= position < (s.end_lineno, s.end_col_offset) for s in spans
    )


def main(config: str, session: str) -> int:
    """Test the pending mutants of a session on the tests that the configuration names."""
    settings = tomllib.loads(Path(config).read_text())["cosmic-ray"]
    with use_db(session, WorkDB.Mode.open) as work:
        return pytest.main(
            [*OPTIONS, *settings["tests"]], plugins=[Mutants(work, settings["timeout"])]
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
