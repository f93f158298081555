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
    from unweave import data, methods, metrics
    from unweave.estimator import Disentangler
    from unweave.evaluate import evaluate
    from unweave.fit import resume, train
    from unweave.run import Run, load_run

_WHERE = {
    "Disentangler": "unweave.estimator",
    "Run": "unweave.run",
    "evaluate": "unweave.evaluate",
    "load_run": "unweave.run",
    "resume": "unweave.fit",
    "train": "unweave.fit",
}
_MODULES = ("data", "methods", "metrics")

__all__ = ["Disentangler", "Run", "data", "evaluate", "load_run", "methods", "metrics", "resume", "train"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"unweave.{name}")
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value  # before a sub-module of the same name takes its place
        return value
    raise AttributeError(f"module 'unweave' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
