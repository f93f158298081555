"""Metrics that compare several models of the same data, and need no labels for it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from unweave.metrics.base import Declares, Metric, Score
from unweave.metrics.tables.arguments import check_options, refuse_unbound


class MetricOfModels(Metric):
    """A metric in its public form: call it on the codes of several models, as its docstring says.

    It cannot `score` a table, which holds one model's codes.
    """

    def __init__(self, compare: Callable[..., Score], declares: Declares) -> None:
        functools.update_wrapper(self, compare)
        self.name = compare.__name__
        self.compare = compare
        self.declares = declares

    def __call__(self, *args: Any, **options: Any) -> Score:
        """Compare models; the docstring of each metric says by what arguments."""
        checked = check_options(self.name, self.compare, options, ())
        refuse_unbound(self.name, self.compare, args, checked)
        return self.compare(*args, **checked)

    def score(self, table: Any, **options: Any) -> Score:
        """Refuse: ValueError that says how to call it."""
        raise ValueError(
            f"{self.name} compares several models and was given the codes of one; "
            f"call unweave.metrics.{self.name} with the codes of each"
        )


def metric_of_models(
    *,
    measures: tuple[str, ...],
    range: tuple[float, float] = (0.0, 1.0),
    protocols: tuple[str, ...] = ("unweave",),
) -> Callable[[Callable[..., Score]], MetricOfModels]:
    """Make a metric of a function of several models' codes; keywords are fields of `Declares`."""
    declares = Declares(
        measures, range, "higher", "models", "fit", ("permutation", "sign"), (), protocols
    )
    return lambda compare: MetricOfModels(compare, declares)
