"""The cache has a place with a home, without one, and where it cannot be written; which one, is said."""

import os
from pathlib import Path

import pytest

from unweave.files.places import cache


@pytest.fixture
def free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files, and no folder for a cache."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME")
    return folder


def test_the_given_folder_comes_first_then_the_home(free, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache() == tmp_path / "home" / ".cache" / "unweave"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert cache() == tmp_path / "own" / "unweave"
    assert cache().is_dir()
    assert not caplog.text
    assert not list(free.iterdir())


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("why", ["a file", "relative", "none"])
def test_without_a_home_that_can_be_written_it_is_among_the_temporary_files_and_that_is_said(
    free, tmp_path, monkeypatch, caplog, why
):
    (tmp_path / "full").touch()
    monkeypatch.setenv(
        "HOME", {"a file": str(tmp_path / "full"), "relative": "home", "none": ""}[why]
    )
    if why == "none":  # as for a number that is no user of the machine
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(Path, "home", no_home)
    found = cache()
    assert found == free / f"unweave-{os.getuid()}"
    assert found.stat().st_mode & 0o777 == 0o700
    assert cache() == found
    assert [record.getMessage().endswith(f"goes to {found}") for record in caplog.records] == [True]


def test_a_relative_place_is_passed_over_as_its_standard_says(free, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache() == tmp_path / "home" / ".cache" / "unweave"


def test_a_home_that_is_read_only_is_none(free, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).parent.name != ".cache" and real(path, mode)
    )
    assert cache() == free / f"unweave-{os.getuid()}"


def test_a_folder_that_others_can_fill_is_not_used(free, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(free / "none" / "at all"))
    (free / "none").touch()
    folder = free / f"unweave-{os.getuid()}"
    folder.mkdir(mode=0o755)
    with pytest.raises(OSError, match="is not yours alone"):
        cache()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(OSError, match="is not yours alone"):
        cache()


def test_a_cache_that_was_removed_is_made_again(free, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    cache().rmdir()
    assert cache().is_dir()
