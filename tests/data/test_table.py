"""One reader of CSV for the tables of a folder and for those that are scored."""

import logging

import numpy as np
import pytest
from PIL import Image

from unweave.cli.arrays import read
from unweave.data import load
from unweave.data.images import FactorImages
from unweave.data.table import missing, read_table


@pytest.fixture
def scored(tmp_path):
    """Read a CSV as `evaluate --factors` does."""

    def of(text: str) -> np.ndarray:
        (tmp_path / "f.csv").write_bytes(text.encode())
        return read(tmp_path / "f.csv", "factors")

    return of


@pytest.fixture
def photos(tmp_path):
    """Read a folder of 8 pictures with this factors.csv."""
    for i in range(8):
        Image.fromarray(np.full((4, 4), i, np.uint8)).save(tmp_path / f"{i}.png")

    def of(text: str, table: str = "factors.csv"):
        (tmp_path / table).write_text(text)
        return load(tmp_path, size=4)

    return of


def rows(cells, head="file,weight"):
    return "\n".join([head, *(f"{i}.png,{cell}" for i, cell in enumerate(cells))])


@pytest.mark.parametrize(
    "word", ["nan", "NaN", "NA", "na", "N/A", "#N/A", "<NA>", "null", "NULL", "None", "-", "?", "", " "]
)
def test_what_says_that_nothing_is_known_is_missing_in_both(photos, scored, word):
    data = photos(rows([7, 8, 9, word, 10, 11, 12, 13]))
    assert not isinstance(data, FactorImages)
    np.testing.assert_array_equal(data.labels[:, 0], [0, 1, 2, np.nan, 3, 4, 5, 6])
    np.testing.assert_array_equal(scored(f"a,b\n1,{word}\n2,3\n"), [[1, np.nan], [2, 3]])
    named = photos(rows(["round", word, *["flat"] * 6], "file,kind"))
    np.testing.assert_array_equal(named.labels[:, 0], [1, np.nan, *[0] * 6])
    grouped = photos("file,group\n" + f"0.png,{word}\n1.png,{word}\n2.png,a\n3.png,a", "groups.csv").groups
    assert grouped[0] != grouped[1]
    assert grouped[2] == grouped[3]


def test_a_word_is_not_missing():
    assert not any(map(missing, ["none", "0", "no", "nano", "--", "unknown"]))


@pytest.mark.parametrize("head", [",shape,size", "Unnamed: 0,shape,size", '"",shape,size'])
def test_the_row_index_of_pandas_is_no_column(scored, photos, caplog, head):
    with caplog.at_level(logging.INFO, "unweave"):
        assert scored(f"{head}\n0,7,1\n1,8,2\n2,9,1\n").tolist() == [[7, 1], [8, 2], [9, 1]]
    assert "a row index, and left out" in caplog.text
    assert scored(f"{head}\n5,7,1\n2,8,2\n9,9,1\n").tolist() == [[7, 1], [8, 2], [9, 1]]  # of chosen rows
    data = photos("\n".join([head.replace("shape", "file"), *(f"{i},{i}.png,{i % 3}" for i in range(8))]))
    assert data.factor_names == ("size",)


def test_files_may_be_the_index_themselves(photos):
    assert photos(rows([1, 2, 1, 2, 1, 2, 1, 2], ",size")).factor_names == ("size",)


@pytest.mark.parametrize("first", ["0,7,1\n0,8,1", "0.5,7,1\n1.5,8,1", ",7,1\n1,8,2"])
def test_a_column_without_a_name_that_is_no_index_is_refused(scored, first):
    with pytest.raises(ValueError, match="first column has no name, and is no row index"):
        scored(f",shape,size\n{first}\n")


