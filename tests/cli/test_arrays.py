"""Reading tables: every format gives the same array, and damage is named."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from unweave.cli.arrays import opened, read
from unweave.cli.evaluate import run
from unweave.evaluation.evaluate import evaluate

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
    (tmp_path / "a.csv").rename(tmp_path / "A.CSV")
    assert read(tmp_path / "A.CSV", "factors").tolist() == [[7], [8], [9]]


def test_the_column_that_holds_text_is_named_when_it_is_scored(tmp_path):
    (tmp_path / "a.csv").write_text("shape,big\n" + "6,True\n,False\n" * 20)
    with pytest.raises(ValueError, match=r"factors hold text in column 1 \(such as 'True'\)"):
        evaluate(
            (np.random.default_rng(0).normal(size=(40, 2)), read(tmp_path / "a.csv", "factors")),
            "mig",
        )


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


def indexed(place: Path, name: str, index, columns, head="") -> Path:
    lines = [",".join(map(str, [i, *row])) for i, row in zip(index, columns, strict=True)]
    (place / name).write_text("\n".join([",".join([head, *"abc"[: len(columns[0])]]), *lines]))
    return place / name


@pytest.mark.parametrize("head", ["", "Unnamed: 0"])
def test_rows_go_together_by_their_row_indices(tmp_path, head):
    rng = np.random.default_rng(0)
    v, order = rng.integers(4, size=(60, 2)), rng.permutation(60)
    codes = indexed(tmp_path, "codes.csv", range(60), v + 0.25, head)
    factors = indexed(tmp_path, "factors.csv", order, v[order], head)
    found = opened(factors, "factors").along(opened(codes, "codes"))
    assert found.tolist() == v.tolist()
    out = tmp_path / "out.json"
    words = [
        "--codes",
        str(codes),
        "--factors",
        str(factors),
        "--metrics",
        "mcc",
        "--json",
        str(out),
    ]
    assert run(words) == 0
    assert json.loads(out.read_text())["mcc"]["value"] == pytest.approx(1)


@pytest.mark.parametrize("index", [range(1, 61), [*range(59), 70]])
def test_other_rows_by_their_row_indices_are_refused(tmp_path, index):
    v = np.random.default_rng(0).integers(4, size=(60, 2))
    codes, factors = (
        indexed(tmp_path, "codes.csv", range(60), v),
        indexed(tmp_path, "factors.csv", index, v),
    )
    with pytest.raises(
        ValueError, match=r"the row indices of .*factors.csv and .*codes.csv differ: one of them"
    ) as error:
        run(["--codes", str(codes), "--factors", str(factors), "--metrics", "mcc"])
    assert "\n" not in str(error.value)


def test_rows_without_an_index_go_together_as_they_are(tmp_path):
    v = np.random.default_rng(0).integers(4, size=(60, 2))
    np.save(tmp_path / "codes.npy", v)
    factors = opened(indexed(tmp_path, "factors.csv", range(5, 65), v), "factors")
    assert factors.along(opened(tmp_path / "codes.npy", "codes")).tolist() == v.tolist()
    assert factors.index == tuple(range(5, 65))


def test_the_row_index_of_a_parquet_file_counts_too(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    for name, head, values in (
        ("codes", '"Unnamed: 0.1", "Unnamed: 0", x', "(3, 1, 7), (4, 0, 8)"),
        ("factors", '"__index_level_0__", x', "(0, 5), (1, 6)"),
    ):
        table = f"select * from (values {values}) as t({head})"
        duckdb.sql(table).write_parquet(str(tmp_path / f"{name}.parquet"))
    codes, factors = (opened(tmp_path / f"{name}.parquet", name) for name in ("codes", "factors"))
    assert (codes.names, codes.index, codes.array.tolist()) == (("x",), (1, 0), [[7], [8]])
    assert factors.along(codes).tolist() == [[6], [5]]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--factor-kinds", "a=continuous,a=ordered"), "the kind of factor 'a' is given twice"),
        (
            ("--factor-kinds", "a=continuous,0=ordered"),
            "given twice, by its name and by its number",
        ),
        (
            ("--factor-kinds", "a=ordered", "--factor-kinds", "b=ordered"),
            "--factor-kinds is given twice",
        ),
        (
            ("--factor-kinds", "a=ordered", "--factor-kinds=b=ordered"),
            "--factor-kinds is given twice",
        ),
        (("--factor-kinds", ""), "'' is no kind of factor"),
        (("--factor-kinds", "a="), "'a=' is no FACTOR=KIND"),
        (("--factor-kinds", "=ordered"), "'=ordered' is no FACTOR=KIND"),
        (("--seed", "1", "--seed", "2"), "--seed is given twice"),
    ],
)
def test_kinds_that_say_nothing_or_two_things_are_refused(tmp_path, asked, says):
    v = np.random.default_rng(0).integers(4, size=(60, 2))
    files = [
        "--codes",
        indexed(tmp_path, "codes.csv", range(60), v),
        "--factors",
        indexed(tmp_path, "f.csv", range(60), v),
    ]
    with pytest.raises(ValueError, match=says):
        run([*map(str, files), "--metrics", "mcc", *asked])


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("a:contnuous,b", "did you mean 'continuous'?"),
        ("a:ordered,a:continuous", "two columns are the factor 'a'"),
    ],
)
def test_names_of_columns_are_understood_as_those_of_a_folder(tmp_path, head, says):
    np.save(tmp_path / "codes.npy", np.random.default_rng(0).random((60, 2)))
    (tmp_path / "f.csv").write_text(head + "\n" + "1,2\n2,1\n2,2\n" * 20)
    with pytest.raises(ValueError, match=says):
        run(
            [
                "--codes",
                str(tmp_path / "codes.npy"),
                "--factors",
                str(tmp_path / "f.csv"),
                "--metrics",
                "mcc",
            ]
        )
