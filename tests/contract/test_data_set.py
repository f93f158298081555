"""The data set of one's own that CONTRIBUTING.md shows: a file outside of unweave, trained on and scored."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import unweave
from unweave.data.base import Dataset

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()


@pytest.fixture
def moons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    (code,) = re.findall(r"```python\n(# moons\.py.*?)```", TEXT, re.DOTALL)
    (tmp_path / "moons.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    return unweave.data.load("moons:moons", n=50)


def test_it_is_what_the_text_says(moons: Dataset) -> None:
    assert (moons.name, len(moons), moons.info.shape, moons.info.classes) == ("moons", 50, (2,), 2)
    assert (moons.factor_names, moons.factor_kinds, moons.grid) == (
        ("angle",),
        ("continuous",),
        None,
    )
    assert moons.find(moons.factors_at([7, 3])).tolist() == [7, 3]
    assert (moons.info.low, moons.info.high) == (
        moons.take(np.arange(50)).min(),
        moons.take(np.arange(50)).max(),
    )
    radius = np.linalg.norm(moons.take([0, 2, 1]) - np.array([[0, 0], [0, 0], [1, 0.5]]), axis=1)
    assert radius.tolist() == pytest.approx([1, 1, 1], abs=1e-6)


def test_it_is_trained_on_and_scored_by_name_and_as_an_object(
    moons: Dataset, tmp_path: Path
) -> None:
    run = unweave.train(
        "vae",
        "moons:moons",
        data_options={"n": 50},
        steps=2,
        batch_size=8,
        out=tmp_path,
        holdout=0.2,
    )
    assert run.config.data.name == "moons"
    assert "mig" in unweave.evaluate(run, ["mig"])
    again = unweave.train("vae", moons, steps=2, batch_size=8, out=tmp_path, holdout=0.2)
    rows = np.arange(50)
    assert np.array_equal(again.encode(moons.take(rows)), run.encode(run.data.take(rows)))
    assert again.data.fingerprint == run.data.fingerprint == moons.fingerprint


def test_an_attribute_that_hides_a_method_is_named() -> None:
    """An option `places`, kept as an attribute, ended a training in a call of an int."""

    class Blobs(Dataset):
        name = "blobs"

        def __init__(self) -> None:
            self.places = 3

        def __len__(self) -> int:
            return 8

        def take(self, rows: object) -> np.ndarray:
            return np.zeros((len(np.asarray(rows)), 1, 8, 8), np.uint8)

    with pytest.raises(ValueError, match=r"a Blobs, sets places, which is a method of .*Dataset"):
        unweave.data.load(Blobs())
