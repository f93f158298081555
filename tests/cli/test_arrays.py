"""Reading tables: every format gives the same array, and damage is named."""

import sys
from pathlib import Path

import numpy as np
import pytest

from unweave.cli.arrays import read
from unweave.evaluate import evaluate

TABLE = np.array([[1.0, 2.5], [np.nan, -1e-3], [3.0, 0.0]])


def test_every_format_gives_the_same_array(tmp_path):
    np.save(tmp_path / "a.npy", TABLE)
    np.savez(tmp_path / "one.npz", anything=TABLE)
    np.savez(tmp_path / "two.npz", other=TABLE[:1], codes=TABLE)
    (tmp_path / "named.csv").write_text("x,y\n1,2.5\n,-1e-3\n3,0\n")
    (tmp_path / "bare.csv").write_text("1,2.5\nnan, -1e-3\n3,0\n\n")
    for name in ("a.npy", "one.npz", "two.npz", "named.csv", "bare.csv"):
        np.testing.assert_array_equal(read(tmp_path / name, "codes"), TABLE)


def test_parquet(tmp_path):
    import duckdb

    path = tmp_path / "table.parquet"
    rows = "(1, 2.5::double, 'a'), (null, -1e-3::double, 'b'), (3, 0::double, 'c')"
    duckdb.sql(f"select * from (values {rows}) as t(x, y, name)").write_parquet(str(path))
    found = read(path, "codes")
    assert found.dtype.kind == "U"  # text among numbers is for the metrics to refuse
    duckdb.sql(f"select x, y from '{path}'").write_parquet(str(tmp_path / "numbers.parquet"))
    np.testing.assert_array_equal(read(tmp_path / "numbers.parquet", "codes"), TABLE)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"table\.parquet cannot be read"):
        read(path, "codes")


def test_parquet_without_duckdb_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / "a.parquet").touch()
    with pytest.raises(ValueError, match=r"pip install 'unweave\[parquet\]'"):
        read(tmp_path / "a.parquet", "codes")


def test_one_column_is_a_table_of_one_column(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    (tmp_path / "a.csv").write_text("7\n8\n9\n")
    assert read(tmp_path / "a.npy", "factors").shape == (3, 1)
    assert read(tmp_path / "a.csv", "factors").tolist() == [[7], [8], [9]]


def test_the_column_that_holds_text_is_named_when_it_is_scored(tmp_path):
    (tmp_path / "a.csv").write_text("shape,big\n" + "6,True\n,False\n" * 20)
    with pytest.raises(ValueError, match=r"factors hold text in column 1 \(such as 'True'\)"):
        evaluate((np.random.default_rng(0).normal(size=(40, 2)), read(tmp_path / "a.csv", "factors")), "mig")


def test_text_stays_text(tmp_path):
    (tmp_path / "a.csv").write_text("shape,size\nheart,1\nsquare,2\n")
    assert read(tmp_path / "a.csv", "factors").tolist() == [["heart", "1"], ["square", "2"]]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "a.csv is empty; expected codes"),
        ("a.csv", b"1,2\n3\n", "row 2 has 1 cells, the first has 2"),
        ("a.npy", b"\x93NUMPY", "a.npy is no array of numbers, or is cut off"),
        ("a.npz", b"PK\x03\x04", "a.npz is no archive of arrays, or is cut off"),
        ("a.txt", b"1", "codes are read from .npy, .npz, .csv, .parquet files"),
    ],
)
def test_damage_is_named(tmp_path: Path, name: str, content: bytes, expected: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=expected.replace(".", r"\.")):
        read(tmp_path / name, "codes")


def test_an_archive_of_other_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", x=TABLE, y=TABLE)
    with pytest.raises(ValueError, match="holds x, y; name one of them 'codes'"):
        read(tmp_path / "a.npz", "codes")
