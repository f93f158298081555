"""Cost of each regulariser in a training step of a beta-VAE: conv64 on dSprites 64x64, batch 64, one thread.

    OMP_NUM_THREADS=1 python benchmarks/regularisers.py [--steps 10] [--rounds 7]

The methods take turns, so that a busy machine slows all of them; printed are medians of processor time over the rounds
and the median, over the rounds, of the ratio to the beta-VAE of the same round.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from unweave import data
from unweave.data.sampling.batches import stream
from unweave.methods import PARTS
from unweave.methods.resolve import resolve
from unweave.training.layout import channels_last
from unweave.training.loop import Training

SET = data.load("dsprites")


def training(regulariser: str, divergence: str | None) -> Training:
    chosen = {"regulariser": regulariser} | (
        {"regulariser.divergence": divergence} if divergence else {}
    )
    method = channels_last(resolve("vae", chosen, SET.info).make(SET.info))
    return Training(method, stream(SET, method.needs, batch_size=64))


def seconds(of: Training, steps: int) -> float:
    start = time.process_time()
    for _ in range(steps):
        of.advance()
    return (time.process_time() - start) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(1)
    kinds = [(name, None) for name in PARTS["regulariser"] if name != "info"]
    kinds += [("info", name) for name in PARTS["divergence"]]
    trainings = {" ".join(filter(None, kind)): training(*kind) for kind in kinds}
    for of in trainings.values():
        seconds(of, 2)
    taken: dict[str, list[float]] = {name: [] for name in trainings}
    for _ in range(given.rounds):
        for name, of in trainings.items():
            taken[name].append(seconds(of, given.steps))
    for name, times in taken.items():
        ratio = statistics.median(t / base for t, base in zip(times, taken["beta"], strict=True))
        print(f"{name:<20} {1e3 * statistics.median(times):7.1f} ms a step, {ratio:.3f} times beta")


if __name__ == "__main__":
    main()
