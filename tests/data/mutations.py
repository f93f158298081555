"""Damaged files for the tests of the readers: how many, and how each is damaged.

`UNWEAVE_MUTATIONS=1000 python -m pytest tests/data -k mutated --timeout 0` asks for as many of every reader.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np


def mutated(*wholes: bytes, usual: int, reach: int, start: int = 0, seed: int = 0) -> Iterator[tuple[int, bytes]]:
    """(which of the whole files, its damaged bytes), one after the other; `usual` times if nobody asks for another number.

    1 to 5 bytes from `start` up to `reach` are replaced by random ones, and each third file is cut off at random.
    """
    rng = np.random.default_rng(seed)
    for turn in range(int(os.environ.get("UNWEAVE_MUTATIONS", usual))):
        which = turn % len(wholes)
        content = bytearray(wholes[which])
        for _ in range(rng.integers(1, 6)):
            content[rng.integers(start, min(len(content), reach))] = rng.integers(256)
        cut = turn // len(wholes) % 3 == 0
        yield which, bytes(content[: rng.integers(len(content))] if cut else content)
