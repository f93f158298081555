"""Time and memory of opening a published data set again, with files as large as the published ones.

    OMP_NUM_THREADS=1 python benchmarks/opening.py [NAME...] [--folder DIR]

The files of each set are written in the published format and size (with artificial pixels), opened
once, which unpacks them, and opened again in a new process, several times: median seconds, and the
peak resident size above that of the imports. One set at a time, so the disk needs room for the
largest one: MPI3D's images are on it twice, 26 GB.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from published_files import SETS

OPEN = """
import sys, time
import h5py, numpy, PIL.Image, unweave.data
from unweave.data import load
import unweave.data.datasets.{module}

def size(line):
    rows = [row for row in open("/proc/self/status") if row.startswith(line)]
    return int(rows[0].split()[1]) / 1024

open("/proc/self/clear_refs", "w").write("5")  # from here on the largest size is counted anew
before, start, spent = size("VmRSS"), time.perf_counter(), time.process_time()
data = load(sys.argv[1], root=sys.argv[2])
data.take([0, len(data) - 1])
most = size("VmHWM") - before
print(time.perf_counter() - start, time.process_time() - spent, most, len(data))
"""
# the name of the data set by which these are opened, and what of the folder
LOADED = {"many-files": ("folder", "."), "zeros-and-ones": ("arrays", "ones.npy")}
MODULES = {
    "mpi3d-toy": "mpi3d",
    "falcor3d": "nvidia3d",
    "isaac3d": "nvidia3d",
    "fashion-mnist": "mnist",
}


def opened(name: str, folder: Path, times: int) -> Iterator[tuple[float, float, float, int]]:
    """(seconds, processor seconds, MB above the imports, images) of opening in a new process."""
    name, place = LOADED.get(name, (name, "."))
    for _ in range(times):
        code = OPEN.format(module=MODULES.get(name, name))
        line = [sys.executable, "-c", code, name, folder / place]
        out = subprocess.run(line, check=True, capture_output=True, text=True)
        seconds, spent, megabytes, n = out.stdout.split()[-4:]
        yield float(seconds), float(spent), float(megabytes), int(n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(SETS))
    parser.add_argument(
        "--folder", help="where the files are made (default: the system's folder for such)"
    )
    given = parser.parse_args()
    head = f"{'first, s':>12}{'of CPU':>10}{'again, s':>12}{'of CPU':>10}{'MB above imports':>20}"
    print(f"{'set':16}{'images':>12}{head}")
    for name in given.names:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            SETS[name](Path(folder))
            ((first, busy, _, n),) = opened(name, Path(folder), 1)
            again = list(opened(name, Path(folder), 3))
            medians = [statistics.median(column) for column in zip(*again, strict=True)]
            seconds, spent, megabytes, _ = medians
            times = f"{first:12.1f}{busy:10.1f}{seconds:12.2f}{spent:10.2f}"
            print(f"{name:16}{n:12,}{times}{megabytes:20.0f}", flush=True)


if __name__ == "__main__":
    main()
