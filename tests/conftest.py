"""One thread for every numeric library, here and in child processes: results repeat bit for bit, and tests run in parallel.

The folder above `tests` is put on the path, so that a test may write `from tests.contract import toys`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

sys.path.insert(0, str(Path(__file__).parents[1]))
