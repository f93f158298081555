"""One thread for every numeric library, here and in child processes: results repeat bit for bit, and tests run in parallel.

The folder above `tests` is put on the path, so that a test may write `from tests.contract import toys`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402 (after the threads were set)
import pytest  # noqa: E402 (likewise)

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(autouse=True, scope="session")
def _state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's secret, by which one's own runs are known again, and the cache are made in folders of the tests."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def tiny_images(tmp_path: Path) -> Path:
    """A file of 24 images of 8x8 pixels, binary."""
    path = tmp_path / "tiny.npy"
    np.save(path, (np.random.default_rng(0).random((24, 1, 8, 8)) > 0.5).astype(np.uint8) * 255)
    return path
