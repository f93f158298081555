"""Tables and sub-folders of many different names: processor seconds by their number, which should grow with it and no more.

    python benchmarks/names.py           prints the table; a minute of one core

Categories: a factors.csv of N files with N different texts. Classes: N files in N sub-folders.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from unweave.data.datasets.subfolders import by_subfolder
from unweave.data.tables.label_csv import factors

NUMBERS = (8_000, 50_000, 200_000)


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print a line for each number of names."""
    print(f"{'names':>8}  {'categories, s':>13}  {'classes, s':>10}")
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "factors.csv"
        for number in NUMBERS:
            files = [f"class{i}/{i}.png" for i in range(number)]
            table.write_text(
                "\n".join(["file,what", *(f"{file},text {i}" for i, file in enumerate(files))])
            )
            categories = seconds(lambda files=files: factors(table, files))
            still = np.zeros(number, dtype=bool)
            classes = seconds(
                lambda files=files, still=still: by_subfolder(files, still, "classes")
            )
            print(f"{number:8,}  {categories:13.2f}  {classes:10.2f}")


if __name__ == "__main__":
    main()
