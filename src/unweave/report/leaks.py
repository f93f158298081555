"""Leakage table of a report: accuracy of a linear probe for each factor from each block."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.evaluation.leaks import Leak, leaks
from unweave.report.absent import Absent
from unweave.report.matrices import factor_names
from unweave.report.tiles import minus
from unweave.report.views import Views


@dataclass(frozen=True)
class Probes:
    """A table: factors, and for each block the cells (score, chance) as text. rows: images used."""

    factors: list[str]
    blocks: list[tuple[str, list[tuple[str, str]]]]
    rows: int


def probes(views: Views) -> Probes:
    """The leakage table of a run. Raises Absent if its code is one block or no factor is known."""
    if len(views.inferred) < 2:
        raise Absent("The code of this method is one block: there is no other block to leak into.")
    source = views.source[0]
    rows = views.rows(views.looked_at)
    factors = known_factors(source, rows)
    if factors is None:
        raise Absent(
            "These data come without known factors or classes, so there is nothing to probe for."
        )
    names = factor_names(views.run, factors.shape[1])
    found = leaks(views.codes, views.run.blocks, factors, names, known_kinds(source))
    cells = []
    for block, of_factor in found.items():
        cells.append((block, [_cell(leak) for leak in of_factor.values()]))
    return Probes(names, cells, len(rows))


def _cell(leak: Leak) -> tuple[str, str]:
    """A score and its chance as text; "–" where it is not defined."""
    if math.isnan(leak.score):
        return "–", ""
    return minus(f"{leak.score:z.2f}"), f"chance {leak.chance:z.2f}"
