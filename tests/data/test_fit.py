"""A data set that does not keep its word is refused when it is loaded."""

import numpy as np
import pytest

import unweave
from unweave.data.base import Dataset


class Five(Dataset):
    """Always five rows, whatever is requested."""

    name = "five"

    def __len__(self):
        return 50

    def take(self, rows):
        return np.zeros((5, 1, 4, 4), dtype=np.uint8)


class Restless(Five):
    name = "restless"

    def take(self, rows):
        return np.random.default_rng().integers(0, 256, (len(rows), 1, 4, 4), dtype=np.uint8)


class Wide(Five):
    name = "wide"

    def take(self, rows):
        return np.zeros((len(rows), 1, 4, 4))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Five, "take gave 5 rows, and 3 were requested"),
        (Restless, "other values for the same row"),
        (Wide, "images are uint8"),
    ],
)
def test_what_take_gives_is_looked_at(made, words):
    with pytest.raises(ValueError, match=words):
        unweave.data.load(made())
