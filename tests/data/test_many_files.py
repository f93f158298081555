"""Folders of many files: their order, and what is read of each when a folder is opened again."""

import json
import os
import random

import pytest
from PIL import Image

from unweave.data import load
from unweave.data.files import kept_facts, listing
from unweave.data.files.natural import natural


def in_parts(name):
    """The order as a list: text before numbers, a shorter name before a longer one."""
    parts = [part for part in natural_parts(name) if part]
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts]


def natural_parts(name):
    part = ""
    for letter in name:
        if part and (letter in "0123456789") != (part[-1] in "0123456789"):
            yield part
            part = ""
        part += letter
    yield part


def test_names_are_sorted_by_the_value_of_their_numbers():
    rng = random.Random(0)
    names = {
        "".join(rng.choices("aB9012/._ ²é\x01\udc80", k=rng.randint(1, 9))) for _ in range(3000)
    }
    shuffled = sorted(names)
    assert sorted(shuffled, key=natural) == sorted(shuffled, key=in_parts)


def pictures(folder, names):
    for shade, name in enumerate(names):
        Image.new("L", (8, 8), shade).save(folder / name)


@pytest.mark.parametrize("turned", [False, True])
def test_names_with_equal_numbers_come_in_one_order_whatever_the_disk_says(
    tmp_path, monkeypatch, turned
):
    names = ["01.png", "1.png", "001.png"]
    pictures(tmp_path, names)
    found = [str(tmp_path / name) for name in sorted(names, reverse=turned)]
    monkeypatch.setattr(listing, "walk", lambda place, left: found)
    data = load("folder", root=tmp_path, size=8)
    assert data.take([0, 1, 2])[:, 0, 0, 0].tolist() == [2, 0, 1]


def test_a_folder_that_is_opened_again_takes_one_look_at_each_file(tmp_path, monkeypatch):
    pictures(tmp_path, [f"{i}.png" for i in range(40)])
    first = load("folder", root=tmp_path, size=8)
    looks = []
    state = os.stat
    monkeypatch.setattr(
        os,
        "stat",
        lambda file, *given, **words: looks.append(str(file)) or state(file, *given, **words),
    )
    monkeypatch.setattr(kept_facts, "facts", None)  # no file is opened for its facts
    known = kept_facts.KeptFacts(tmp_path)
    shown = [known.shown(file) for file in sorted(map(str, tmp_path.glob("*.png")))]
    assert sum(name.endswith(".png") for name in looks) == len(shown) == len(first) == 40


def test_a_changed_file_is_opened_for_its_facts(tmp_path):
    pictures(tmp_path, ["0.png", "1.png"])
    load("folder", root=tmp_path, size=8)
    Image.new("RGB", (8, 8)).save(tmp_path / "1.png")
    with pytest.raises(ValueError, match="1 grey and 1 coloured"):
        load("folder", root=tmp_path, size=8)


@pytest.mark.parametrize(
    "facts",
    [
        [0, "grey", False, None],
        [1, "blue", False, None],
        [1, "grey", False],
        7,
        None,
        [[1]],
        [True, "grey", 1, None],
    ],
)
def test_kept_facts_of_another_form_are_read_anew(tmp_path, facts):
    pictures(tmp_path, ["0.png", "1.png"])
    load("folder", root=tmp_path, size=8)
    known = kept_facts.KeptFacts(tmp_path)
    rows = json.loads(known._path().read_bytes())
    assert [row[0] for row in rows] == [[1, "grey", False, None]]
    known._path().write_text(json.dumps([[facts, rows[0][1]]]))
    assert len(load("folder", root=tmp_path, size=8)) == 2
    assert kept_facts.KeptFacts(tmp_path).known
