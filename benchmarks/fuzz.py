"""What every reader of files does with damaged ones: the tests named `mutated`, with as many damages as asked for.

    python benchmarks/fuzz.py --mutations 1000 [PYTEST'S OWN OPTIONS]

A table: refused is a ValueError of one line that names the file; read, data that the test found consistent; a crash
anything else, and more than 2 s or 200 MB. Seconds are of the process, of the slowest file; megabytes are the most that
one file took over what was held before.
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
    """What the tests note in pytest's report, and pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "tests/data", "-k", "mutated", "-p", "no:cacheprovider"]
        command += ["--timeout", "0", f"--junitxml={report}", "-o", "junit_family=xunit1", *options]
        given = os.environ | {"UNWEAVE_MUTATIONS": str(mutations)}
        code = subprocess.run(command, cwd=ROOT, env=given, stdout=sys.stderr).returncode
        noted = Tree.parse(report).iter("property")
        return [json.loads(p.get("value", "")) for p in noted if p.get("name") == "mutated"], code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=1000, help="damaged files of each reader")
    asked, options = parser.parse_known_args()
    rows, code = tallies(asked.mutations, options)
    print("| reader | mutations | refused | read | crashes | slowest, s | memory, MB |")
    print("|---|---|---|---|---|---|---|")
    for row in sorted(rows, key=lambda row: row["reader"].lower()):
        counts = " | ".join(str(row[key]) for key in ("turns", "refused", "read", "crashes"))
        print(f"| {row['reader']} | {counts} | {row['slowest']:.3f} | {row['memory']:.0f} |")
    return code


if __name__ == "__main__":
    sys.exit(main())
