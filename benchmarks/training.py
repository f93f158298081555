"""Training speed of beta-VAE against pythae and a minimal loop: same network, batch 64, 64x64x1 uint8 in memory.

    python benchmarks/training.py --pythae /path/to/venv/bin/python

Every contestant runs in a process of its own, one thread, pinned to one core, in turns (round after round), through its
own training loop. A step's cost is taken in processor seconds, which other programs on the machine disturb least, and
the median over steps is kept; wall time is printed beside it. A peer whose interpreter is not given, or does not import
it, is left out, and the table says so: `pip install torch pythae==0.1.2` in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "peers"


def contestants(options: argparse.Namespace) -> dict[str, list[str]]:
    ours = [sys.executable, str(HERE / "unweave_steps.py")]
    return {
        "unweave auto": [*ours, "auto"],
        "unweave float32": [*ours, "float32"],
        "bare bf16": [sys.executable, str(HERE / "bare_steps.py"), "bf16"],
        "bare float32": [sys.executable, str(HERE / "bare_steps.py"), "float32"],
        "pythae 0.1.2": [options.pythae, str(HERE / "pythae_steps.py")],
    }


def measure(command: list[str], steps: int, core: int) -> dict[str, float] | str:
    if not command[0]:
        return "no interpreter given"
    one = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    done = subprocess.run(
        [*command, str(steps)],
        env=os.environ | one,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    if done.returncode:
        return (
            done.stderr.strip().splitlines()[-1]
            if done.stderr.strip()
            else f"exit code {done.returncode}"
        )
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pythae", default="", help="a Python that has pythae 0.1.2")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=0)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(options.rounds):
        for name, command in contestants(options).items():
            result = measure(command, options.steps, options.core)
            if isinstance(result, str):
                print(f"{name:16s} left out: {result}")
            else:
                found.setdefault(name, []).append(result)
    rates = {name: statistics.median(1 / r["cpu"] for r in rs) for name, rs in found.items()}
    print(
        f"{'':16s} {'steps/cpu s':>12s} {'steps/s':>9s} {'peak MB':>8s}   unweave auto / float32 over it"
    )
    for name, rs in found.items():
        wall, peak = (
            statistics.median(f(r) for r in rs)
            for f in (lambda r: 1 / r["wall"], lambda r: r["peak"])
        )
        ratios = " / ".join(
            f"{rates[ours] / rates[name]:.2f}" for ours in ("unweave auto", "unweave float32")
        )
        print(f"{name:16s} {rates[name]:12.2f} {wall:9.2f} {peak:8.0f}   {ratios}")


if __name__ == "__main__":
    main()
