"""unweave trains, measures, compares and shows disentangled representations.

    run = unweave.train("beta-tcvae", "dsprites", steps=20_000)
    unweave.evaluate(run)
    unweave.metrics.mig(codes, factors)

Names are loaded when they are first used: `import unweave.metrics` needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unweave import data, methods, metrics, report
    from unweave.estimator import Disentangler
    from unweave.evaluation.evaluate import evaluate
    from unweave.runs.run import Run, load_run
    from unweave.runs.train import resume, train

_WHERE = {
    "Disentangler": "unweave.estimator",
    "Run": "unweave.runs.run",
    "evaluate": "unweave.evaluation.evaluate",
    "load_run": "unweave.runs.run",
    "resume": "unweave.runs.train",
    "train": "unweave.runs.train",
}
_MODULES = ("data", "methods", "metrics", "report")

__all__ = [
    "Disentangler",
    "Run",
    "data",
    "evaluate",
    "load_run",
    "methods",
    "metrics",
    "report",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"unweave.{name}")
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'unweave' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
