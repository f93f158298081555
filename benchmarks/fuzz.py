"""Fuzzing of all file readers: the tests named `mutated`, with the given number of damaged files.

    python benchmarks/fuzz.py --mutations 1000 [PYTEST'S OWN OPTIONS]

Prints a table. Refused: a ValueError of one line that names the file. Read: data that the test found consistent. Crash:
anything else, and more than 2 s or 200 MB. Seconds are processor time of the slowest file; megabytes are the largest
increase of memory by one file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as Tree
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tallies(mutations: int, options: list[str]) -> tuple[list[dict], int]:
    """The counts that the tests write to pytest's report, and pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "tests/data",
            "-k",
            "mutated",
            "-p",
            "no:cacheprovider",
        ]
        command += ["--timeout", "0", f"--junitxml={report}", "-o", "junit_family=xunit1", *options]
        given = os.environ | {"UNWEAVE_MUTATIONS": str(mutations)}
        code = subprocess.run(command, cwd=ROOT, env=given, stdout=sys.stderr).returncode
        noted = Tree.parse(report).iter("property")
        return [json.loads(p.get("value", "")) for p in noted if p.get("name") == "mutated"], code


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutations", type=int, default=1000, help="damaged files of each reader")
    given, options = parser.parse_known_args()
    rows, code = tallies(given.mutations, options)
    print("| reader | mutations | refused | read | crashes | slowest, s | memory, MB |")
    print("|---|---|---|---|---|---|---|")
    for row in sorted(rows, key=lambda row: row["reader"].lower()):
        counts = " | ".join(str(row[key]) for key in ("turns", "refused", "read", "crashes"))
        print(f"| {row['reader']} | {counts} | {row['slowest']:.3f} | {row['memory']:.0f} |")
    return code


if __name__ == "__main__":
    sys.exit(main())
