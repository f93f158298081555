"""Train, evaluate and write a report in twenty lines: `python examples/quickstart.py [steps]`."""

from __future__ import annotations

import sys

import unweave
from unweave import report


def main(steps: int = 2000, out: str = "runs") -> None:
    run = unweave.train(
        "beta-tcvae", "dsprites", steps=steps, out=out, beta=6, lr=1e-3, overwrite=True
    )
    for name, score in unweave.evaluate(run, ["mig", "modularity"]).items():
        print(f"{name}: {score}; noise would score {score.null:.2f}")
    print(report.write([run], f"{out}/report.html"))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
