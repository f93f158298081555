"""Seconds of processor time and peak memory under load: wide tables of codes, long logs, many runs in one report.

    python benchmarks/load.py metrics             every metric that fits no model: 100 codes, 40 factors, 10,000 rows
    python benchmarks/load.py metrics mig mcc     these alone; --codes, --factors, --rows: another size
    python benchmarks/load.py log                 the page of a run whose log has 100,000 records
    python benchmarks/load.py runs                the page of 1,000 runs, each with its scores

The median of three, each in a process of its own. To compare two versions, run it with each on PYTHONPATH in turn.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import unweave
from unweave import metrics, report
from unweave.runs.folder import Folder
from unweave.runs.sealed_json import sealed, unsealed

ROUNDS = 3
SMALL = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "latents": 6,
    "log_every": 5,
}


def table(codes: int, factors: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian codes (rows, codes), the first of which are shifted by a binary factor each; factors (rows, factors)."""
    rng = np.random.default_rng(0)
    v = rng.integers(0, 2, (rows, factors))
    z = rng.normal(size=(rows, codes))
    shared = min(codes, factors)
    z[:, :shared] += v[:, :shared]
    return z, v


def scored(name: str, size: tuple[int, int, int]) -> str:
    metric = metrics.get(name)
    z, v = table(*size)
    given = (z,) if metric.declares.tables == "codes" else (z, v)
    return measured(lambda: metric(*given))


def of_long_log(folder: Path, records: int) -> str:
    run = trained(folder)
    log = Folder(run).log
    last = list(log.records())[-1]
    log.path.unlink()
    for i in range(records):
        log.append(last | {"step": i + 1, "reconstruction": 100 / (i + 1)})
    return page([run], folder / "page.html")


def of_many_runs(folder: Path, runs: int) -> str:
    first = trained(folder)
    config = unsealed((first / "config.json").read_text())
    rng = np.random.default_rng(0)
    paths = []
    for i in range(runs):
        path = folder / f"run-{i:04d}"
        shutil.copytree(first, path)
        config["loop"]["seed"] = i % 5
        config["method"]["settings"]["regulariser.beta"] = 1.0 + i // 5
        (path / "config.json").write_text(sealed(config))
        records = list(Folder(first).records())
        (path / "log.jsonl").unlink()
        for record in records:
            Folder(path).append(record)
        values = rng.random(6).tolist()
        names = ("mig", "modularity", "sap", "dci", "factor_vae_score", "mcc")
        scores = {
            name: metrics.base.Score(value, error=0.02)
            for name, value in zip(names, values, strict=True)
        }
        Folder(path).keep_scores(scores)
        paths.append(path)
    return page(paths, folder / "page.html")


def trained(folder: Path) -> Path:
    return unweave.train(
        "beta-tcvae", "digits", steps=20, batch_size=8, out=folder / "runs", **SMALL
    ).path


def page(runs: list[Path], out: Path) -> str:
    found = measured(lambda: report.write(runs, out))
    return f"{found}, {out.stat().st_size / 1e6:.2f} MB of HTML"


def measured(work: Callable[[], object]) -> str:
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{seconds:.2f} s, {peak:.0f} MB at peak"


def once(what: str, name: str, size: tuple[int, int, int], count: int) -> str:
    if what == "metrics":
        return scored(name, size)
    with tempfile.TemporaryDirectory() as folder:
        make = of_long_log if what == "log" else of_many_runs
        return make(Path(folder), count)


def median(arguments: list[str]) -> str:
    """The line of the median by seconds of some processes."""
    command = [sys.executable, __file__, *arguments, "--once"]
    lines = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for _ in range(ROUNDS)
    ]
    last = [json.loads(line.splitlines()[-1]) for line in lines]
    return sorted(last, key=lambda line: float(line.split(" ")[0]))[ROUNDS // 2]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("metrics", "log", "runs"))
    parser.add_argument("names", nargs="*", help="metrics; without any, all that fit no model")
    parser.add_argument("--codes", type=int, default=100)
    parser.add_argument("--factors", type=int, default=40)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    size = (args.codes, args.factors, args.rows)
    count = args.records if args.what == "log" else args.runs
    if args.once:
        print(json.dumps(once(args.what, args.names[0] if args.names else "", size, count)))
        return
    cheap = [name for name in metrics.METRICS if metrics.get(name).declares.cost == "cheap"]
    of_rows = [
        name
        for name in cheap
        if metrics.get(name).declares.tables in ("rows", "codes", "pairs", "groups")
    ]
    names = (args.names or of_rows) if args.what == "metrics" else [f"{count:,}"]
    sizes = [
        f"--{key}={getattr(args, key)}" for key in ("codes", "factors", "rows", "records", "runs")
    ]
    for name in names:
        which = [name] if args.what == "metrics" else []
        print(f"{args.what} {name}: {median([args.what, *which, *sizes])}", flush=True)


if __name__ == "__main__":
    main()
