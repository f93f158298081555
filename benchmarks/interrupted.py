"""Attempts of `endings.py` that end a command by a signal, at a moment that is chosen at random."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from forked import Process, keep_at_every_step, until
from small_runs import LONG, SCORE, SHORT, logged, resumes, run_in, said_one_line, trained

RNG = random.Random(0)
HINT = "continue with `unweave train --resume"


def by_signal(number: int) -> Callable[[Path], bool]:
    """A training that a signal ends keeps the step in which it came, and says how to go on."""

    def attempt(place: Path) -> bool:
        process = Process([*LONG, "--out", str(place / "runs")], place / "said")
        until(lambda: logged(place) or process.ended())
        time.sleep(RNG.uniform(0, 0.3))
        process.send(number)
        if process.wait() != 128 + number or HINT not in process.lines()[-1]:
            return False
        return said_one_line(process) and resumes(run_in(place / "runs"), place, "one")

    return attempt


def while_evaluated(place: Path) -> bool:
    """SIGKILL in the middle of a write of scores: those of before, or the new ones."""
    path = trained(place)
    scores = path / "scores.json"
    one_metric = ["evaluate", str(path), "--metrics", "active_latents", "--n", "200"]
    assert Process(one_metric, place / "said").wait() == 0
    before = json.loads(scores.read_text())
    both = ["evaluate", str(path), *SCORE]
    killed_once_written(Process(both, place / "said"), path, "scores.json")
    found = json.loads(scores.read_text())
    again = Process(both, place / "said").wait() == 0
    for content in (before, found):
        content.pop("crc32")  # the checksum of all of them, which new ones change
    return before.items() <= found.items() and again and not [*path.glob("*.new")]


def while_reported(place: Path) -> bool:
    """SIGKILL in the middle of the write of a page: the old page or the new one."""
    path = trained(place)
    page = place / "page.html"
    page.write_text("old")
    report = ["report", str(path), "-o", str(page)]
    killed_once_written(Process(report, place / "said"), place, "page.html")
    found = page.read_text()
    whole = found == "old" or found.rstrip().endswith("</html>")
    again = Process(report, place / "said").wait() == 0
    return whole and again and not [*place.glob("*.new")]


def while_overwritten(place: Path) -> bool:
    """SIGKILL at a random moment of an overwrite: the folder resumes to the end of a whole run."""
    path = trained(place)
    (path / "notes.txt").write_text("mine")
    overwrite = [*SHORT, "--overwrite", "--out", str(place / "runs")]
    process = Process(overwrite, place / "said", keep_at_every_step)
    begun = (path / ".config.json.next.lock", path / "config.json.next")
    until(lambda: any(file.exists() for file in begun) or process.ended())
    time.sleep(RNG.uniform(0, 0.01))
    process.kill()
    whole = resumes(path, place) and (path / "done").exists()
    return whole and (path / "notes.txt").read_text() == "mine"


def while_reproduced(number: int) -> Callable[[Path], bool]:
    """Both workers end when the process that started them does, and let go of its output."""

    def attempt(place: Path) -> bool:
        settings = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8}
        arm = {"method": "vae", "data": "digits", "steps": 100000, "log_every": 5}
        arm |= {"settings": settings}
        text = {"claim": "none", "source": "none", "minutes": 0, "machine": "any", "seeds": [0, 1]}
        text |= {"arms": {"method": arm}, "checks": [{"measure": {"log": "kl"}, "at_least": 0.0}]}
        (place / "r.yaml").write_text(yaml.safe_dump(text))
        words = ["reproduce", str(place / "r.yaml"), "--jobs", "2", "--out", str(place / "runs")]
        command = [sys.executable, "-m", "unweave", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        until(lambda: logged(place) == 2 or process.poll() is not None)
        process.send_signal(number)
        said, _ = process.communicate(timeout=120)  # ends once nobody holds the pipe
        if b"Traceback" in said:
            return False
        return all(resumes(path, place, "one") for path in place.glob("runs/*"))

    return attempt


def killed_once_written(process: Process, folder: Path, name: str) -> None:
    """Kill as soon as its new file is there, which is in the middle of the write."""
    begun = (folder / f".{name}.lock", folder / f"{name}.new")
    until(lambda: any(file.exists() for file in begun) or process.ended())
    time.sleep(RNG.uniform(0, 0.002))
    process.kill()
