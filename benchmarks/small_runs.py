"""Small trainings by the command line for `endings.py`, and checks of what is left of them."""

from __future__ import annotations

from pathlib import Path

from forked import Process, until

TINY = [
    "--encoder",
    "mlp",
    "--decoder",
    "mlp",
    "--encoder.width",
    "8",
    "--decoder.width",
    "8",
    "--latents",
    "2",
]
TRAIN = ["train", "vae", "--data", "digits", *TINY, "--batch-size", "16", "--log-every", "5"]
SHORT = [*TRAIN, "--steps", "20"]
LONG = [*TRAIN, "--steps", "100000"]
SCORE = ["--metrics", "active_latents,total_correlation", "--n", "200"]


def run_in(out: Path) -> Path:
    """The one run folder under `out`."""
    return next(iter(out.glob("*/log.jsonl"))).parent


def logged(place: Path) -> int:
    """Runs whose log has records."""
    return sum(log.stat().st_size > 0 for log in place.glob("runs/*/log.jsonl"))


def said_one_line(process: Process) -> bool:
    """Whether a command ended with one line of ours, and no traceback."""
    ours = [line for line in process.lines() if line.startswith("unweave:")]
    return len(ours) == 1 and "Traceback" not in process.said.read_text()


def resumes(path: Path, place: Path, steps: str | None = None) -> bool:
    """Whether a run goes on to its end. steps: given of a long run, where a first step is enough."""
    process = Process(["train", "--resume", str(path)], place / "resumed")
    if steps is None:
        return process.wait() == 0
    until(lambda: "resumed" in (place / "resumed").read_text() or process.ended())
    going_on = not process.ended()
    process.kill()
    return going_on


def goes_on(place: Path) -> bool:
    """Whether the run goes on to its end, from its beginning if it had not begun."""
    found = [*place.glob("runs/*/config.json")]
    if found:
        return resumes(found[0].parent, place)
    return Process([*SHORT, "--out", str(place / "runs")], place / "again").wait() == 0


def trained(place: Path) -> Path:
    """A finished run of twenty steps."""
    assert Process([*SHORT, "--out", str(place / "runs")], place / "said").wait() == 0
    return run_in(place / "runs")
