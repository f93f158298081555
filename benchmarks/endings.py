"""Commands that are ended in the middle, and places that cannot be written to: what is left.

    python benchmarks/endings.py                 every attempt, five times
    python benchmarks/endings.py --times 2

An attempt **holds** if the command ended as it should, with one line at most, and the run is whole
afterwards: it resumes to its end, or its files are those of before. The full disk and the read-only
one are file systems in memory; without the right to mount them these attempts are left out, and the
table says so.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from interrupted import (
    by_signal,
    while_evaluated,
    while_overwritten,
    while_reported,
    while_reproduced,
)
from unwritable import no_larger_file, on_a_full_disk, on_a_read_only_disk, removed_meanwhile

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
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
