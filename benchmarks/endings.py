"""Commands that are ended in the middle, and places that cannot be written to: what is left, and what is said.

    python benchmarks/endings.py                 every attempt, five times where a moment is chosen at random
    python benchmarks/endings.py --times 2

An attempt **holds** if the command ended as it should, with one line at most, and the run is whole afterwards: it resumes
to its end, or its files are those of before. The full disk and the read-only one are file systems in memory; without the
right to mount them these attempts are left out, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from forked import Process, keep_at_every_step, until

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
RNG = random.Random(0)


def run_in(out: Path) -> Path:
    """The one run folder under `out`."""
    return next(iter(out.glob("*/log.jsonl"))).parent


def logged(place: Path) -> int:
    """Runs whose log has records."""
    return sum(log.stat().st_size > 0 for log in place.glob("runs/*/log.jsonl"))


def said_one_line(process: Process) -> bool:
    return (
        sum(line.startswith("unweave:") for line in process.lines()) == 1
        and "Traceback" not in process.said.read_text()
    )


def resumes(path: Path, place: Path, steps: str | None = None) -> bool:
    """Whether a run goes on. steps: of a run that is too long to go on to its end, where a first step is enough."""
    process = Process(["train", "--resume", str(path)], place / "resumed")
    if steps is None:
        return process.wait() == 0
    until(lambda: "resumed" in (place / "resumed").read_text() or process.ended())
    going_on = not process.ended()
    process.kill()
    return going_on


def trained(place: Path) -> Path:
    """A finished run of twenty steps."""
    assert Process([*SHORT, "--out", str(place / "runs")], place / "said").wait() == 0
    return run_in(place / "runs")


def by_signal(number: int) -> Callable[[Path], bool]:
    """A training that a signal ends keeps the step in which it came, and says how to go on."""

    def attempt(place: Path) -> bool:
        process = Process([*LONG, "--out", str(place / "runs")], place / "said")
        until(lambda: logged(place) or process.ended())
        time.sleep(RNG.uniform(0, 0.3))
        process.send(number)
        hint = (
            process.wait() == 128 + number
            and "continue with `unweave train --resume" in process.lines()[-1]
        )
        return hint and said_one_line(process) and resumes(run_in(place / "runs"), place, "one")

    return attempt


def while_evaluated(place: Path) -> bool:
    """SIGKILL at a random moment of an evaluation: the scores are those of before or the new ones."""
    path = trained(place)
    scores = path / "scores.json"
    assert (
        Process(
            ["evaluate", str(path), "--metrics", "active_latents", "--n", "200"], place / "said"
        ).wait()
        == 0
    )
    before = json.loads(scores.read_text())
    killed_once_written(
        Process(["evaluate", str(path), *SCORE], place / "said"), path, "scores.json"
    )
    found = json.loads(scores.read_text())
    again = Process(["evaluate", str(path), *SCORE], place / "said").wait() == 0
    return before.items() <= found.items() and again and not [*path.glob("*.new")]


def killed_once_written(process: Process, folder: Path, name: str) -> None:
    """Kill as soon as its new file is there, which is in the middle of the write."""
    until(
        lambda: (
            (folder / f".{name}.lock").exists()
            or (folder / f"{name}.new").exists()
            or process.ended()
        )
    )
    time.sleep(RNG.uniform(0, 0.002))
    process.kill()


def while_reported(place: Path) -> bool:
    """SIGKILL in the middle of the write of a page: the old page or the new one."""
    path = trained(place)
    page = place / "page.html"
    page.write_text("old")
    killed_once_written(
        Process(["report", str(path), "-o", str(page)], place / "said"), place, "page.html"
    )
    found = page.read_text()
    again = Process(["report", str(path), "-o", str(page)], place / "said").wait() == 0
    return (
        (found == "old" or found.rstrip().endswith("</html>"))
        and again
        and not [*place.glob("*.new")]
    )


def while_overwritten(place: Path) -> bool:
    """SIGKILL at a random moment of an overwrite: the folder resumes to the end of a whole run."""
    path = trained(place)
    (path / "notes.txt").write_text("mine")
    process = Process(
        [*SHORT, "--overwrite", "--out", str(place / "runs")], place / "said", keep_at_every_step
    )
    until(
        lambda: (
            (path / ".config.json.next.lock").exists()
            or (path / "config.json.next").exists()
            or process.ended()
        )
    )
    time.sleep(RNG.uniform(0, 0.01))
    process.kill()
    return (
        resumes(path, place)
        and (path / "done").exists()
        and (path / "notes.txt").read_text() == "mine"
    )


def while_reproduced(number: int) -> Callable[[Path], bool]:
    """Both workers end when the process that started them does, and let go of its output."""

    def attempt(place: Path) -> bool:
        arm = {"method": "vae", "data": "digits", "steps": 100000, "log_every": 5}
        arm |= {
            "settings": {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8}
        }
        text = {"claim": "none", "source": "none", "minutes": 0, "machine": "any", "seeds": [0, 1]}
        text |= {"arms": {"method": arm}, "checks": [{"measure": {"log": "kl"}, "at_least": 0.0}]}
        (place / "r.yaml").write_text(yaml.safe_dump(text))
        words = ["reproduce", str(place / "r.yaml"), "--jobs", "2", "--out", str(place / "runs")]
        process = subprocess.Popen(
            [sys.executable, "-m", "unweave", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        until(lambda: logged(place) == 2 or process.poll() is not None)
        process.send_signal(number)
        said, _ = process.communicate(timeout=120)  # ends once nobody holds the pipe
        return b"Traceback" not in said and all(
            resumes(path, place, "one") for path in place.glob("runs/*")
        )

    return attempt


def no_larger_file(place: Path) -> bool:
    """RLIMIT_FSIZE: a training stops with one line, and goes on once files may grow."""

    def limit() -> None:
        keep_at_every_step()
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))

    process = Process([*SHORT, "--out", str(place / "runs")], place / "said", limit)
    return (
        process.wait() == 2
        and said_one_line(process)
        and not [*place.glob("runs/*/config.json.new")]
        and goes_on(place)
    )


def goes_on(place: Path) -> bool:
    """Whether the run goes on to its end, from its beginning if it had not begun."""
    found = [*place.glob("runs/*/config.json")]
    if found:
        return resumes(found[0].parent, place)
    return Process([*SHORT, "--out", str(place / "runs")], place / "again").wait() == 0


def removed_meanwhile(place: Path) -> bool:
    """The folder of a training is removed: one line."""
    process = Process([*LONG, "--out", str(place / "runs")], place / "said")
    until(lambda: logged(place) or process.ended())
    while (place / "runs").exists():
        shutil.rmtree(place / "runs", ignore_errors=True)
    return process.wait() == 2 and said_one_line(process)


@contextmanager
def mounted(place: Path, size: str) -> Iterator[Path]:
    """A small file system in memory."""
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)],
        check=True,
        capture_output=True,
    )
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def on_a_full_disk(place: Path) -> bool:
    """A disk that has no room for the first checkpoint: one line; with room again, the run goes on to its end."""
    with mounted(place / "runs", "100k") as runs:
        (runs / "rest").write_bytes(b"." * 60_000)
        process = Process([*SHORT, "--out", str(runs)], place / "said", keep_at_every_step)
        held = process.wait() == 2 and said_one_line(process)
        (runs / "rest").unlink()
        return held and goes_on(place)


def on_a_read_only_disk(place: Path) -> bool:
    """Scores are shown, and one line says that they are not kept; a training and a page say so in a line."""
    with mounted(place / "disk", "2m") as disk:
        path = Path(shutil.copytree(trained(place), disk / "run"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        score = Process(["evaluate", str(path), *SCORE], place / "score")
        page = Process(["report", str(path), "-o", str(disk / "page.html")], place / "page")
        train = Process([*SHORT, "--out", str(disk / "runs")], place / "train")
        codes = [process.wait() for process in (score, page, train)]
        shown = any(line.startswith("active_latents ") for line in score.lines())
        return codes == [2, 2, 2] and shown and all(map(said_one_line, (score, page, train)))


ATTEMPTS = {
    "SIGINT to a training": by_signal(signal.SIGINT),
    "SIGTERM to a training": by_signal(signal.SIGTERM),
    "SIGHUP to a training": by_signal(signal.SIGHUP),
    "SIGKILL in a write of scores": while_evaluated,
    "SIGKILL in a write of a page": while_reported,
    "SIGKILL in an overwrite": while_overwritten,
    "SIGKILL to `reproduce --jobs 2`": while_reproduced(signal.SIGKILL),
    "SIGTERM to `reproduce --jobs 2`": while_reproduced(signal.SIGTERM),
    "files of 20 kB at most (RLIMIT_FSIZE)": no_larger_file,
    "the folder of a training removed": removed_meanwhile,
    "a full disk": on_a_full_disk,
    "a read-only disk": on_a_read_only_disk,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5, help="of each attempt (default: 5)")
    parser.add_argument("names", nargs="*", help="of attempts; all unless given")
    given = parser.parse_args()
    failed = 0
    print("| attempt | times | held |\n|---|---|---|")
    for name in given.names or ATTEMPTS:
        held = 0
        try:
            for _ in range(given.times):
                with tempfile.TemporaryDirectory() as place:
                    held += ATTEMPTS[name](Path(place))
        except (PermissionError, subprocess.CalledProcessError):
            print(f"| {name} | not tried: no right to mount | |", flush=True)
            continue
        print(f"| {name} | {given.times} | {held} |", flush=True)
        failed += given.times - held
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
