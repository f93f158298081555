from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unweave.data.datasets.celeba import celeba
from unweave.data.sources.files import SOURCES


def write(folder, n: int = 4):
    """list_attr_celeba.txt as published: the count, the names, then `FILE  1 -1 ...`; photographs of 178x218."""
    (folder / "img_align_celeba").mkdir()
    lines = [str(n), "5_o_Clock_Shadow Bald Smiling "]
    for i in range(n):
        name = f"{i + 1:06}.jpg"
        photograph = np.full((218, 178, 3), 40 * i, np.uint8)
        photograph[:35] = 255  # above the middle square of 148
        Image.fromarray(photograph).save(folder / "img_align_celeba" / name, quality=95)
        lines.append(f"{name} {' '.join(f'{2 * (i >> k & 1) - 1:2}' for k in range(3))}")
    (folder / "list_attr_celeba.txt").write_text("\n".join([*lines, ""]))


def test_faces_and_their_attributes(tmp_path):
    write(tmp_path)
    data = celeba(tmp_path, size=16)
    assert data.info.shape == (3, 16, 16)
    assert data.factor_names == ("5_o_Clock_Shadow", "Bald", "Smiling")
    assert data.labels.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert np.abs(data.array.astype(int) - 40 * np.arange(4)[:, None, None, None]).max() <= 2
    assert (
        celeba(tmp_path, size=16, crop=178).array[0].max() > 200
    )  # the wider square sees what is above
    assert data.groups is None


def test_people_and_parts(tmp_path):
    write(tmp_path)
    (tmp_path / "identity_CelebA.txt").write_text(
        "000001.jpg 7\n000002.jpg 9\n000003.jpg 7\n000004.jpg 2\n"
    )
    assert celeba(tmp_path, size=8).groups.tolist() == [7, 9, 7, 2]
    with pytest.raises(FileNotFoundError, match=r"needs the file list_eval_partition\.txt"):
        celeba(tmp_path, size=8, part="test")
    (tmp_path / "list_eval_partition.txt").write_text(
        "000001.jpg 0\n000002.jpg 2\n000003.jpg 1\n000004.jpg 0\n"
    )
    assert celeba(tmp_path, size=8, part="train").base_rows.tolist() == [0, 3]
    assert celeba(tmp_path, size=8, part="test").base_rows.tolist() == [1]
    other = "000004.jpg 4\n000002.jpg 9\n000003.jpg 7\n000001.jpg 1\n000005.jpg 3\n"  # another order, and one more
    (tmp_path / "identity_CelebA.txt").write_text(other)
    assert celeba(tmp_path, size=8).groups.tolist() == [1, 9, 7, 4]
    (tmp_path / "identity_CelebA.txt").write_text(
        "000001.jpg 7\n000002.jpg 9\n000003.jpg 7\n000004.jpg\n"
    )
    with pytest.raises(
        ValueError, match=r"identity_CelebA\.txt is damaged: its last line has no number"
    ):
        celeba(tmp_path, size=8)
    (tmp_path / "identity_CelebA.txt").write_text("000001.jpg x\n")
    with pytest.raises(ValueError, match=r"identity_CelebA\.txt is damaged"):
        celeba(tmp_path, size=8)


@pytest.mark.parametrize(
    "change", [("4\n", "5\n"), (" 1", " 2"), (" 1", ""), ("Bald ", ""), ("4\n", "")]
)
def test_a_damaged_table_is_named(tmp_path, change):
    write(tmp_path)
    table = tmp_path / "list_attr_celeba.txt"
    table.write_text(table.read_text().replace(*change, 1))
    with pytest.raises(ValueError, match=r"list_attr_celeba\.txt is not CelebA's table"):
        celeba(tmp_path)


@pytest.mark.parametrize(("short", "long"), [(0, 1), (1, 0)])
def test_a_value_that_slipped_into_another_line_is_noticed(tmp_path, short, long):
    write(tmp_path)
    table = tmp_path / "list_attr_celeba.txt"
    count, header, *lines = table.read_text().splitlines()
    lines[short], lines[long] = lines[short][:-3], lines[long] + "  1"
    table.write_text("\n".join([count, header, *lines]))
    with pytest.raises(
        ValueError,
        match=r"list_attr_celeba\.txt is not CelebA's table.*lines of more than 3 values",
    ):
        celeba(tmp_path)


def test_a_missing_or_broken_photograph_and_a_name_that_escapes(tmp_path):
    write(tmp_path)
    image = tmp_path / "img_align_celeba/000002.jpg"
    image.write_bytes(image.read_bytes()[:700])
    with pytest.raises(ValueError, match=r"000002\.jpg is"):
        celeba(tmp_path)
    image.unlink()
    with pytest.raises(ValueError, match=r"1 images .* not below it, first 000002\.jpg"):
        celeba(tmp_path)
    table = tmp_path / "list_attr_celeba.txt"
    table.write_text(table.read_text().replace("000002.jpg", "../000001.jpg"))
    with pytest.raises(ValueError, match="names folders, or a file twice"):
        celeba(tmp_path)


def test_a_table_of_the_published_size_has_to_be_the_published_one(tmp_path, monkeypatch):
    write(tmp_path)
    size = (tmp_path / "list_attr_celeba.txt").stat().st_size
    monkeypatch.setitem(SOURCES, "celeba", replace(SOURCES["celeba"], size=size))
    with pytest.raises(
        ValueError, match=r"list_attr_celeba\.txt is damaged: its sha256 is not the published one"
    ):
        celeba(tmp_path, size=8)


def test_mutated_tables_are_refused_or_read(tmp_path, withstand):
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder)
    (folder / "identity_CelebA.txt").write_text(
        "000001.jpg 7\n000002.jpg 9\n000003.jpg 7\n000004.jpg 2\n"
    )
    (folder / "list_eval_partition.txt").write_text(
        "000001.jpg 0\n000002.jpg 2\n000003.jpg 1\n000004.jpg 0\n"
    )
    tables = sorted(folder.glob("*.txt"))

    def read():
        data = celeba(folder, size=1)
        assert data.labels.shape == (4, len(data.factor_names))
        assert set(data.labels.ravel()) <= {0, 1}
        assert len(celeba(folder, size=1, part="train").base_rows) in range(1, 5)

    tally = withstand("celeba, tables", tables, read, usual=80)
    assert tally.refused > tally.turns / 3


def test_mutated_photographs_are_refused_or_read(tmp_path, withstand):
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, 2)

    def read():
        assert celeba(folder, size=16).array.shape == (2, 3, 16, 16)

    tally = withstand("celeba, .jpg", sorted(folder.rglob("*.jpg")), read, usual=60)
    assert tally.refused > tally.turns / 6
