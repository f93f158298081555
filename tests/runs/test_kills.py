"""The short form of benchmarks/kills.py: trainings that are killed and resumed end as those that were left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_three_killed_trainings_end_as_if_they_had_not_been() -> None:
    words = [sys.executable, "benchmarks/kills.py", "--kills", "3"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kills, 0 differences" in done.stdout
