"""`unweave evaluate RUN`, or `--codes FILE --factors FILE`: a table of scores, and JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from unweave.cli.parser import OTHER_DATA, TRUST, Parser
from unweave.cli.score_table import table
from unweave.kinds import declared, factors_of, parsed

if TYPE_CHECKING:
    from unweave.metrics import Score
    from unweave.runs.run import Run

Found = TypeVar("Found")

# {option that names a file: the array in it}
ROLES = {
    "codes": "codes",
    "factors": "factors",
    "test_codes": "codes",
    "test_factors": "factors",
    "log_var": "log_var",
}


def run(arguments: Sequence[str]) -> int:
    """Evaluate a run or arrays; print the table and write the JSON."""
    given = _parser().read(arguments)
    if given.run and given.leaks:
        return _leaks(given)
    from unweave.runs.errors import NotKept

    try:
        scores = _of_run(given) if given.run else _of_arrays(given)
    except NotKept as error:  # minutes of work are shown, also where they cannot be written
        _show(error.scores, given.json)
        raise
    _show(scores, given.json)
    return 0


def _show(scores: Mapping[str, Score], file: str | None) -> None:
    """Print the table; write the JSON, if a file is given."""
    print(table(scores), flush=True)
    _write({name: score.to_dict() for name, score in scores.items()}, file)


def _write(fields: Any, file: str | None) -> None:
    """Write the JSON, if a file is given."""
    if file:
        from unweave.files.atomic import write

        write(Path(file), json.dumps(fields, indent=1).encode())


def _leaks(given: argparse.Namespace) -> int:
    """Print what each block of a run's codes knows of each factor; write the JSON."""
    from unweave.cli.leaks import fields, leak_table, probed

    found = _with_run(given, lambda run: probed(run, given))
    print(leak_table(found), flush=True)
    _write(fields(found), given.json)
    return 0


def _parser() -> Parser:
    parser = Parser("evaluate", "Score a run, or codes (N, D) beside factors (N, K) from any tool.")
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="a run folder; its scores.json keeps the scores"
    )
    parser.add_argument(
        "--data", help="what to encode; else the run's own data, held-out if there are any"
    )
    parser.add_argument("--n", type=int, help="images of a run to encode (default: 10,000)")
    parser.add_argument(
        "--block", metavar="NAME", help="score one block of a run's codes alone, e.g. content"
    )
    parser.add_argument(
        "--leaks",
        action="store_true",
        help="what each block of a run's codes knows of each factor, beside chance; no scores",
    )
    kinds = ".npy, .npz, .csv or .parquet"
    parser.add_argument("--codes", metavar="FILE", help=f"codes (N, D): {kinds}")
    parser.add_argument(
        "--factors",
        metavar="FILE",
        help="factors (N, K), indices or values; empty or NaN where unknown",
    )
    parser.add_argument(
        "--test-codes", metavar="FILE", help="codes to test on; else a third of the rows"
    )
    parser.add_argument("--test-factors", metavar="FILE", help="their factors")
    parser.add_argument(
        "--factor-kinds",
        metavar="KINDS",
        help="shape=categorical,size=continuous (or ordered), by name or number of the factor; "
        "else judged",
    )
    parser.add_argument(
        "--log-var", metavar="FILE", help="log variances (N, D) of the posteriors behind the codes"
    )
    parser.add_argument(
        "--metrics",
        metavar="NAMES",
        help="mig,dci,...; all; or module:metric (default: the usual six)",
    )
    parser.add_argument(
        "--protocol", default="unweave", help="whose conventions, e.g. dlib (default: unweave)"
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="error and null floor of metrics that fit models, too",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of splits, permutations and fits (default: 0)"
    )
    parser.add_argument("--trust", action="store_true", help=TRUST)
    parser.add_argument("--other-data", action="store_true", help=OTHER_DATA)
    parser.add_argument("--json", metavar="FILE", help="write every field of every score")
    return parser


def _of_run(given: argparse.Namespace) -> dict[str, Score]:
    """The scores of a run."""
    from unweave.evaluation.evaluate import evaluate

    how = _how(given)
    if given.n is not None:
        how["n"] = given.n
    return _with_run(given, lambda run: evaluate(run, data=given.data, block=given.block, **how))


def _with_run(given: argparse.Namespace, measured: Callable[[Run], Found]) -> Found:
    """What is measured of a run. Raises ValueError if arrays are given as well."""
    for name in ROLES:
        if getattr(given, name):
            raise ValueError(
                f"give a run or arrays, not both: {given.run} and --{name.replace('_', '-')}"
            )
    from unweave.methods.base import NotAvailable
    from unweave.runs.run import load_run

    try:
        return measured(load_run(given.run, trust=given.trust, other_data=given.other_data))
    except NotAvailable as error:
        raise ValueError(f"{given.run} cannot be scored: {error}") from error


def _of_arrays(given: argparse.Namespace) -> dict[str, Score]:
    """The scores of codes and factors from files. Raises ValueError for options that need a run."""
    if not given.codes:
        raise ValueError("what is to be scored? give a run, or --codes FILE --factors FILE")
    for name in ("data", "n", "block", "leaks", "trust", "other_data"):
        if getattr(given, name) not in (None, False):
            raise ValueError(
                f"--{name.replace('_', '-')} is for runs; codes are scored as they are"
            )
    if (given.test_codes is None) != (given.test_factors is None):
        raise ValueError("--test-codes and --test-factors go together")
    from unweave.cli.arrays import opened
    from unweave.evaluation.evaluate import evaluate

    files = {}
    for name, role in ROLES.items():
        file = getattr(given, name)
        if file:
            files[name] = opened(file, role)
    # Rows in the order of the codes, where the files have row indices.
    arrays = {name: found.array for name, found in files.items()}
    for name, codes in (("factors", "codes"), ("log_var", "codes"), ("test_factors", "test_codes")):
        if name in files:
            arrays[name] = files[name].along(files[codes])
    test = None
    if given.test_codes:
        test = (arrays["test_codes"], arrays["test_factors"])
    how = _how(given)
    if given.factors:
        how["kinds"] = _with_names(how["kinds"], files["factors"].names)
    return evaluate(
        (arrays["codes"], arrays.get("factors")), test=test, log_var=arrays.get("log_var"), **how
    )


def _with_names(kinds: Any, names: Sequence[str]) -> Any:
    """The kinds of the factors: as given, by name of the column, or else as the name ends."""
    if not names:
        return kinds
    named = factors_of(names)
    given = declared(kinds, len(names), [name for name, _ in named])
    return [kind or own for kind, (_, own) in zip(given, named, strict=True)]


def _how(given: argparse.Namespace) -> dict[str, Any]:
    """The keywords of `evaluate` that runs and arrays share."""
    kinds = given.factor_kinds
    if kinds is not None:
        kinds = parsed(kinds)
    return {
        "metrics": given.metrics,
        "seed": given.seed,
        "protocol": given.protocol,
        "calibrate": given.calibrate,
        "kinds": kinds,
    }
