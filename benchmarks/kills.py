"""Trainings that are killed at random moments, resumed, and compared with ones that were not.

    python benchmarks/kills.py                 100 SIGKILLs over six methods and their options
    python benchmarks/kills.py --kills 3       three of them

Four trainings go at a time. A moment is a random one after a random record of the log. Every second
training keeps a checkpoint after each step, not twice a second: most of its kills come in the middle
of a write. A third of the resumed trainings are killed again. At the end weights (the file, byte for
byte), states of the optimisers and the log (without what a clock says) have to be those of a
training that was left alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from forked import Process, keep_at_every_step, until
from run_contents import WHAT

SPRITES = ["--data", "dsprites", "--data.size", "16"]
CASES = {
    "beta-vae, holdout": ["beta-vae", "--data", "digits", "--holdout", "0.2"],
    "beta-tcvae, shift": [
        "beta-tcvae",
        *SPRITES,
        "--data.shift",
        "correlated:scale,position_x,strength=0.2",
    ],
    "ada-gvae, pairs": ["ada-gvae", *SPRITES],
    "s2-beta-vae, labels": ["s2-beta-vae", *SPRITES, "--batches.labels", "100"],
    "infogan": ["infogan", "--data", "digits", "--noise", "4"],
    "factor-vae, bf16": [
        "factor-vae",
        "--data",
        "digits",
        "--precision",
        "bf16",
        "--critic.width",
        "16",
    ],
}
SMALL = ["--encoder", "mlp", "--decoder", "mlp", "--encoder.width", "16", "--decoder.width", "16"]
LOOP = ["--steps", "60", "--batch-size", "16", "--log-every", "5", "--seed", "3"]
RECORDS = 12  # of the log of a whole training
AT_A_TIME = 4
AGAIN = 1 / 3  # share of the resumed trainings that are killed again


@dataclass
class Whole:
    """A training that was left alone: its folder, and how long it took from the first file on."""

    path: Path
    seconds: float


@dataclass
class Tally:
    """What came of the kills of one case."""

    kills: int = 0
    in_writes: int = 0
    resumed_at: list[int] = field(default_factory=list)
    differing: Counter[str] = field(default_factory=Counter)


def keep_as_usual() -> None:
    """In a child: checkpoints as of any training."""


def words(case: str, out: Path) -> list[str]:
    return ["train", *CASES[case], *SMALL, *LOOP, "--out", str(out)]


def folder(out: Path) -> Path | None:
    """The run folder that was made under `out`, if any."""
    return next(iter(out.glob("*")), None)


def lines(out: Path) -> int:
    """Records in the log of the run under `out`."""
    return sum(file.read_bytes().count(b"\n") for file in out.glob("*/log.jsonl"))


def continued(case: str, out: Path) -> list[str]:
    """The command that goes on with a training: resume, or the same one if there is no config."""
    path = folder(out)
    if path is not None:
        configs = (path / "config.json", path / "config.json.next")
        if any(file.is_file() for file in configs):
            return ["train", "--resume", str(path)]
    return words(case, out)


def left_alone(case: str, place: Path) -> Whole:
    """Train a case without a kill."""
    out = place / "whole"
    process = Process(words(case, out), place / "said")
    until(lambda: folder(out) or process.ended())
    start = time.monotonic()
    if process.wait() != 0:
        raise SystemExit(f"{case}: {process.lines()[-1]}")
    path = folder(out)
    assert path is not None
    return Whole(path, time.monotonic() - start)


def killed(
    case: str, whole: Whole, place: Path, rng: random.Random, most: int, tally: Tally
) -> Iterator[None]:
    """Train a case, kill it up to `most` times, resume it to its end, compare.

    Yields while it waits.
    """
    out = place / "killed"
    often = keep_as_usual
    if rng.random() < 0.5:
        often = keep_at_every_step
    process = Process(words(case, out), place / "said", often)
    while folder(out) is None and not process.ended():
        yield
    wanted = 1 + (most > 1 and rng.random() < AGAIN)
    while wanted:
        logged = rng.randrange(lines(out), RECORDS + 1)
        while lines(out) < logged and not process.ended():
            yield
        moment = time.monotonic() + rng.uniform(0, whole.seconds / RECORDS)
        while time.monotonic() < moment and not process.ended():
            yield
        if not process.kill():
            break  # it came to its end before
        wanted -= 1
        tally.kills += 1
        tally.in_writes += any(out.rglob("*.new"))
        process = Process(continued(case, out), place / "said", often)
    while not process.ended():
        yield
    said = process.lines()
    if process.code != 0:
        tally.differing[f"exit code {process.code}: {said[-1]}"] += 1
        return
    steps = [int(line.rpartition(" ")[2]) for line in said if line.startswith("resumed at step")]
    tally.resumed_at += steps or [0]
    path = folder(out)
    assert path is not None
    for what in WHAT:
        if WHAT[what](path) != WHAT[what](whole.path):
            tally.differing[what] += 1


def kill(case: str, whole: Whole, kills: int, seed: int, place: Path) -> Tally:
    """Kill a case so often, some trainings at a time."""
    tally = Tally()
    rng = random.Random(f"{case} {seed}")
    running: list[Iterator[None]] = []
    number = 0
    while tally.kills < kills or running:
        while len(running) < AT_A_TIME and tally.kills + len(running) < kills:
            own = place / str(number)
            own.mkdir()
            running.append(killed(case, whole, own, rng, kills - tally.kills - len(running), tally))
            number += 1
        running = [one for one in running if next(one, "ended") != "ended"]
        time.sleep(0.003)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100, help="in all (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    given = parser.parse_args()
    start = time.monotonic()
    all_kills = 0
    wrong = 0
    print("| training | kills | in a write | went on from steps | other weights, states, logs |")
    print("|---|---|---|---|---|")
    for number, case in enumerate(CASES):
        kills = len(range(number, given.kills, len(CASES)))
        if not kills:
            continue
        with tempfile.TemporaryDirectory() as made:
            place = Path(made)
            tally = kill(case, left_alone(case, place), kills, given.seed, place)
        at = "none"
        if tally.resumed_at:
            at = f"{min(tally.resumed_at)} to {max(tally.resumed_at)}"
        differing = ", ".join(f"{count} {what}" for what, count in tally.differing.items()) or "0"
        print(f"| {case} | {tally.kills} | {tally.in_writes} | {at} | {differing} |", flush=True)
        all_kills += tally.kills
        wrong += tally.differing.total()
    print(f"\n{all_kills} kills, {wrong} differences, {time.monotonic() - start:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
