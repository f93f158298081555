"""Training in bfloat16 against float32: the held-out ELBO after training, over seeds, with its spread.

python benchmarks/precision.py [--steps 500] [--data dsprites]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile

import torch

import unweave


def bound(data: str, precision: str, seed: int, steps: int) -> float:
    with tempfile.TemporaryDirectory() as out:
        run = unweave.train(
            "beta-vae",
            data,
            steps=steps,
            seed=seed,
            precision=precision,
            holdout=0.1,
            out=out,
            beta=1,
            lr=1e-3,
        )
        return run.records()[-1]["validation elbo"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--data", default="dsprites")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {
        p: [bound(options.data, p, s, options.steps) for s in range(options.seeds)]
        for p in ("float32", "bf16")
    }
    for precision, values in found.items():
        shown = " ".join(f"{v:.2f}" for v in values)
        print(
            f"{precision:8s} {shown}   mean {statistics.mean(values):.2f}, spread {statistics.stdev(values):.2f} nats"
        )
    gap = statistics.mean(found["bf16"]) - statistics.mean(found["float32"])
    print(f"difference of the means {gap:+.2f} nats per image")


if __name__ == "__main__":
    main()
