"""Every data set, view and shift keeps the contract of `unweave.data.base`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unweave import data
from unweave.data.base import Dataset, NoGrid
from unweave.data.classes import with_classes
from unweave.data.factor_table import FactorTable
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.looks import spread
from unweave.data.shifts.text import KINDS, shifted
from unweave.data.subsets import split, subset
from unweave.types import DataInfo

Make = Callable[[Path], Dataset]
NOISE = np.random.default_rng(0).integers(0, 256, (24, 1, 4, 4), dtype=np.uint8)
SPACE = FactorSpace(("shape", "x", "size"), (2, 4, 3), (("disc", "box"), range(4), (1.0, 2.0, 4.0)))
PLAIN = (
    "dsprites",
    "color-dsprites",
    "noisy-dsprites",
    "scream-dsprites",
    "abstract-dsprites",
    "continuous-dsprites",
)
MADE: dict[str, dict[str, object]] = {  # the registered ones that need no file, small
    **{name: {} for name in (*PLAIN, "cdsprites", "digits")},
    "bouncing-sprites": {"clips": 4, "length": 3},
    "moving-digits": {"clips": 4, "length": 3},
    "scene3d": {"size": 16},
    "faces": {"people": 4},
    "skeletons": {"poses": 5},
}
READ = {
    "avatars",
    "shapes3d",
    "mpi3d-toy",
    "mpi3d-realistic",
    "mpi3d-real",
    "mpi3d-complex",
    "cars3d",
    "smallnorb",
}
READ |= {
    "celeba",
    "falcor3d",
    "isaac3d",
    "mnist",
    "fashion-mnist",
}  # from files; each has tests of its own
SHIFTS = (
    *(
        "correlated:x,size,strength=0.3",
        "imbalanced:x,ratio=5",
        "without:shape=0,x=1-2",
        "only:shape=0",
    ),
    *("extrapolation:x", "interpolation:x", "combinations:shape,x/2", "mislabelled:fraction=0.5"),
    *(
        "mislabelled:shape,fraction=1; extrapolation:x",
        "extrapolation:x,side=test; mislabelled:x,fraction=0.5",
    ),
)


class Outside:
    """A data set of somebody's own that knows nothing of unweave's classes."""

    name = "outside"

    def __init__(self, **known: object) -> None:
        vars(self).update(known)

    def __len__(self) -> int:
        return len(NOISE)

    def take(self, rows: np.ndarray) -> np.ndarray:
        return NOISE[rows].copy()


def grid() -> FactorImages:
    return FactorImages(SPACE, NOISE, name="toy")


def table() -> ImageData:
    labels = np.random.default_rng(1).integers(0, 3, (24, 2)).astype(float)
    labels[3, 0] = np.nan
    pairs = np.arange(24).reshape(12, 2)
    return ImageData(
        NOISE,
        y=np.arange(24) % 3,
        labels=labels,
        factor_names=("a", "b"),
        pairs=pairs,
        name="table",
    )


def pictures(folder: Path) -> Dataset:
    for i, image in enumerate(NOISE):
        (folder / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(image[0]).save(folder / "ab"[i % 2] / f"{i}.png")
    return data.load(folder, size=4)


CASES: dict[str, Make] = {
    **{name: lambda _, n=name, o=options: data.load(n, **o) for name, options in MADE.items()},
    **{text: lambda _, t=text: shifted(grid(), t) for text in SHIFTS},
    "arrays": lambda _: data.load(NOISE),
    "folder": pictures,
    "grid": lambda _: grid(),
    "drawn grid": lambda _: FactorImages(SPACE, lambda v: NOISE[SPACE.rows(v)]),
    "table": lambda _: table(),
    "vectors": lambda _: ImageData(np.arange(12.0).reshape(4, 3)),
    "rows of a grid": lambda _: subset(grid(), [5, 5, 0, 7]),
    "rows of a table": lambda _: subset(table(), [5, 5, 3, 4, 7]),
    "rows of rows": lambda _: subset(subset(grid(), [5, 0, 7]), [2, 2, 0]),
    "training part": lambda _: split(table(), 0.3, 0)[0],
    "held-out part": lambda _: split(grid(), 0.3, 0)[1],
    "with classes": lambda _: with_classes(subset(grid(), [5, 0, 23]), "size"),
    "held-out rows with classes": lambda _: split(with_classes(grid(), "x"), 0.3, 0)[1],
    "outside": lambda _: data.load(Outside()),
    "outside grid": lambda _: data.load(Outside(grid=SPACE)),
    "outside table": lambda _: data.load(
        Outside(labels=NOISE[:, 0, 0, :2], factor_names=("a", "b"), y=[0, 1] * 12)
    ),
}
each = pytest.mark.parametrize("make", CASES.values(), ids=CASES)


def test_every_data_set_and_every_shift_is_among_the_cases() -> None:
    assert {*MADE, *READ, "arrays", "folder"} == set(data.TABLE)
    assert {part.partition(":")[0].strip() for text in SHIFTS for part in text.split(";")} == set(
        KINDS
    )


@each
def test_rows_are_of_one_shape_and_stay_what_they_are(make: Make, tmp_path: Path) -> None:
    found = make(tmp_path)
    assert isinstance(found, Dataset)
    rows = spread(len(found), 5)
    images = found.take(rows)
    assert images.shape == (len(rows), *found.info.shape)
    assert images.dtype == (np.uint8 if images.ndim == 4 else np.float32)
    assert found.info.low <= images.min() or images.dtype == np.uint8
    assert np.array_equal(found.take(rows[::-1].tolist()), images[::-1])
    images[:] = 7
    assert not np.array_equal(found.take(rows), images)


@each
def test_facts_agree(make: Make, tmp_path: Path) -> None:
    found = make(tmp_path)
    info = found.info
    assert (info.n, info.classes) == (len(found), len(found.class_names))
    assert (info.factor_names, info.factor_sizes) == (found.factor_names, found.factor_sizes)
    assert (
        len(found.factor_names)
        == len(found.factor_sizes)
        == len(found.factor_kinds)
        == len(found.factor_values)
    )
    for column in (found.y, found.groups):
        assert column is None or (column.shape, column.dtype) == ((len(found),), np.int64)
    assert found.y is None or 0 <= found.y.min() <= found.y.max() < len(found.class_names)
    assert found.pairs is None or 0 <= found.pairs.min() <= found.pairs.max() < len(found)
    assert found.grid is None or found.table is None
    assert hasattr(found, "factors") == (found.grid is not None)
    assert found.name
    assert found.about
    assert isinstance(found.white, int)


@each
def test_factors_rows_and_images_agree(make: Make, tmp_path: Path) -> None:
    found = make(tmp_path)
    rows, count = spread(len(found), 9), len(found.factor_names)
    true, told, seen = (
        found.factors_at(rows),
        found.observed_factors(rows),
        found.observed_values(rows),
    )
    assert true.shape == told.shape == seen.shape == (len(rows), count)
    assert true.dtype == told.dtype == (np.int64 if found.grid else np.float64)
    assert seen.dtype == np.float64
    assert np.array_equal(true, told, equal_nan=True) == found.labels_are_true
    if not count:
        with pytest.raises(ValueError, match=f"{found.name} has no known factors"):
            found.find(true)
        return
    whole = ~np.isnan(true).any(1)
    places = found.find(true)
    assert ((places >= 0) == whole).all()
    assert np.array_equal(found.factors_at(places[whole]), true[whole])
    if found.grid is None:
        assert (found.find(true + 1e6) == -1).all()
        return
    assert np.array_equal(found.take(places), found.take(rows))
    assert np.array_equal(found.images(true), found.take(rows))
    assert (found.find(found.sample_factors(20, 0)) >= 0).all()


@each
def test_a_view_has_rows_of_its_base(make: Make, tmp_path: Path) -> None:
    found = make(tmp_path)
    rows = spread(len(found), 9)
    assert (found.base is None) == (found.base_rows is None)
    assert found.whole is (found if found.base is None else found.base)
    assert found.whole.base is None
    places = found.places(rows)
    assert np.array_equal(found.whole.take(places), found.take(rows))
    assert np.array_equal(
        found.whole.observed_values(places), found.observed_values(rows), equal_nan=True
    )


@each
def test_it_has_the_same_fingerprint_when_it_is_made_again(make: Make, tmp_path: Path) -> None:
    found = make(tmp_path)
    assert len(found.fingerprint) == 32
    assert int(found.fingerprint, 16)
    assert make(tmp_path).fingerprint == found.fingerprint


def test_no_code_tests_the_class_of_a_data_set() -> None:
    """Rule 5 of `unweave.data.base`; `adopted` alone asks whether an object is one."""
    root = Path(data.__file__).parents[1]
    classes = {"Dataset"}
    trees = {path: ast.parse(path.read_text()) for path in sorted(root.rglob("*.py"))}
    made = [
        node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ]
    while found := {c.name for c in made if classes & {ast.unparse(b) for b in c.bases}} - classes:
        classes |= found
    assert {"View", "Mislabelled", "FactorImages"} <= classes
    # h5py has a Dataset too
    tests = re.compile(rf"(isinstance|issubclass)\(.*(?<![.\w])({'|'.join(classes)})\b")
    asked = {
        f"{path.relative_to(root)}: {ast.unparse(node)}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and tests.match(ast.unparse(node))
    }
    assert asked == {"data/adopted.py: isinstance(given, Dataset)"}


def test_a_row_that_is_not_there_is_minus_one() -> None:
    part = subset(grid(), [7, 3, 7])
    assert part.find(SPACE.factors_at([7, 4, 3])).tolist() == [2, -1, 1]
    known = FactorTable([[0, 1], [2, np.nan], [0, 1], [5, 5]], ("a", "b"))
    assert known.rows([[5, 5], [0, 1], [2, np.nan], [1, 0], [np.nan, 5]]).tolist() == [
        3,
        2,
        -1,
        -1,
        -1,
    ]
    with pytest.raises(ValueError, match=r"shape \(1, 3\); expected \(n, 2\) for a, b"):
        known.rows([[1, 2, 3]])
    with pytest.raises(ValueError, match="size is 3 in row 0"):
        grid().find([[0, 0, 3]])


def test_data_without_a_grid_say_so() -> None:
    with pytest.raises(NoGrid, match="table has no grid of known factors; take data that have"):
        table().images([[0, 0]])


def test_what_an_outside_object_lacks_is_named() -> None:
    class Nameless:
        take = Outside.take
        __len__ = Outside.__len__

    class Boundless:
        name, info, take = "b", DataInfo(3, (1, 4, 4)), Outside.take

    class Rowless:
        name, info, __len__ = "r", DataInfo(3, (1, 4, 4)), Outside.__len__

    for kind, lacking in ((Nameless, "name"), (Boundless, "__len__"), (Rowless, "take")):
        with pytest.raises(
            ValueError, match=f"a {kind.__name__}, has no {lacking}; it takes name, take, __len__"
        ):
            data.load(kind())


def test_what_an_outside_object_brings_along_counts() -> None:
    info = DataInfo(24, (1, 4, 4), 2, ("a",), (3,))
    own = Outside(
        info=info,
        labels=np.arange(24)[:, None] % 3,
        y=np.arange(24, dtype=np.int32) % 2,
        white=4095,
    )
    own.observed_values = lambda rows: np.full((len(rows), 1), 0.5)
    found = data.load(own)
    assert (found.info, found.white, found.floats, found.about) == (info, 4095, None, "in memory")
    assert (found.factor_names, found.factor_sizes, found.class_names) == (("a",), (3,), ("0", "1"))
    assert found.observed_values([1, 2]).tolist() == [[0.5], [0.5]]
    assert data.load(Outside(factors=SPACE), shift="only:shape=0").factors_at([0, 11]).tolist() == [
        [0, 0, 0],
        [0, 3, 2],
    ]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (
            {"y": np.zeros(3, np.int64)},
            r"y has shape \(3,\); expected an array of 24 whole numbers",
        ),
        (
            {"y": np.arange(24) % 3, "class_names": ("a",)},
            "y is from 0 to 2; there are 1 class_names",
        ),
        ({"groups": np.zeros((24, 1), np.int64)}, r"groups has shape \(24, 1\)"),
        (
            {"grid": FactorSpace(("a",), (5,))},
            r"it has 24 rows, and the grid FactorSpace\(a 5\) has 5",
        ),
        (
            {"labels": np.zeros((5, 1)), "factor_names": ("a",)},
            "it has 24 rows, and its table of factors 5",
        ),
        (
            {"take": lambda rows: np.zeros((len(rows), 4, 4))},
            r"Outside.take: expected images, uint8 .* found float64 of shape",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(known: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=f"the data set outside does not fit: {words}"):
        data.load(Outside(**known))
