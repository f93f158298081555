"""Content-and-style methods on one rendered set: does latent optimisation beat amortised groups?

    python benchmarks/content_and_style.py             four methods, three seeds: about 10 minutes
    python benchmarks/content_and_style.py lord gvae --seeds 0

The images are those of the recipes lord and vae-gan: 30 people by 9 lights, 16 x 16, of which a
tenth is held out. The settings of lord and vae-gan are those of their recipes; those of the group
VAEs, groups of four images of a person, are a first guess that nothing was tuned for.

Columns, means over seeds: the squared error of swapped images, person from one and light from the
other, over that of the mean image (light without a person leaves .42); the share of them whose
nearest true image is of the right person; the person as a network reads it from the block of the
light (chance .03), the light's azimuth from the block of the person (chance .33), and the person
from its own block; processor seconds of training.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import unweave
from unweave.reproduction.measures import probe, swap

RECIPES = Path(__file__).parents[1] / "recipes"
PERSON = {"lord": "class"}  # the block of the person; "content" in the others
LIGHT = {"lord": "content"}  # "style" in the others
GROUPS: dict[str, Any] = {
    "steps": 3000,
    "batch_size": 32,
    "batch_options": {"shared": ["identity"], "group_size": 4},
    "settings": {
        "pooling.content": 16,
        "latents": 32,
        "encoder.channels": 16,
        "decoder.channels": 16,
        "likelihood": "gaussian",
        "likelihood.scale": 0.1,
        "lr": 0.001,
    },
}


def arms() -> dict[str, dict[str, Any]]:
    """Options of `unweave.train` for each method, with the data of the recipe lord."""
    found = {name: dict(_recipe(name)) for name in ("lord", "vae-gan")}
    same = {word: found["lord"][word] for word in ("data", "data_options", "holdout", "precision")}
    pictures = {**same, "data_options": {**same["data_options"]}}
    pictures["data_options"].pop("classes")
    for name in ("gvae", "ml-vae"):
        found[name] = {**pictures, **GROUPS, "method": name}
    return found


def _recipe(name: str) -> dict[str, Any]:
    """The arm "method" of a recipe."""
    arm: dict[str, Any] = yaml.safe_load((RECIPES / f"{name}.yaml").read_text())["arms"]["method"]
    return arm


def measured(name: str, arm: dict[str, Any], seed: int, folder: str) -> list[float]:
    """The row of one training."""
    given = {key: value for key, value in arm.items() if key not in ("method", "data", "settings")}
    given["log_every"] = arm["steps"]
    before = time.process_time()
    run = unweave.train(
        arm["method"], arm["data"], seed=seed, out=folder, **given, **arm["settings"]
    )
    seconds = time.process_time() - before
    person = PERSON.get(name, "content")
    return [
        swap.error(run, content=["identity"], block=person),
        swap.accuracy(run, content=["identity"], block=person),
        probe.accuracy(run, factor="identity", block=LIGHT.get(name, "style")),
        probe.accuracy(run, factor="light_azimuth", block=person),
        probe.accuracy(run, factor="identity", block=person),
        seconds,
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = arms()
    parser.add_argument("names", nargs="*", default=list(known), help="of methods; all by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    print(
        "| method | swap error | right person | person from light's | light from person's | person"
    )
    for name in options.names:
        with tempfile.TemporaryDirectory() as folder:
            rows = [measured(name, known[name], seed, folder) for seed in options.seeds]
        means = " | ".join(f"{value:.3f}" for value in np.mean(rows, 0)[:-1])
        print(f"| {name} | {means} | {np.mean(rows, 0)[-1]:.0f} s", flush=True)
        print(f"  swap errors {np.round([row[0] for row in rows], 3)}", flush=True)


if __name__ == "__main__":
    main()
