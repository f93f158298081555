"""Rows of docs/errors.json, and the table of them in docs/errors.md, for `errors.py`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from error_cells import fails

from unweave import metrics

KEPT = Path(__file__).parents[1] / "docs" / "errors.json"
PAGE = KEPT.with_suffix(".md")
HEAD = (
    "metric",
    "codes",
    "rows",
    "tables",
    "value",
    "spread",
    "stated / spread",
    "holds the mean",
    "holds the limit",
    "off the limit",
    "corrected otherwise",
    "bias",
    "",
)
ABOUT = """\
Two kinds of tables. **turned**: four factors of 6, 6, 5 and 8 levels, each in a latent with some
noise, pairs of latents turned by 20 degrees, and two latents of noise. **bent**: two continuous
factors and two categories that depend on each other, in latents that are nonlinear and mixed, and a
latent of noise; with more noise for the metrics that read groups. All tables of a kind are scored
with one seed.

- *spread*: standard deviation over the tables of the value, before it is cut to its range (a
  correlation of 0 is estimated below 0 as often as above). *stated / spread*: the mean stated error
  over it.
- *holds the mean*: share of the 95 % intervals that hold the mean value over the tables, which is
  what an interval of an estimator at that number of rows is about. *holds the limit*: the same of
  the value at 200,000 rows, which is what an interval of a corrected value is about, and all that
  is to be said of a metric whose bias is small.
- *off the limit*: root mean square distance of the value to the limit. *corrected otherwise*: the
  same if bias were corrected where it is not, or not where it is. A correction has to make it
  smaller.

A cell **fails** if the tables exclude, at 97.5 %, that stated / spread lies within .8 to 1.4 or
that intervals hold what they are about nine times in ten: the limit if bias is corrected, else the
mean.
"""
Rows = list[dict[str, Any]]


def keep(rows: Rows) -> Rows:
    """Replace rows of docs/errors.json of the same metric, codes and number of rows.

    Returns all rows.
    """
    old = read()
    new = {(row["metric"], row["codes"], row["rows"]) for row in rows}
    together = [row for row in old if (row["metric"], row["codes"], row["rows"]) not in new] + rows
    together = [row for row in together if states_an_error(row["metric"], row["part"])]
    order = {name: i for i, name in enumerate(metrics.names())}
    together.sort(key=lambda row: (row["rows"], order.get(row["metric"], 0), -len(row["codes"])))
    lines = [json.dumps({key: _plain(value) for key, value in row.items()}) for row in together]
    KEPT.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    PAGE.write_text(page(together))
    return together


def read() -> Rows:
    """The rows of docs/errors.json."""
    if not KEPT.exists():
        return []
    rows: Rows = json.loads(KEPT.read_text())
    for row in rows:
        unknown = [key for key, value in row.items() if value is None]
        row |= dict.fromkeys(unknown, math.nan)
    return rows


def page(rows: Rows) -> str:
    """docs/errors.md."""
    title = "# How far stated errors and intervals can be trusted"
    return f"{title}\n\nWritten by `python benchmarks/errors.py`. {ABOUT}\n{markdown(rows)}\n"


def markdown(rows: Rows) -> str:
    """The table."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    for row in rows:
        name = f"**{row['metric']}**"
        if row["part"]:
            name = f"{row['metric']}: {row['part']}"
        cells = [name, row["codes"], f"{row['rows']:,}", str(row["tables"])]
        cells += [f"{row['value']:.4f}", f"{row['spread']:.4f}"]
        cells += [_known(row[key], 2) for key in ("ratio", "holds_mean", "holds_limit")]
        cells += [_known(row[key], 4) for key in ("off", "otherwise")]
        cells.append("corrected" * row["corrected"])
        wrong = ", ".join(fails(row))
        cells.append(wrong and f"fails: {wrong}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def states_an_error(name: str, part: str = "") -> bool:
    """Whether a metric, or a part of it, ever has an error."""
    declares = metrics.get(name).declares
    if declares.tables == "models" or declares.error == "none":
        return False
    return part not in declares.errorless


def _known(x: float, decimals: int) -> str:
    """A number as text, "" if it is not known."""
    if math.isnan(x):
        return ""
    return f"{x:.{decimals}f}"


def _plain(value: Any) -> Any:
    """A value for JSON: four digits of a number, None for NaN."""
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    return float(f"{value:.4g}")
