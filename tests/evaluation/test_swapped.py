"""Codes and factors that are given in the wrong order are warned of, and label-like codes are not."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import unweave
from unweave.cli import main
from unweave.data.factors import FactorSpace
from unweave.metrics.tables.swapped import SWAPPED, look_swapped
from unweave.metrics.tables.table import Table

GRIDS = {  # the sizes of the factors of the data sets
    "dsprites": (3, 6, 40, 32, 32),
    "shapes3d": (10, 10, 10, 8, 4, 15),
    "mpi3d": (6, 6, 2, 3, 3, 40, 40),
    "cars3d": (4, 24, 183),
    "smallnorb": (50, 9, 18, 6),
    "celeba": (2,) * 16,
    "mnist": (10,),
}
RNG = np.random.default_rng(0)


def factors_of(name: str, n: int = 1_000) -> np.ndarray:
    sizes = GRIDS[name]
    space = FactorSpace(tuple(map(str, range(len(sizes)))), sizes)
    return space.sample(n, RNG).astype(float)


@pytest.mark.parametrize("name", GRIDS)
def test_no_false_alarm_where_codes_are_labels_too(name: str) -> None:
    v = factors_of(name)
    for codes in (
        v,
        v[:, ::-1] / 7,
        (v > v.mean(0)).astype(float),
        RNG.integers(0, 2, (len(v), 10)),
    ):
        assert not look_swapped(Table.of(codes, v))
        assert not look_swapped(Table.of(v + RNG.normal(size=v.shape), v))


@pytest.mark.parametrize("name", GRIDS)
def test_exchanged_codes_and_factors_are_noticed(name: str) -> None:
    v = factors_of(name)
    assert look_swapped(Table.of(v, v[:, :1] + RNG.normal(size=(len(v), 6))))


def test_continuous_codes_beside_continuous_factors_are_not_judged() -> None:
    v = RNG.random((500, 3))
    assert not look_swapped(Table.of(v + 0.1 * RNG.normal(size=v.shape), v))
    years = RNG.integers(0, 90, (500, 1))  # a measurement in whole numbers, whose values repeat
    assert not look_swapped(Table.of(RNG.integers(0, 2, (500, 4)), years))


def test_the_warning_comes_once_and_a_declaration_ends_it() -> None:
    v = factors_of("shapes3d", 300)
    z = v[:, :2] + RNG.normal(size=(300, 2))
    with pytest.warns(UserWarning, match="codes and factors may be exchanged") as caught:
        unweave.evaluate((v, z), "mcc, pairwise_mi")
    assert len(caught) == 1
    with warnings.catch_warnings(action="error"):
        unweave.evaluate((v, z), "mcc", kinds="continuous")
        unweave.evaluate((z, v), "mcc")
        unweave.evaluate((v, None), "pairwise_mi")


def test_exchanged_codes_of_few_digits_and_under_a_declaration_are_noticed() -> None:
    v = factors_of("shapes3d")
    z = v[:, :2] + RNG.normal(size=(len(v), 2))
    assert look_swapped(Table.of(v, z.round(2)))
    assert look_swapped(Table.of(v, z, kinds="categorical"), declared=True)
    assert not look_swapped(Table.of(z, v, kinds="categorical"), declared=True)
    assert not look_swapped(Table.of(v, z, kinds="continuous"), declared=True)
    steps = v[:, :1] / 2  # an ordered factor in steps of a half, beside binary codes
    assert not look_swapped(Table.of(v > v.mean(0), steps, kinds="ordered"), declared=True)


def test_a_metric_that_is_called_on_arrays_warns_too() -> None:
    v = factors_of("shapes3d", 300)
    z = v[:, :2] + RNG.normal(size=(300, 2))
    with pytest.warns(UserWarning, match="may be exchanged") as caught:
        unweave.metrics.mig(v, z)
    assert len(caught) == 1
    with warnings.catch_warnings(action="error"):
        unweave.metrics.mig(z, v)


def test_so_it_does_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    v = factors_of("shapes3d", 300)
    np.save(tmp_path / "v.npy", v)
    np.save(tmp_path / "z.npy", v[:, :2] + RNG.normal(size=(300, 2)))
    words = [
        "evaluate",
        "--codes",
        str(tmp_path / "v.npy"),
        "--factors",
        str(tmp_path / "z.npy"),
        "--metrics",
        "MCC",
    ]
    with warnings.catch_warnings(action="default"):
        assert main(words) == 0
    assert capsys.readouterr().err == f"unweave: warning: {SWAPPED}\n"
