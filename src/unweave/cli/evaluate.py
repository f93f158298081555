"""`unweave evaluate RUN`, or `--codes codes.npy --factors factors.npy` of any tool: a table of scores, and JSON."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unweave.cli.parser import OTHER_DATA, TRUST, Parser
from unweave.kinds import declared, factors_of, parsed
from unweave.metrics.tables.notes import notes

if TYPE_CHECKING:
    from unweave.metrics import Score


def run(arguments: Sequence[str]) -> int:
    """Score, print the table, write the JSON."""
    given = _parser().read(arguments)
    scores = _of_run(given) if given.run else _of_arrays(given)
    print(table(scores))
    if given.json:
        from unweave.files import write

        write(Path(given.json), json.dumps({name: s.to_dict() for name, s in scores.items()}, indent=1).encode())
    return 0


def _parser() -> Parser:
    parser = Parser("evaluate", "Score a run, or codes (N, D) beside factors (N, K) from any tool.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder; its scores.json keeps the scores")
    parser.add_argument("--data", help="what to encode; else the run's own: what it held out, if it did")
    parser.add_argument("--n", type=int, help="images of a run to encode (default: 10,000)")
    parser.add_argument("--block", metavar="NAME", help="score one block of a run's codes alone, e.g. content")
    kinds = ".npy, .npz, .csv or .parquet"
    parser.add_argument("--codes", metavar="FILE", help=f"codes (N, D): {kinds}")
    parser.add_argument(
        "--factors", metavar="FILE", help="factors (N, K), indices or values; empty or NaN where unknown"
    )
    parser.add_argument("--test-codes", metavar="FILE", help="codes to test on; else a third of the rows")
    parser.add_argument("--test-factors", metavar="FILE", help="their factors")
    parser.add_argument(
        "--factor-kinds",
        metavar="KINDS",
        help="shape=categorical,size=continuous (or ordered), by name or number of the factor; else judged",
    )
    parser.add_argument("--log-var", metavar="FILE", help="log variances (N, D) of the posteriors behind the codes")
    parser.add_argument(
        "--metrics", metavar="NAMES", help="mig,dci,...; all; or module:metric (default: the usual six)"
    )
    parser.add_argument("--protocol", default="unweave", help="whose conventions, e.g. dlib (default: unweave)")
    parser.add_argument("--calibrate", action="store_true", help="error and null floor of metrics that fit models, too")
    parser.add_argument("--seed", type=int, default=0, help="of splits, permutations and fits (default: 0)")
    parser.add_argument("--trust", action="store_true", help=TRUST)
    parser.add_argument("--other-data", action="store_true", help=OTHER_DATA)
    parser.add_argument("--json", metavar="FILE", help="write every field of every score")
    return parser


def _of_run(given: argparse.Namespace) -> dict[str, Score]:
    if other := [n for n in ("codes", "factors", "test_codes", "test_factors", "log_var") if getattr(given, n)]:
        raise ValueError(f"give a run or arrays, not both: {given.run} and --{other[0].replace('_', '-')}")
    from unweave.evaluation.evaluate import evaluate
    from unweave.methods.base import NotAvailable
    from unweave.runs.run import load_run

    try:
        return evaluate(
            load_run(given.run, trust=given.trust, other_data=given.other_data),
            data=given.data,
            block=given.block,
            **({"n": given.n} if given.n is not None else {}),
            **_how(given),
        )
    except NotAvailable as error:
        raise ValueError(f"{given.run} cannot be scored: {error}") from error


def _of_arrays(given: argparse.Namespace) -> dict[str, Score]:
    if not given.codes:
        raise ValueError("what is to be scored? give a run, or --codes FILE --factors FILE")
    if other := [
        name for name in ("data", "n", "block", "trust", "other_data") if getattr(given, name) not in (None, False)
    ]:
        raise ValueError(f"--{other[0].replace('_', '-')} is for runs; codes are scored as they are")
    if (given.test_codes is None) != (given.test_factors is None):
        raise ValueError("--test-codes and --test-factors go together")
    from unweave.cli.arrays import opened
    from unweave.evaluation.evaluate import evaluate

    names = {
        "codes": "codes",
        "factors": "factors",
        "test_codes": "codes",
        "test_factors": "factors",
        "log_var": "log_var",
    }
    files = {name: opened(file, role) for name, role in names.items() if (file := getattr(given, name))}
    arrays = {name: found.array for name, found in files.items()}
    for name, codes in (("factors", "codes"), ("log_var", "codes"), ("test_factors", "test_codes")):
        if name in files:
            arrays[name] = files[name].along(files[codes])
    test = (arrays["test_codes"], arrays["test_factors"]) if given.test_codes else None
    how = _how(given)
    if given.factors:
        how["kinds"] = _with_names(how["kinds"], files["factors"].names)
    return evaluate((arrays["codes"], arrays.get("factors")), test=test, log_var=arrays.get("log_var"), **how)


def _with_names(kinds: Any, names: Sequence[str]) -> Any:
    """The kinds asked for, factors by the names of their columns, or else those that the names end in."""
    if not names:
        return kinds
    named = factors_of(names)
    asked = declared(kinds, len(names), [name for name, _ in named])
    return [kind or own for kind, (_, own) in zip(asked, named, strict=True)]


def _how(given: argparse.Namespace) -> dict[str, Any]:
    names = given.metrics.split(",") if given.metrics and given.metrics != "all" else given.metrics
    kinds = None if given.factor_kinds is None else parsed(given.factor_kinds)
    return {
        "metrics": names,
        "seed": given.seed,
        "protocol": given.protocol,
        "calibrate": given.calibrate,
        "kinds": kinds,
    }


def table(scores: Mapping[str, Score]) -> str:
    """What holds for most scores; name, value with its error, interval, null floor; what is undefined or left out."""
    head = ("metric", "score ± standard error", "95 % interval", "null")
    rows = [head, *((name, _value(s), _interval(s), _floor(s)) for name, s in scores.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    shared, others = notes(scores)
    above = [line for note in shared for line in (*_wrapped(note), "")]
    below = [line for note, names in others.items() for line in ("", *_wrapped(f"{', '.join(names)}: {note}"))]
    return "\n".join([*above, *lines, *below])


def _value(score: Score) -> str:
    return "nan" if math.isnan(score.value) else str(score)


def _interval(score: Score) -> str:
    return f"{score.low:z.3f} to {score.high:z.3f}" if math.isfinite(score.error) else _unknown(score)


def _floor(score: Score) -> str:
    return f"{score.null:z.3f}" if math.isfinite(score.null) else _unknown(score)


def _unknown(score: Score) -> str:
    return "" if math.isnan(score.value) else "not measured"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, max(40, shutil.get_terminal_size().columns), subsequent_indent="  ")
