"""unweave trains, measures, compares and shows disentangled representations.

    run = unweave.train("beta-tcvae", "dsprites", steps=20_000)
    unweave.evaluate(run)
    unweave.metrics.mig(codes, factors)

Names are loaded when they are first used: `import unweave.metrics` needs no torch.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unweave import data, methods, metrics, report
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
_MODULES = ("data", "methods", "metrics", "report")

__all__ = ["Disentangler", "Run", "data", "evaluate", "load_run", "methods", "metrics", "report", "resume", "train"]


class _Package(ModuleType):
    """The package, in which `train` and `evaluate` are the functions, also once files of these names were imported."""

    def __getattr__(self, name: str) -> Any:
        if name in _MODULES:
            return import_module(f"unweave.{name}")
        if name in _WHERE:
            return getattr(import_module(_WHERE[name]), name)
        raise AttributeError(f"module 'unweave' has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        # the import system binds every submodule to its package under its file's name: `train` is to stay the function
        if not (name in _WHERE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *__all__]


sys.modules[__name__].__class__ = _Package
