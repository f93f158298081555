"""Arrays that a metric is called on, as the table that it reads: what it needs is there, and what
it has no use for is refused or noted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unweave.metrics.declares import GROUPED, Declares
from unweave.metrics.tables.arguments import OF_ROWS, refuse_unread
from unweave.metrics.tables.grouping import GroupTable
from unweave.metrics.tables.groups import Groups
from unweave.metrics.tables.table import Table


def table_of_groups(
    name: str,
    declares: Declares,
    groups: Groups,
    given: dict[str, Any],
    protocol: str,
    seed: int,
    active: Any,
) -> GroupTable:
    """The table of `Groups`; ValueError for a metric of rows, and for arguments of rows."""
    if declares.tables not in GROUPED:
        raise ValueError(f"{name} was given groups; it needs codes (N, D) and factors (N, K)")
    refuse_unread(name, given, OF_ROWS, "is of rows and not of groups")
    return GroupTable.of(groups, given["test"], given["reference"], protocol, seed, active)


def table_of_rows(
    name: str,
    declares: Declares,
    codes: Any,
    given: dict[str, Any],
    protocol: str,
    seed: int,
    active: Any,
) -> Table:
    """The table of codes and factors, with notes on what is not read; ValueError for what is
    missing or of no use.
    """
    factors = given["factors"]
    log_var = given["log_var"]
    if factors is None and declares.tables not in ("codes", "posteriors"):
        raise ValueError(f"{name} needs factors (N, K) beside the codes; none were given")
    refuse_unread(name, given, ("reference",), "is of groups; rows are their own")
    if "test" not in declares.uses:
        refuse_unread(name, given, ("test",), "it has no use for, since it fits nothing")
    table = Table.of(
        codes,
        factors,
        given["test"],
        log_var,
        active,
        given["weights"],
        protocol,
        seed,
        given["kinds"],
    )
    return replace(table, notes=(*table.notes, *_unread(declares, given, protocol)))


def _unread(declares: Declares, given: dict[str, Any], protocol: str) -> list[str]:
    """Notes on arguments that this metric does not read, or only in part."""
    unread = []
    notes = []
    if declares.tables == "codes":
        unread += ["factors", "kinds"]
    if "log_var" not in declares.uses:
        if declares.silent or protocol != "unweave":
            unread.append("log_var")
        elif given["log_var"] is not None:
            notes.append("of log_var only which latents say anything")
    named = [argument for argument in unread if given[argument] is not None]
    if named:
        notes.append(f"not used: {', '.join(named)}")
    return notes
