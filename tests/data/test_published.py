from pathlib import Path

import pytest

from unweave.data.sources.published import find


def test_a_file_is_found_in_a_folder_or_below_it_and_the_nearer_one_first(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.npz").touch()
    assert find("x.npz", tmp_path) == tmp_path / "a" / "x.npz"
    (tmp_path / "x.npz").touch()
    assert (
        find("x.npz", tmp_path) == tmp_path / "x.npz"
    )  # not that of the folder whose name sorts first
    assert find("y.npz", tmp_path, "x.npz") == tmp_path / "x.npz"
    assert find("x.npz", tmp_path / "x.npz") == tmp_path / "x.npz"


def test_the_folder_of_the_files_is_searched_where_no_other_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("UNWEAVE_DATA", str(tmp_path))
    assert find("x.npz", None) is None
    with pytest.raises(FileNotFoundError, match=r"no file x\.npz in"):
        find("x.npz", tmp_path)
    (tmp_path / "x.npz").touch()
    assert find("x.npz", None) == tmp_path / "x.npz"
    monkeypatch.delenv("UNWEAVE_DATA")
    assert find("x.npz", None) is None


def test_a_search_does_not_walk_through_the_pictures_beside_the_file(tmp_path, monkeypatch):
    (tmp_path / "x.npz").touch()
    monkeypatch.setattr(Path, "rglob", lambda *_: pytest.fail("searched"))
    assert find("x.npz", tmp_path) == tmp_path / "x.npz"
