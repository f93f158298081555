"""The `metric` decorator, and the types that a metric needs.

A metric is a function of a table: codes (N, D) beside factors (N, K), or groups of codes. To add
one, write one file

    @metric(measures=("compactness",), invariant=("permutation", "sign"), falls=("rotation",))
    def my_metric(
        table: Table, *, power: Annotated[float, Setting("of each gap", above=0)] = 1.0
    ) -> Measured:
        '''What it is, formula, range and direction, source, departures.'''
        return Measured(value, "how it was estimated", factors={"gap": gap})

and one line in `unweave.metrics.METRICS`. The decorator gives the function its public form,
`my_metric(codes, factors, *, test, log_var, active, weights, protocol, seed, calibrate, kinds) ->
Score`: inputs are checked, constant latents and factors are set aside and come back as NaN parts,
and error, null floor, rotated value and ceiling are found by measuring changed tables
(`unweave.metrics.calibration`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from unweave.metrics.declares import Declares
from unweave.metrics.measured import Measured
from unweave.metrics.metric import Metric
from unweave.metrics.score import Score
from unweave.metrics.tables.arguments import refuse_unset
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.groups import Groups
from unweave.metrics.tables.table import Table

__all__ = ["Declares", "GroupTable", "Groups", "Measured", "Metric", "Score", "Table", "metric"]


def metric(
    *,
    measures: tuple[str, ...],
    range: tuple[float, float] = (0.0, 1.0),
    direction: str = "higher",
    tables: str = "rows",
    cost: str = "cheap",
    invariant: tuple[str, ...] = (),
    falls: tuple[str, ...] = (),
    protocols: tuple[str, ...] = ("unweave",),
    error: str = "halves",
    no_error: str = "",
    corrected: bool = False,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    silent: bool = False,
    uses: tuple[str, ...] = (),
    draws: bool = False,
    floors: bool = True,
    errorless: tuple[str, ...] = (),
) -> Callable[[Callable[..., Measured]], Metric]:
    """Make a metric of a function from a table to what was measured; the keywords are the fields of
    `Declares`. ValueError for what cannot be declared, and for an option of the function without a
    `Setting`.
    """
    declares = Declares(
        measures,
        range,
        direction,
        tables,
        cost,
        invariant,
        falls,
        protocols,
        error,
        no_error,
        corrected,
        ranges or {},
        silent,
        uses,
        draws,
        floors,
        errorless,
    )

    def made(measure: Callable[..., Measured]) -> Metric:
        refuse_unset(measure)
        return Metric(measure, declares)

    return made
