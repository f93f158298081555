"""Seconds of processor time and peak memory under load: wide tables of codes, long logs, many runs in one report.

    python benchmarks/load.py metrics             every metric that fits no model: 100 codes, 40 factors, 10,000 rows
    python benchmarks/load.py metrics mig mcc     these alone; --codes, --factors, --rows: another size
    python benchmarks/load.py metrics dci --rows 20000 --once      a metric that fits models, once
    python benchmarks/load.py training            5 steps of beta-VAE on digits, batch 4,096, 1,000 latents
    python benchmarks/load.py training beta-tcvae --batch 1024 --latents 100    another method
    python benchmarks/load.py chain --batch 2048 --latents 50      the estimate of beta-TCVAE and its gradient alone
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
import torch

import unweave
from unweave import metrics, report
from unweave.maths.information import chain
from unweave.runs.folder import Folder
from unweave.runs.sealed_json import sealed, unsealed

ROUNDS = 3
SIZES = {
    "codes": 100,
    "factors": 40,
    "rows": 10_000,
    "records": 100_000,
    "runs": 1_000,
    "batch": 4096,
    "latents": 1000,
}
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
    alone = metric.declares.tables == "codes"
    few = [a[:60, :3] for a in ((z,) if alone else (z, v))]
    first = seconds_of(lambda: metric(*few))
    found = measured(lambda: metric(*((z,) if alone else (z, v))))
    return f"{found}; {first:.2f} s before for 60 rows, with what is imported"


def of_training(method: str, batch: int, latents: int) -> str:
    def train() -> None:
        with tempfile.TemporaryDirectory() as folder:
            settings = SMALL | {"encoder.width": 64, "decoder.width": 64, "latents": latents}
            unweave.train(method, "digits", steps=5, batch_size=batch, out=folder, **settings)

    return measured(train)


def of_chain(m: int, d: int) -> str:
    """The terms of beta-TCVAE of m images with d latents, and their gradient."""
    g = torch.Generator().manual_seed(0)
    mean, log_var, noise = (torch.randn(m, d, generator=g) for _ in range(3))
    mean.requires_grad_()
    z = mean + noise * (log_var / 2).exp()

    def differentiated() -> None:
        sum(chain(z, mean, log_var, n=100_000, estimator="stratified")).backward()

    return measured(differentiated)


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


def seconds_of(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(work: Callable[[], object]) -> str:
    seconds = seconds_of(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{seconds:.2f} s, {peak:.0f} MB at peak"


def once(args: argparse.Namespace) -> str:
    what = args.what
    if what == "metrics":
        return scored(args.names[0], (args.codes, args.factors, args.rows))
    if what == "training":
        return of_training(args.names[0], args.batch, args.latents)
    if what == "chain":
        return of_chain(args.batch, args.latents)
    count = args.records if what == "log" else args.runs
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
    parser.add_argument("what", choices=("metrics", "training", "chain", "log", "runs"))
    parser.add_argument(
        "names", nargs="*", help="metrics, all that fit no model by default; methods"
    )
    for name, default in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--once", action="store_true", help="one process, this one")
    args = parser.parse_args()
    names = args.names or defaults(args)
    for name in names:
        args.names = [name]
        sizes = [f"--{key}={getattr(args, key)}" for key in SIZES]
        found = once(args) if args.once else median([args.what, name, *sizes])
        print(json.dumps(found) if args.once else f"{args.what} {name}: {found}", flush=True)


def defaults(args: argparse.Namespace) -> list[str]:
    """The metrics that fit no model, or a method, or the count that is read."""
    if args.what == "metrics":
        cheap = (metrics.get(name).declares for name in metrics.METRICS)
        of_rows = ("rows", "codes", "pairs", "groups")
        wanted = [declares.cost == "cheap" and declares.tables in of_rows for declares in cheap]
        return [name for name, is_wanted in zip(metrics.METRICS, wanted, strict=True) if is_wanted]
    if args.what == "training":
        return ["beta-vae"]
    if args.what == "chain":
        return ["beta-tcvae"]
    return [f"{args.records if args.what == 'log' else args.runs:,}"]


if __name__ == "__main__":
    main()
