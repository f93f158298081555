"""Stated errors of metrics against their spread over fresh tables, and coverage of the intervals.

    python benchmarks/errors.py                                every metric, 40 tables of 1,000 rows
    python benchmarks/errors.py mig sap --tables 200           some metrics
    python benchmarks/errors.py sap --tables 40 --rows 20000   above the most rows that are fitted
    python benchmarks/errors.py --table                        the table, from docs/errors.json

What the tables and the columns are, `error_page.ABOUT` says.
"""

from __future__ import annotations

import argparse
import math
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from error_cells import cell
from error_page import keep, markdown, read, states_an_error
from error_tables import KINDS, MANY, table_of

from unweave import metrics
from unweave.metrics import Metric
from unweave.metrics.base import Measured
from unweave.metrics.calibration import intervals


def shown(metric: Metric, kind: str, n: int, seed: int) -> dict[str, dict[str, float]]:
    """The reported value ("") and parts of a new table, with the uncorrected value as `measured`."""
    table = table_of(metric, kind, n, seed)
    found = metric.measure(table)
    if math.isnan(found.value):
        return {}
    bands = intervals(metric.measure, table, found, metric.plan(found))
    numbers = {"": (bands.value, found.value)}
    for name in [part for part in bands.parts if part not in metric.declares.errorless]:
        numbers[name] = (bands.parts[name], found.pieces[name])
    rows = {}
    for name, (band, measured) in numbers.items():
        rows[name] = band.within(*range_of(metric, name))
        rows[name] |= {"measured": measured, "uncut": band.value}
    return rows


def limit(metric: Metric, kind: str, n: int) -> dict[str, float]:
    """The value and the parts at `MANY` rows or more; none for a metric that fits models."""
    if metric.declares.cost == "fit":
        return {}
    found: Measured = metric.measure(table_of(metric, kind, max(MANY, n), 999_999))
    return {"": found.value, **found.pieces}


def measure(job: tuple[str, str, int, int]) -> list[dict[str, Any]]:
    """One metric on one kind of tables: rows for the value and for the parts that are no copy of it."""
    name, kind, n, tables = job
    warnings.simplefilter("ignore")
    metric = metrics.get(name)
    truth = limit(metric, kind, n)
    found = [shown(metric, kind, n, seed) for seed in range(tables)]
    rows: list[dict[str, Any]] = []
    for part in found[0]:
        columns = {}  # (tables,) each
        for key in found[0][part]:
            columns[key] = np.array([one[part][key] for one in found if one])
        between = range_of(metric, part)
        row = {"metric": name, "part": part, "codes": kind, "rows": n, "tables": tables}
        row |= cell(columns, truth.get(part, math.nan), between, metric.declares.corrected)
        known = np.isfinite(columns["error"]).all() and row["spread"] > 0
        is_copy = any(row["spread"] == other["spread"] for other in rows)
        if known and not is_copy:
            rows.append(row)
    return rows


def range_of(metric: Metric, part: str) -> tuple[float, float]:
    """The range of the value ("") or of a part of a metric."""
    return metric.declares.ranges.get(part, metric.declares.range)


def main() -> None:
    """Measure the given metrics, print the table and save it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "metrics", nargs="*", help="names; every metric that states an error by default"
    )
    parser.add_argument("--tables", type=int, default=40)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print what was measured before")
    given = parser.parse_args()
    if given.table:
        print(markdown(read()))
        return
    names = given.metrics or [name for name in metrics.names() if states_an_error(name)]
    jobs = [(name, kind, given.rows, given.tables) for name in names for kind in KINDS]
    print(markdown([]))
    with ProcessPoolExecutor(given.processes) as pool:
        for found in pool.map(measure, jobs):
            keep(found)
            for line in markdown(found).split("\n")[2:]:  # without the head
                print(line, flush=True)


if __name__ == "__main__":
    main()
