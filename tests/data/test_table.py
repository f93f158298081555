"""One reader of CSV for the tables of a folder and for those that are scored."""

import logging

import numpy as np
import pytest
from PIL import Image

from unweave.cli.arrays import read
from unweave.data import load
from unweave.data.images import FactorImages
from unweave.data.tables.cells import missing
from unweave.data.tables.table import read_table


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
    "word",
    ["nan", "NaN", "NA", "na", "N/A", "#N/A", "<NA>", "null", "NULL", "None", "-", "?", "", " "],
)
def test_what_says_that_nothing_is_known_is_missing_in_both(photos, scored, word):
    data = photos(rows([7, 8, 9, word, 10, 11, 12, 13]))
    assert not isinstance(data, FactorImages)
    np.testing.assert_array_equal(data.labels[:, 0], [0, 1, 2, np.nan, 3, 4, 5, 6])
    np.testing.assert_array_equal(scored(f"a,b\n1,{word}\n2,3\n"), [[1, np.nan], [2, 3]])
    named = photos(rows(["round", word, *["flat"] * 6], "file,kind"))
    np.testing.assert_array_equal(named.labels[:, 0], [1, np.nan, *[0] * 6])
    grouped = photos(
        "file,group\n" + f"0.png,{word}\n1.png,{word}\n2.png,a\n3.png,a", "groups.csv"
    ).groups
    assert grouped[0] != grouped[1]
    assert grouped[2] == grouped[3]


def test_a_word_is_not_missing():
    assert not any(map(missing, ["none", "0", "no", "nano", "--", "unknown"]))


@pytest.mark.parametrize("head", [",shape,size", "Unnamed: 0,shape,size", '"",shape,size'])
def test_the_row_index_of_pandas_is_no_column(scored, photos, caplog, head):
    with caplog.at_level(logging.INFO, "unweave"):
        assert scored(f"{head}\n0,7,1\n1,8,2\n2,9,1\n").tolist() == [[7, 1], [8, 2], [9, 1]]
    assert "a row index, and left out" in caplog.text
    assert scored(f"{head}\n5,7,1\n2,8,2\n9,9,1\n").tolist() == [
        [7, 1],
        [8, 2],
        [9, 1],
    ]  # of chosen rows
    data = photos(
        "\n".join([head.replace("shape", "file"), *(f"{i},{i}.png,{i % 3}" for i in range(8))])
    )
    assert data.factor_names == ("size",)


@pytest.mark.parametrize(
    "head",
    [
        ",Unnamed: 0,",
        "Unnamed: 0.1,Unnamed: 0,",
        "Unnamed: 0,Unnamed: 0.1,",
        ",,",
        "Unnamed: 0,x,Unnamed: 3,",
    ],
)
def test_every_row_index_of_a_table_that_was_saved_twice_is_no_column(
    scored, photos, tmp_path, head
):
    x = "x," if "x" in head else ""
    lines = [f"{i},{'7,' if x else ''}{9 - i},{i % 2},{i % 3}" for i in range(8)]
    assert scored("\n".join([f"{head}a,b", *lines])).shape == (8, 3 if x else 2)
    assert read_table(tmp_path / "f.csv").index == tuple(9 - i for i in range(8))
    if not x:
        pictured = [f"{i},{9 - i},{i}.png,{i % 3}" for i in range(8)]
        assert photos("\n".join([f"{head}file,size", *pictured])).factor_names == ("size",)


def test_a_second_column_of_such_a_name_that_is_no_index_is_refused(scored):
    with pytest.raises(
        ValueError,
        match=r"f\.csv: its column 'Unnamed: 0' is no row index; name it or leave it out",
    ):
        scored(",Unnamed: 0,a\n0,3,7\n1,3,8\n")
    with pytest.raises(ValueError, match="holds nothing but a row index"):
        scored("Unnamed: 0\n0\n1\n")


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


RUN = "".join(f"{i % 5},{i % 3 + 1}\n" for i in range(30))
CODES = "".join(f"{0.37 * i + 0.01:.3f},{1 - 0.11 * i:.3f},{0.23 * i:.3f}\n" for i in range(30))


HALVES = "".join(f"{i / 2},{i / 3:.2f}\n" for i in range(30))


