"""A data set that does not keep its word is refused when it is loaded."""

import sys
from types import ModuleType

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


class Listed(Five):
    def take(self, rows):
        return [0 for _ in rows]


class Nothing(Five):
    def take(self, rows):
        pass


class Rowless(Five):
    def take(self):
        return np.zeros((5, 1, 4, 4), dtype=np.uint8)


class Halves(Five):
    def __len__(self):
        return 2.5


class Empty(Five):
    def __len__(self):
        return 0


class Fine(Five):
    def __init__(self, **known):
        vars(self).update(known)

    def take(self, rows):
        return np.zeros((len(rows), 1, 4, 4), dtype=np.uint8)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Five, "Five.take gave 5 rows, and 3 were requested"),
        (Restless, "Restless.take gave other values for the same row"),
        (Wide, "Wide.take: images are uint8"),
        (Listed, "Listed.take gave a list; expected a numpy array"),
        (Nothing, "Nothing.take gave None; expected a numpy array"),
        (Rowless, r"Rowless.take is called with \(rows\): too many positional arguments"),
        (Halves, "Halves.__len__: 'float' object .*; expected a whole number"),
        (Empty, "it has no rows; expected 1 at least"),
    ],
)
def test_what_take_gives_is_looked_at(made, words):
    with pytest.raises(ValueError, match=f"^the data set {made.name} does not fit: {words}"):
        unweave.data.load(made())


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"grid": [5, 10]}, "its grid is a list; expected a unweave.data.factors.FactorSpace"),
        ({"table": np.zeros((50, 2))}, "its table is a ndarray; expected a .*.FactorTable"),
        ({"pairs": [(0, 1)]}, r"pairs is a list; expected an array \(P, 2\) of rows, int64"),
        ({"pairs": np.zeros((4, 3), np.int64)}, r"pairs has shape \(4, 3\); expected an array"),
        ({"pairs": np.zeros((4, 2))}, "pairs holds float64; expected an array"),
    ],
)
def test_what_it_has_is_of_the_type_that_is_read(known, words):
    with pytest.raises(ValueError, match=f"^the data set five does not fit: {words}"):
        unweave.data.load(Fine(**known))


def test_a_class_in_place_of_an_object_is_named():
    with pytest.raises(ValueError, match=r"^Fine is a class; give an object of it, Fine\(...\)$"):
        unweave.data.load(Fine)


def test_the_function_that_opened_it_is_named(monkeypatch):
    module = ModuleType("of_a_stranger")
    for name, made in (("five", Five()), ("nothing", None), ("array", np.zeros((3, 1, 4, 4)))):
        setattr(module, name, lambda root, made=made: made)
    monkeypatch.setitem(sys.modules, "of_a_stranger", module)
    for name, words in (
        ("five", "the data set five does not fit: Five.take gave 5 rows"),
        ("nothing", "gave None; a data set is an unweave.data.base.Dataset"),
        ("array", "gave a ndarray; a data set is an unweave.data.base.Dataset"),
    ):
        with pytest.raises(ValueError, match=f"^of_a_stranger:{name}:? {words}"):
            unweave.data.load(f"of_a_stranger:{name}")
