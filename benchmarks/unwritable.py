"""Attempts of `endings.py` to write where nothing can be written: limits, full and read-only disks."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forked import Process, keep_at_every_step, until
from small_runs import LONG, SCORE, SHORT, goes_on, logged, said_one_line, trained


def no_larger_file(place: Path) -> bool:
    """RLIMIT_FSIZE: a training stops with one line, and goes on once files may grow."""

    def limit() -> None:
        keep_at_every_step()
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))

    process = Process([*SHORT, "--out", str(place / "runs")], place / "said", limit)
    stopped = process.wait() == 2 and said_one_line(process)
    return stopped and not [*place.glob("runs/*/config.json.new")] and goes_on(place)


def removed_meanwhile(place: Path) -> bool:
    """The folder of a training is removed: one line."""
    process = Process([*LONG, "--out", str(place / "runs")], place / "said")
    until(lambda: logged(place) or process.ended())
    while (place / "runs").exists():
        shutil.rmtree(place / "runs", ignore_errors=True)
    return process.wait() == 2 and said_one_line(process)


def on_a_full_disk(place: Path) -> bool:
    """A disk without room for the first checkpoint: one line; with room, the run goes on to its end."""
    with mounted(place / "runs", "100k") as runs:
        (runs / "rest").write_bytes(b"." * 60_000)
        process = Process([*SHORT, "--out", str(runs)], place / "said", keep_at_every_step)
        held = process.wait() == 2 and said_one_line(process)
        (runs / "rest").unlink()
        return held and goes_on(place)


def on_a_read_only_disk(place: Path) -> bool:
    """Scores are shown, and a line says that they are not kept; a training and a page end with one."""
    with mounted(place / "disk", "2m") as disk:
        path = Path(shutil.copytree(trained(place), disk / "run"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        score = Process(["evaluate", str(path), *SCORE], place / "score")
        page = Process(["report", str(path), "-o", str(disk / "page.html")], place / "page")
        train = Process([*SHORT, "--out", str(disk / "runs")], place / "train")
        codes = [process.wait() for process in (score, page, train)]
        shown = any(line.startswith("active_latents ") for line in score.lines())
        return codes == [2, 2, 2] and shown and all(map(said_one_line, (score, page, train)))


@contextmanager
def mounted(place: Path, size: str) -> Iterator[Path]:
    """A small file system in memory."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