@pytest.mark.parametrize(
    "text",
    ["1,2\n" + RUN, "2019,2020\n" + RUN, "0.0,1.0\n" + RUN, "10,20\n" + RUN, "1,2\n" + HALVES],
)
def test_a_first_line_that_may_be_names_or_numbers_is_refused(scored, text):
    expected = "its first line, [0-9.,]+, may be names of columns or the first row; give"
    with pytest.raises(ValueError, match=expected) as error:
        scored(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("first", ["0,1,2", "1,2,3", "0.0,1.0,2.0", "2019,2020,2021", "a,b,c"])
def test_numbers_that_count_above_fractions_are_names(scored, first):
    assert scored(f"{first}\n{CODES}").shape == (30, 3)
    indexed = "\n".join(f"{i},{line}" for i, line in enumerate(CODES.splitlines()))
    assert scored(f",{first}\n{indexed}").shape == (30, 3)


@pytest.mark.parametrize("first", ["3,2", "2,3", "0.50,1.50", "1e0,2e0", "2,2"])
def test_a_first_row_of_numbers_is_a_row(scored, first):
    assert scored(f"{first}\n{RUN}").shape == (31, 2)


def test_a_first_row_of_ids_is_a_row(scored):
    assert scored("01,1_11\n02,11_1\n").tolist() == [["01", "1_11"], ["02", "11_1"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shape;size\n1;2\n", "separated by semicolons; expected commas"),
        ("shape\tsize\n1\t2\n", "separated by tabs; expected commas"),
        ("shape;size\n1,5;2,5\n", "separated by semicolons"),
        ("1,5;2,5\n1,5;2,5\n", "separated by semicolons"),
        ("shape|size\n1|2\n", "separated by bars; expected commas"),
        ("1 2\n3 4\n", "separated by blanks; expected commas"),
        ("# shape size\n1.0 2.0\n", "separated by blanks"),
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
        (
            rows([1, 2, 3, "heavy", 5, 6, 7, 8]),
            "line 5: column 'weight' holds 'heavy' among numbers",
        ),
        (rows([1, 2, 3, "inf", 5, 6, 7, 8]), "line 5: column 'weight' holds infinity"),
        (
            rows([1] * 8).replace("file,weight\n", ""),
            "begins with '0.png', an image; its first line has to be names",
        ),
        ("file,a,a\n0.png,1,2\n", "two columns named 'a'"),
    ):
        with pytest.raises(ValueError, match=expected):
            photos(text)


def test_what_spreadsheets_write_is_read(scored):
    assert scored("\ufeffshape,size\r\n1,2\r\n3,4\r\n\r\n\r\n").tolist() == [[1, 2], [3, 4]]
    assert np.isnan(scored('a\n1\n""\n3\n')).ravel().tolist() == [False, True, False]
    assert scored('"size, in mm",b\n1,2\n').tolist() == [[1, 2]]


def test_whole_numbers_stay_apart_however_large(scored, photos, tmp_path):
    ids = [2**62 + 1, 2**62, 2**62 + 1, 2**62 + 2]
    assert scored("id,x\n" + "\n".join(f"{i},1" for i in ids)).tolist() == [
        [1, 1],
        [0, 1],
        [1, 1],
        [2, 1],
    ]
    np.savez(tmp_path / "f.npz", np.array(ids, np.uint64))
    assert read(tmp_path / "f.npz", "factors").ravel().tolist() == [1, 0, 1, 2]
    data = photos(rows([2**24 + 1, 2**24, 2**24 + 2, 5, 2**24, 5, 5, 5]))
    assert data.labels[:, 0].tolist() == [2, 1, 3, 0, 1, 0, 0, 0]
    assert photos(rows(range(16777216, 16777224))).factors.values[0].tolist() == [
        16777216 + i for i in range(8)
    ]


def test_parquet_leaves_out_the_index_and_keeps_large_numbers_apart(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "f.parquet"
    values = "(0, 4611686018427387905, 2), (1, 4611686018427387904, null), (2, null, 4)"
    duckdb.sql(f'select * from (values {values}) as t("__index_level_0__", id, x)').write_parquet(
        str(path)
    )
    np.testing.assert_array_equal(read(path, "factors"), [[1, 2], [0, np.nan], [np.nan, 4]])


def test_the_lines_of_rows_are_those_of_the_file(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n\n1,"two\nlines"\n3,4\n')
    sheet = read_table(tmp_path / "a.csv")
    assert (sheet.names, sheet.lines) == (("a", "b"), [4, 5])


def test_a_row_of_which_nothing_is_known_is_a_row(scored, photos, caplog):
    assert np.isnan(scored("a,b\n1,2\n3,4\n,\n")).tolist() == [[False] * 2, [False] * 2, [True] * 2]
    assert "nothing is known in its last row, which counts as one" in caplog.text
    assert np.isnan(scored("a\n1\n\n3\n")).ravel().tolist() == [False, True, False]
    assert scored("\na\n1\n3\n\n\n").ravel().tolist() == [1, 3]
    assert "ends in blank lines, which are no rows; write NA" in caplog.text
    assert (
        len(photos(rows([1, 2, 3, 4, 5, 6, 7, 8]) + "\n,\n\n,\n")) == 8
    )  # where the first column names what a row is of


@pytest.mark.parametrize("ids", [("1_11", "11_1"), ("01", "11"), ("007", "07"), ("١", "٢")])
def test_ids_that_look_like_numbers_stay_apart(scored, photos, ids):
    one, other = ids
    assert scored(f"id,x\n{one},1\n{other},2\n").tolist() == [[one, "1"], [other, "2"]]
    data = photos(rows([one, other] * 4, "file,id"))
    assert (data.factor_kinds, data.factor_sizes) == (("categorical",), (2,))
    assert len(set(data.labels[:, 0])) == 2


def test_ids_of_one_length_with_zeros_in_front_are_names_and_it_is_said(photos, caplog):
    data = photos(rows(["09", "10", "11", "12"] * 2, "file,id"))
    assert data.factor_kinds == ("categorical",)
    assert "column 'id' holds '09', with a zero in front, and is taken as names" in caplog.text


def test_one_zero_in_front_among_numbers_is_refused(photos):
    expected = "holds '01' among numbers; write it without zeros in front; if these are names, .* 'id:categorical'"
    with pytest.raises(ValueError, match=expected):
        photos(rows(["01", "1", *range(2, 8)], "file,id"))
    data = photos(rows(["01", "1", *range(2, 8)], "file,id:categorical"))
    assert (
        len(
            set(data.labels[:, 0] if not isinstance(data, FactorImages) else data.factors.values[0])
        )
        == 8
    )


def test_two_spellings_of_one_number_are_said_or_kept_apart(photos, caplog):
    versions = ["1.1", "1.10", "1.2", "1.3"] * 2
    assert photos(rows(versions, "file,v")).factor_sizes == (3,)
    assert (
        "'1.1' and '1.10' are one number; if these are names, call the column 'v:categorical'"
        in caplog.text
    )
    assert photos(rows(versions, "file,v:categorical")).factor_sizes == (4,)


@pytest.mark.parametrize(
    "cells",
    [
        ["5 cm", "10 cm"],
        ["5cm", "10cm"],
        ["30%", "5 %"],
        ["5 230", "12 100"],
        ["1,234,567", "2,000,000"],
        ["1.234,5", "2.000,5"],
        ["1'234", "2'000"],
        ["$5", "$7.5"],
        ["5 km/h", "7 km/h"],
        ["1.234.567", "2.000.000"],
        ["5 cm", "unknown"],
    ],
)
def test_numbers_that_are_written_for_people_are_refused_unless_they_are_names(photos, cells):
    quoted = [f'"{cell}"' for cell in (cells * 4)[:7] + cells[:1]]
    with pytest.raises(
        ValueError, match=r"line 2: column 'size' holds .*; write numbers as 1500 or 1.5; if"
    ) as error:
        photos(rows(quoted, "file,size"))
    assert "call the column 'size:categorical'" in str(error.value)
    assert "\n" not in str(error.value)
    assert photos(rows(quoted, "file,size:categorical")).factor_sizes == (2,)


@pytest.mark.parametrize(
    "cells", [["2d", "3d"], ["2nd", "3rd"], ["4wd", "2wd"], ["red", "5 cm", "blue"], ["12A", "12C"]]
)
def test_names_that_begin_with_digits_are_names(photos, cells):
    assert photos(rows((cells * 8)[:8], "file,kind")).factor_sizes == (len(cells),)


@pytest.mark.parametrize("cell", ["1" * 5000, "x" * 5000, "1" * 140_000, "x" * 140_000])
@pytest.mark.parametrize("table", ["factors.csv", "groups.csv", "pairs.csv"])
def test_a_cell_that_is_too_long_is_refused_by_file_and_line(photos, scored, tmp_path, cell, table):
    for read_it in (
        lambda: photos(f"a,b\n0.png,1\n1.png,{cell}\n", table),
        lambda: scored(f"a,b\n1,2\n1,{cell}\n"),
    ):
        with pytest.raises(ValueError, match=r"f\.csv|s\.csv") as error:
            read_it()
        said = str(error.value)
        assert "line 3: " in said
        assert "characters" in said or "field larger" in said
        assert len(said) < 300


@pytest.mark.parametrize("table", ["factors.csv", "groups.csv", "pairs.csv"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("\ufeff", "it is empty"),
        ("\n\n", "it is empty"),
        ("file,a\n", "holds the names of its columns, file, a, and no row below them"),
        ("file,a\n,\n", "no row below"),
    ],
)
def test_a_table_without_a_row_says_so(photos, table, text, says):
    with pytest.raises(ValueError, match=says) as error:
        photos(text, table)
    assert table in str(error.value)


def test_a_scored_table_without_a_row_says_so(scored):
    with pytest.raises(
        ValueError,
        match=r"f\.csv holds the names of its columns, shape, size, and no row below them",
    ):
        scored("shape,size\n")
    with pytest.raises(ValueError, match=r"f\.csv is empty; expected factors"):
        scored("")
