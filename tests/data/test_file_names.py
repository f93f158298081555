"""One matcher for the names of files in factors.csv, groups.csv and pairs.csv, however they are spelt."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from unweave.data import load

FILES = ("a/1.png", "a/caf\u00e9 2.png", "b/z\u0308.png", "b/n\u0303 o.png")


@pytest.fixture
def place(tmp_path):
    for i, name in enumerate(FILES):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), i, np.uint8)).save(tmp_path / name)
    return tmp_path


def value(name):
    """The number that stands in the picture of this name."""
    return next(i for i, other in enumerate(FILES) if unicodedata.normalize("NFC", other) == name)


SPELLINGS = {
    "NFC": lambda name: unicodedata.normalize("NFC", name),
    "NFD": lambda name: unicodedata.normalize("NFD", name),
    "dot": lambda name: f"./{name}",
    "backslashes": lambda name: name.replace("/", "\\"),
    "a dot and backslashes": lambda name: ".\\" + name.replace("/", "\\"),
    "blanks": lambda name: f"\u00a0 {name} ",
    "quoted blanks": lambda name: f'" {name} "',
    "two slashes": lambda name: name.replace("/", "//"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_table_takes_every_spelling(place, spelling):
    spelt = [SPELLINGS[spelling](name) for name in FILES]
    lines = [f"{name},{10 * i}" for i, name in enumerate(spelt)]
    (place / "factors.csv").write_text("\n".join(["file,x,y", *(f"{line},1.5" for line in lines)]))
    (place / "groups.csv").write_text(
        "\n".join(["file,group", *(f"{name},{i % 2}" for i, name in enumerate(spelt))])
    )
    (place / "pairs.csv").write_text(
        f"first,second\n{spelt[0]},{spelt[2]}\n{spelt[3]},{spelt[1]}\n"
    )
    data = load(place, size=4)
    shown = data.take(np.arange(4))[:, 0, 0, 0]  # (4,): which of FILES each row is
    if data.grid is None:
        assert data.labels[:, 0].tolist() == shown.tolist()
        assert (data.groups[shown == 0] == data.groups[shown == 2]).all()
        assert len(set(data.groups.tolist())) == 2
        assert shown[data.pairs].tolist() == [[0, 2], [3, 1]]
    else:
        assert data.grid.values[0].tolist() == [0, 10, 20, 30]
        assert shown.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_groups_and_pairs_take_every_spelling_without_factors(place, spelling):
    spelt = [SPELLINGS[spelling](name) for name in FILES]
    (place / "groups.csv").write_text(
        "\n".join(["file,group", *(f"{name},{i % 2}" for i, name in enumerate(spelt))])
    )
    (place / "pairs.csv").write_text(
        f"first,second\n{spelt[0]},{spelt[2]}\n{spelt[3]},{spelt[1]}\n"
    )
    data = load(place, size=4)
    shown = data.take(np.arange(4))[:, 0, 0, 0]
    order = np.argsort(shown)
    first, second, third, fourth = data.groups[order].tolist()
    assert (first, second) == (third, fourth)
    assert first != second
    assert shown[data.pairs].tolist() == [[0, 2], [3, 1]]


def test_two_spellings_of_one_file_are_the_file_twice(place):
    (place / "factors.csv").write_text("file,x\na/1.png,1\n./a\\1.png,2\n")
    with pytest.raises(ValueError, match=r"line 3: './a\\\\1.png' comes twice"):
        load(place, size=4)


def test_a_first_line_that_names_an_image_in_another_spelling_is_no_header(place):
    (place / "factors.csv").write_text("./a/1.png,1\nb/x.png,2\n")
    with pytest.raises(ValueError, match=r"begins with './a/1.png', an image"):
        load(place, size=4)


def test_files_that_differ_in_spelling_alone_are_told_apart_or_the_name_is_refused(tmp_path):
    both = ("\u00e9.png", "e\u0301.png", "a.png")
    for i, name in enumerate(both):
        Image.fromarray(np.full((4, 4), i, np.uint8)).save(tmp_path / name)
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("this file system keeps one spelling")
    (tmp_path / "groups.csv").write_text("file,group\n\u00e9.png,1\na.png,1\n")
    data = load(tmp_path, size=4)
    shown = data.take(np.arange(3))[:, 0, 0, 0].tolist()
    assert data.groups[shown.index(0)] == data.groups[shown.index(2)] != data.groups[shown.index(1)]
    (tmp_path / "groups.csv").write_text("file,group\n./\u00e9.png,1\n")
    with pytest.raises(ValueError, match=r"line 2: './\u00e9.png' may be .* or "):
        load(tmp_path, size=4)


def test_a_name_of_no_file_is_refused(place):
    (place / "pairs.csv").write_text("a,b\na/1.png,a/2.png\n")
    with pytest.raises(ValueError, match=r"pairs.csv, line 2: there is no image 'a/2.png'"):
        load(place, size=4)
