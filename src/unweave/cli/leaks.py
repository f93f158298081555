"""`unweave evaluate RUN --leaks`: what each block of a run's codes knows of each factor."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from unweave.cli.score_table import aligned, wrapped
from unweave.kinds import parsed

if TYPE_CHECKING:
    from unweave.evaluation.leaks import Leak
    from unweave.runs.run import Run

OF_SCORES = {"metrics": None, "block": None, "protocol": "unweave", "calibrate": False}
PROBE = (
    "What a linear probe of one block alone knows of each factor, on rows that it was not fitted "
    "on: accuracy of a categorical factor, R2 of any other. Chance is that of a probe of nothing."
)


def probed(run: Run, given: argparse.Namespace) -> dict[str, dict[str, Leak]]:
    """The leaks of a run. Raises ValueError for options that are of scores."""
    for name, usual in OF_SCORES.items():
        if getattr(given, name) != usual:
            raise ValueError(f"--{name} is of scores, and --leaks gives none: leave out one")
    from unweave.evaluation.leaks import ROWS, leaks_of

    n = ROWS
    if given.n is not None:
        n = given.n
    kinds = None
    if given.factor_kinds is not None:
        kinds = parsed(given.factor_kinds)
    return leaks_of(run, given.data, n=n, seed=given.seed, kinds=kinds)


def leak_table(found: Mapping[str, Mapping[str, Leak]]) -> str:
    """The leaks {block: {factor: Leak}} as text, a factor in each row, with a note below."""
    blocks = list(found.values())
    rows = [("factor", *found, "chance")]
    for factor, first in blocks[0].items():
        scores = [f"{block[factor].score:z.3f}" for block in blocks]
        rows.append((factor, *scores, f"{first.chance:z.3f}"))
    return "\n".join([*aligned(rows), "", *wrapped(PROBE)])


def fields(
    found: Mapping[str, Mapping[str, Leak]],
) -> dict[str, dict[str, dict[str, float | None]]]:
    """The same for JSON: {block: {factor: {"score": ..., "chance": ...}}}, None where undefined."""
    return {
        block: {factor: _defined(leak) for factor, leak in of_factor.items()}
        for block, of_factor in found.items()
    }


def _defined(leak: Leak) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in leak._asdict().items()}
