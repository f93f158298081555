"""Profile of a training step: operations by their own processor time, beta-VAE with conv64, one thread.

python benchmarks/profile_step.py [METHOD] [--precision float32] [--steps 20] [--rows 15]
"""

from __future__ import annotations

import argparse

import torch
from torch.profiler import ProfilerActivity, profile

from unweave import data
from unweave.data.sampling.batches import stream
from unweave.methods.resolve import resolve
from unweave.training.layout import channels_last
from unweave.training.loop import Training
from unweave.training.precision import dtype_of


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", nargs="?", default="beta-vae")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "float32"))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rows", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    source = data.load("dsprites")
    method = channels_last(resolve(options.method, {}, source.info).make(source.info))
    batches = stream(source, method.needs, batch_size=64)
    training = Training(method, batches, dtype=dtype_of(options.precision, torch.device("cpu")))
    list(training.until(3))  # warm
    with profile(activities=[ProfilerActivity.CPU]) as found:
        list(training.until(3 + options.steps))
    print(
        found.key_averages().table(
            sort_by="self_cpu_time_total", row_limit=options.rows, max_name_column_width=60
        )
    )


if __name__ == "__main__":
    main()
