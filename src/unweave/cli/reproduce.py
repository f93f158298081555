"""`unweave reproduce NAME...`: run recipes and compare with the numbers they state."""

from __future__ import annotations

from collections.abc import Sequence

from unweave.cli.parser import TRUST, Parser


def run(arguments: Sequence[str]) -> int:
    """Run recipes; exit code 1 if one of their numbers was not reached."""
    parser = Parser("reproduce", "Run recipes and compare with the numbers they state.")
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="of a recipe, or a file; all of them unless given"
    )
    parser.add_argument(
        "-o", "--out", default="runs", metavar="DIR", help="where the runs go (default: runs)"
    )
    seeds = "other ones than the recipe states"
    parser.add_argument("--seeds", type=int, nargs="+", default=(), metavar="S", help=seeds)
    jobs = "runs at a time, one thread each (default: 1)"
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help=jobs)
    parser.add_argument("--trust", action="store_true", help=TRUST)
    given = parser.read(arguments)
    if given.jobs < 1:
        raise ValueError(f"--jobs is {given.jobs}; it has to be at least 1")
    if any(seed < 0 for seed in given.seeds):
        raise ValueError(f"--seeds are {given.seeds}; they have to be at least 0")
    from unweave.reproduction.listed import recipes
    from unweave.reproduction.reproduce import reproduce

    names = given.names or recipes()
    holds = reproduce(names, given.out, seeds=given.seeds, jobs=given.jobs, trust=given.trust)
    return int(not holds)
