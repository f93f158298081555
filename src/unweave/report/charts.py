"""Charts of the log of a run: a line chart of each term, and of the KL of latents and blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from unweave.metrics.tables.silence import ACTIVE
from unweave.report import curves
from unweave.training.kl_log import by_column
from unweave.training.records import units
from unweave.types import NATS

LINES = 24  # latents in the chart of the KL

UNITS = {
    "validation elbo": f"{NATS}, higher is better",
    "active": f"latents with KL above {ACTIVE} nats",
}


def charts(records: list[dict[str, Any]]) -> list[curves.Chart]:
    """A chart of each term of the log; the charts of the KL come second."""
    # the bound first
    terms = sorted(curves.terms(records), key=lambda term: term != "validation elbo")
    unit_of = units(records) | UNITS
    found = []
    for term in terms:
        series = curves.series(records, term, term)
        if series is not None and len(series.steps) > 1:
            smooth = term != "active"  # a count, not a noisy estimate
            found.append(curves.chart(term, unit_of.get(term, ""), [series], smooth=smooth))
    return [*found[:1], *kl_charts(records), *found[1:]]


def kl_charts(records: list[dict[str, Any]]) -> list[curves.Chart]:
    """The KL of the `LINES` most used latents over steps, and of each block if the log has it."""
    logged = [r for r in records if "kl per latent" in r]
    if len(logged) < 2:
        return []
    steps = np.array([r["step"] for r in logged], float)
    kl = [by_column(r) for r in logged]  # of each record: {column: nats}
    last = kl[-1]
    lines = []
    for i, j in enumerate(sorted(last, key=lambda column: -last[column])[:LINES]):
        values = np.array([of_record.get(j, np.nan) for of_record in kl])  # (records,)
        lines.append(curves.Series(f"z{j}", steps, values, i % 8, faint=bool(last[j] <= ACTIVE)))
    found = [curves.chart("KL of each latent", NATS, lines, key=True, smooth=False)]
    blocks = logged[-1].get("kl per block", {})
    if len(blocks) > 1 and all("kl per block" in r for r in logged):
        lines = []
        for i, name in enumerate(blocks):
            values = np.array([r["kl per block"][name]["kl"] for r in logged], float)
            lines.append(curves.Series(name, steps, values, i % 8))
        found.append(curves.chart("KL of each block", NATS, lines, key=True, smooth=False))
    return found