def test_a_header_of_numbers_is_a_header(scored):
    assert scored("0,1\n7,1\n8,2\n").tolist() == [[7, 1], [8, 2]]
    assert scored(",0,1\n0,7,1\n1,8,2\n").tolist() == [[7, 1], [8, 2]]
    assert scored("1,0\n7,1\n8,2\n").tolist() == [[1, 0], [7, 1], [8, 2]]
    assert scored("0\n7\n8\n").tolist() == [[0], [7], [8]]  # a column of numbers that begins with 0
    assert np.array_equal(scored("NA,1\n7,1\n"), [[np.nan, 1], [7, 1]], equal_nan=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shape;size\n1;2\n", "separated by semicolons; expected commas"),
        ("shape\tsize\n1\t2\n", "separated by tabs; expected commas"),
        ("shape;size\n1,5;2,5\n", "separated by semicolons"),
        ("1,5;2,5\n1,5;2,5\n", "separated by semicolons"),
        ("shape,shape\n1,2\n", "has two columns named 'shape'"),
        ("shape,,size\n1,2,3\n", "column 1 has no name"),
        ("shape,size\n1,2\n1\n", "line 3: 1 cells; the header has 2"),
        ('shape,size\n1,"2,5"\n', "line 2: column 'size' holds '2,5'; write numbers as"),
        ("shape,size\n1,2\n1,3\n1,broken\n", "line 4: column 'size' holds 'broken' among numbers"),
        ("1,2\n1,3\n1,broken\n", "line 3: column 1 holds 'broken' among numbers"),
        ("shape,size\n1,2\n1,inf\n", "line 3: column 'size' holds infinity"),
        ('shape,size\n1,"2\n', "not a table of comma-separated values"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_line_and_column(scored, photos, text, expected):
    with pytest.raises(ValueError, match=expected) as error:
        scored(text)
    assert "\n" not in str(error.value)


def test_a_folder_refuses_the_same(photos):
    for text, expected in (
        ("file;weight\n0.png;1\n", "separated by semicolons"),
        (rows([1, 2, 3, "heavy", 5, 6, 7, 8]), "line 5: column 'weight' holds 'heavy' among numbers"),
        (rows([1, 2, 3, "inf", 5, 6, 7, 8]), "line 5: column 'weight' holds infinity"),
        (rows([1] * 8).replace("file,weight\n", ""), "begins with '0.png', an image; its first line has to be names"),
        ("file,a,a\n0.png,1,2\n", "two columns named 'a'"),
    ):
        with pytest.raises(ValueError, match=expected):
            photos(text)


def test_what_spreadsheets_write_is_read(scored):
    assert scored("\ufeffshape,size\r\n1,2\r\n3,4\r\n\r\n,\r\n").tolist() == [[1, 2], [3, 4]]
    assert np.isnan(scored('a\n1\n""\n3\n')).ravel().tolist() == [False, True, False]
    assert scored('"size, in mm",b\n1,2\n').tolist() == [[1, 2]]


def test_whole_numbers_stay_apart_however_large(scored, photos, tmp_path):
    ids = [2**62 + 1, 2**62, 2**62 + 1, 2**62 + 2]
    assert scored("id,x\n" + "\n".join(f"{i},1" for i in ids)).tolist() == [[1, 1], [0, 1], [1, 1], [2, 1]]
    np.savez(tmp_path / "f.npz", np.array(ids, np.uint64))
    assert read(tmp_path / "f.npz", "factors").ravel().tolist() == [1, 0, 1, 2]
    data = photos(rows([2**24 + 1, 2**24, 2**24 + 2, 5, 2**24, 5, 5, 5]))
    assert data.labels[:, 0].tolist() == [2, 1, 3, 0, 1, 0, 0, 0]
    assert photos(rows(range(16777216, 16777224))).factors.values[0].tolist() == [str(16777216 + i) for i in range(8)]


def test_parquet_leaves_out_the_index_and_keeps_large_numbers_apart(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "f.parquet"
    values = "(0, 4611686018427387905, 2), (1, 4611686018427387904, null), (2, null, 4)"
    duckdb.sql(f'select * from (values {values}) as t("__index_level_0__", id, x)').write_parquet(str(path))
    np.testing.assert_array_equal(read(path, "factors"), [[1, 2], [0, np.nan], [np.nan, 4]])


def test_the_lines_of_rows_are_those_of_the_file(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n\n1,"two\nlines"\n3,4\n')
    sheet = read_table(tmp_path / "a.csv")
    assert (sheet.names, sheet.lines) == (("a", "b"), [4, 5])
