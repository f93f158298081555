"""Stated errors against the spread over fresh tables, and how often intervals hold what they are about.

    python benchmarks/errors.py                                  every metric, 40 tables of 1,000 rows
    python benchmarks/errors.py mig sap --tables 200             some metrics
    python benchmarks/errors.py sap --tables 40 --rows 20000     above the most rows that are fitted (15,000)
    python benchmarks/errors.py --table                          the table of all that was measured, from docs/errors.json

Two kinds of tables. **turned**: four factors of 6, 6, 5 and 8 levels, each in a latent with some noise, pairs of latents
turned by 20 degrees, and two latents of noise. **bent**: two continuous factors and two categories that depend on each
other, in latents that are nonlinear and mixed, and a latent of noise; with more noise for the metrics that read groups.
All tables of a kind are scored with one seed.

- *spread*: standard deviation over the tables of the value, before it is cut to its range (a correlation of 0 is
  estimated below 0 as often as above). *stated / spread*: the mean stated error over it.
- *holds the mean*: share of the 95 % intervals that hold the mean value over the tables, which is what an interval of an
  estimator at that number of rows is about. *holds the limit*: the same of the value at 200,000 rows, which is what an
  interval of a corrected value is about, and all that is to be said of a metric whose bias is small.
- *off the limit*: root mean square distance of the value to the limit. *corrected otherwise*: the same if bias were
  corrected where it is not, or not where it is. A correction has to make it smaller.

A cell **fails** if the tables exclude, at 97.5 %, that stated / spread lies within .8 to 1.4 or that intervals hold what
they are about nine times in ten: the limit if bias is corrected, else the mean.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from error_tables import KINDS, MANY, table_of

from unweave import metrics
from unweave.metrics import Metric
from unweave.metrics.base import Measured
from unweave.metrics.calibration import intervals

KEPT = Path(__file__).parents[1] / "docs" / "errors.json"
PAGE = KEPT.with_suffix(".md")
RATIO = (0.8, 1.4)
COVERAGE = 0.9


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
        rows[name] = band.within(*range_of(metric, name)) | {
            "measured": measured,
            "uncut": band.value,
        }
    return rows


def limit(metric: Metric, kind: str, n: int) -> dict[str, float]:
    """The value and the parts at `MANY` rows or more; none for a metric that fits models."""
    if metric.declares.cost == "fit":
        return {}
    found: Measured = metric.measure(table_of(metric, kind, max(MANY, n), 999_999))
    return {"": found.value, **found.pieces}


def measure(job: tuple[str, str, int, int]) -> list[dict[str, Any]]:
    """One metric on one kind of tables: a row for the value and one for each part that is not a copy of it."""
    name, kind, n, tables = job
    warnings.simplefilter("ignore")
    metric = metrics.get(name)
    truth = limit(metric, kind, n)
    found = [shown(metric, kind, n, seed) for seed in range(tables)]
    rows: list[dict[str, Any]] = []
    for part in found[0]:
        columns = {
            key: np.array([one[part][key] for one in found if one]) for key in found[0][part]
        }
        row = {"metric": name, "part": part, "codes": kind, "rows": n, "tables": tables}
        row |= cell(
            columns, truth.get(part, math.nan), range_of(metric, part), metric.declares.corrected
        )
        known = np.isfinite(columns["error"]).all() and row["spread"] > 0
        is_copy = any(row["spread"] == other["spread"] for other in rows)
        if known and not is_copy:
            rows.append(row)
    return rows


def range_of(metric: Metric, part: str) -> tuple[float, float]:
    """The range of the value ("") or of a part of a metric."""
    return metric.declares.ranges.get(part, metric.declares.range)


def cell(
    of: dict[str, np.ndarray], truth: float, between: tuple[float, float], corrected: bool
) -> dict[str, Any]:
    """The statistics of one number over the tables: see the docstring of this file."""
    value = of["uncut"]  # (tables,)
    mean = float(value.mean())
    spread = float(value.std(ddof=1)) if np.ptp(value) > 1e-9 else 0.0
    other = of["measured"] if corrected else of["measured"] - of["bias"]
    return {
        "value": mean,
        "spread": spread,
        "ratio": float(of["error"].mean() / spread) if spread else math.nan,
        "holds_mean": _share(of, float(np.clip(mean, *between))),
        "holds_limit": _share(of, float(np.clip(truth, *between))),
        "corrected": corrected,
        "limit": truth,
        "off": float(np.sqrt(np.mean((value - truth) ** 2))),
        "otherwise": float(np.sqrt(np.mean((other - truth) ** 2))),
        "outside": int(np.sum((of["value"] < of["low"]) | (of["value"] > of["high"]))),
    }


def _share(of: dict[str, np.ndarray], truth: float) -> float:
    """The share of the intervals that contain a value; NaN if it is not known."""
    if math.isnan(truth):
        return math.nan
    slack = 1e-12
    inside = (of["low"] - slack <= truth) & (truth <= of["high"] + slack)
    return float(inside.mean())


def fails(row: dict[str, Any]) -> list[str]:
    """The failures of a cell: "error", "coverage", "outside"."""
    from scipy.stats import binom, chi2

    holds = row["holds_limit"] if row["corrected"] else row["holds_mean"]
    hits = round(holds * row["tables"])
    wrong = []
    free = row["tables"] - 1
    least, most = (row["ratio"] * math.sqrt(chi2.ppf(p, free) / free) for p in (0.025, 0.975))
    if most < RATIO[0] or least > RATIO[1]:
        wrong.append("error")
    if binom.cdf(hits, row["tables"], COVERAGE) < 0.025:
        wrong.append("coverage")
    if row["outside"]:
        wrong.append("outside")
    return wrong


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table."""
    head = (
        "metric", "codes", "rows", "tables", "value", "spread", "stated / spread", "holds the mean", "holds the limit",
        "off the limit", "corrected otherwise", "bias", "",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        name = f"{row['metric']}: {row['part']}" if row["part"] else f"**{row['metric']}**"
        numbers = [f"{row['value']:.4f}", f"{row['spread']:.4f}", _two(row["ratio"])]
        numbers += [_two(row["holds_mean"]), _two(row["holds_limit"])]
        numbers += [
            "" if math.isnan(row[key]) else f"{row[key]:.4f}" for key in ("off", "otherwise")
        ]
        cells = [name, row["codes"], f"{row['rows']:,}", str(row["tables"]), *numbers]
        cells += [
            "corrected" if row["corrected"] else "",
            " ".join(fails(row)) and f"fails: {', '.join(fails(row))}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _two(x: float) -> str:
    return "" if math.isnan(x) else f"{x:.2f}"


def keep(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace rows of docs/errors.json of the same metric, codes and number of rows. Returns all rows."""
    old = read()
    new = {(row["metric"], row["codes"], row["rows"]) for row in rows}
    together = [row for row in old if (row["metric"], row["codes"], row["rows"]) not in new] + rows
    together = [row for row in together if states_an_error(row["metric"], row["part"])]
    order = {name: i for i, name in enumerate(metrics.names())}
    together.sort(key=lambda row: (row["rows"], order.get(row["metric"], 0), -len(row["codes"])))
    plain = [
        {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in together
    ]
    KEPT.write_text("[\n" + ",\n".join(json.dumps(_rounded(row)) for row in plain) + "\n]\n")
    PAGE.write_text(page(together))
    return together


def page(rows: list[dict[str, Any]]) -> str:
    """docs/errors.md."""
    what = (__doc__ or "").partition("Two kinds")
    title = "# How far stated errors and intervals can be trusted\n\nWritten by `python benchmarks/errors.py`."
    return f"{title} {what[1]}{what[2]}\n{markdown(rows)}\n"


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def read() -> list[dict[str, Any]]:
    """The rows of docs/errors.json."""
    if not KEPT.exists():
        return []
    plain = json.loads(KEPT.read_text())
    return [{k: math.nan if v is None else v for k, v in row.items()} for row in plain]


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
            print(
                "".join(line + "\n" for line in markdown(found).split("\n")[2:]), end="", flush=True
            )


def states_an_error(name: str, part: str = "") -> bool:
    """Whether a metric, or a part of it, ever has an error."""
    declares = metrics.get(name).declares
    return (
        declares.tables != "models" and declares.error != "none" and part not in declares.errorless
    )


if __name__ == "__main__":
    main()
