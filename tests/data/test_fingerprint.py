"""The fingerprint of a data set: what it holds, whichever way it was opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unweave.data import fingerprint as module
from unweave.data import load
from unweave.data.base import Dataset
from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.shifts.text import shifted
from unweave.data.subsets import subset

NOISE = (np.arange(24 * 64) % 251).astype(np.uint8).reshape(24, 1, 8, 8)
SPACE = FactorSpace(("a", "b"), (6, 4))
TWOS = FactorImages(FactorSpace(("a", "b", "c"), (6, 2, 2)), NOISE)
LABELS = np.arange(48.0).reshape(24, 2)


def changed(array: np.ndarray, at: tuple[int, ...] = (17, 0, 2, 1)) -> np.ndarray:
    other = array.copy()
    other[at] += 1
    return other


def labelled(**other: object) -> ImageData:
    known: dict[str, object] = {
        "array": NOISE,
        "y": np.arange(24) % 3,
        "groups": np.arange(24) // 4,
        "pairs": [[0, 1], [2, 3]],
        "labels": LABELS,
        "factor_names": ("a", "b"),
    }
    return ImageData(**known | other)


def test_it_is_the_same_on_every_day_and_machine() -> None:
    assert labelled().fingerprint == "eb795193808123f49120b0f1c5be07f3"
    assert FactorImages(SPACE, NOISE).fingerprint == "60e271cd520a22e39882314a33489450"


def test_the_way_to_the_data_does_not_matter(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NOISE)
    np.savez(tmp_path / "b.npz", images=NOISE[:, 0])
    reversed_in_memory = np.asfortranarray(NOISE)
    opened = [
        load(NOISE),
        load(tmp_path / "a.npy"),
        load(tmp_path / "b.npz"),
        ImageData(reversed_in_memory, name="x"),
    ]
    opened.append(
        ImageData(np.load(tmp_path / "a.npy", mmap_mode="r"), about="elsewhere", white=4095)
    )
    assert len({data.fingerprint for data in opened}) == 1


CHANGES: dict[str, Callable[[], Dataset]] = {
    "as it is": labelled,
    "a pixel": lambda: labelled(array=changed(NOISE)),
    "a class": lambda: labelled(y=changed(np.arange(24) % 3, (0,))),
    "another class that has no row": lambda: labelled(class_names=("a", "b", "c", "d")),
    "a group": lambda: labelled(groups=changed(np.arange(24) // 4, (23,))),
    "a pair": lambda: labelled(pairs=[[0, 1], [2, 4]]),
    "a label": lambda: labelled(labels=changed(LABELS, (3, 1))),
    "a missing label": lambda: labelled(labels=np.where(LABELS == 7, np.nan, LABELS)),
    "a factor's name": lambda: labelled(factor_names=("a", "c")),
    "a row less": lambda: ImageData(NOISE[:-1]),
    "no labels": lambda: ImageData(NOISE),
    "vectors": lambda: ImageData(NOISE.reshape(24, 64)),
    "a grid": lambda: FactorImages(SPACE, NOISE),
    "another grid": lambda: FactorImages(FactorSpace(("a", "b"), (4, 6)), NOISE),
    "other values": lambda: FactorImages(
        FactorSpace(("a", "b"), (6, 4), (range(6), (1, 2, 4, 8))), NOISE
    ),
    "drawn": lambda: FactorImages(SPACE, lambda v: NOISE[SPACE.rows(v)] ^ 1),
    "rows": lambda: subset(labelled(), [0, 1, 2]),
    "the same rows in another order": lambda: subset(labelled(), [0, 2, 1]),
    "all rows": lambda: subset(labelled(), np.arange(24)),
    "rows of a grid": lambda: subset(FactorImages(SPACE, NOISE), [0, 1, 2]),
    "classes of b": lambda: with_classes(TWOS, "b"),
    "classes of c": lambda: with_classes(TWOS, "c"),
    "mislabelled": lambda: shifted(FactorImages(SPACE, NOISE), "mislabelled:fraction=0.001"),
    "mislabelled otherwise": lambda: shifted(
        FactorImages(SPACE, NOISE), "mislabelled:fraction=0.001,seed=1"
    ),
    "of one factor": lambda: shifted(FactorImages(SPACE, NOISE), "mislabelled:a,fraction=0.001"),
    "twice": lambda: shifted(
        FactorImages(SPACE, NOISE), "mislabelled:fraction=0.001; mislabelled:fraction=0.001"
    ),
}


def test_whatever_changes_changes_it() -> None:
    found = {name: make().fingerprint for name, make in CHANGES.items()}
    assert len(set(found.values())) == len(found), found


def test_it_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = labelled()
    first = data.fingerprint
    monkeypatch.setattr(data, "take", None)
    assert data.fingerprint == first


@pytest.mark.parametrize("kept", ["drawn", "mapped"])
def test_of_a_large_set_some_rows_are_looked_at(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE", 999_999)
    space, seen = FactorSpace(("a", "b"), (1000, 1000)), []

    class Counted(FactorImages):
        def take(self, rows: np.ndarray) -> np.ndarray:
            seen.extend(rows)
            return super().take(rows)

    images = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint8, (1_000_000, 1, 1, 1))
    images[:, 0, 0, 0] = np.arange(1_000_000) % 251
    draw = (
        images
        if kept == "mapped"
        else lambda v: (space.rows(v) % 251).astype(np.uint8)[:, None, None, None]
    )
    data = Counted(space, draw, binary=False)
    assert data.fingerprint == "f6aa547755926b80d4a8121960a517b1"
    assert len(seen) == 256
    assert (min(seen), max(seen)) == (0, 999_999)
    assert Counted(space, draw, binary=False, probed=8).fingerprint != data.fingerprint


def test_of_a_long_column_some_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module, "WHOLE", 100
    )  # bytes: of 24 classes of 8 bytes each every second one
    y = np.arange(24) % 3
    first, skipped, looked_at = (
        ImageData(NOISE, y=column) for column in (y, changed(y, (3,)), changed(y, (4,)))
    )
    assert first.fingerprint == skipped.fingerprint != looked_at.fingerprint


@pytest.mark.parametrize("rows", ["all", "a view", "mislabelled"])
def test_on_request_every_row_counts(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a set above the limit, two rows that no sample holds are exchanged."""
    monkeypatch.setattr(module, "WHOLE", 100)  # bytes
    views = {
        "all": lambda data: data,
        "a view": lambda data: subset(data, np.arange(20)),
        "mislabelled": lambda data: shifted(data, "mislabelled:fraction=0.001"),
    }
    exchanged = NOISE.copy()
    exchanged[[5, 6]] = NOISE[[6, 5]]
    opened = [FactorImages(SPACE, array, probed=3) for array in (NOISE, exchanged)]
    first, second = (views[rows](data) for data in opened)
    assert first.fingerprint == second.fingerprint
    assert first.digest(whole=True) != second.digest(whole=True)
    assert first.digest(whole=True) == views[rows](opened[0]).digest(whole=True)
