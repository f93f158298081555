"""Copies follow what they were made of, and what a killed process leaves of one is removed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unweave.data import load
from unweave.data.files import decoded
from unweave.data.files.mapped import mapped
from unweave.data.files.part import writing

SHAPE = (3, 1, 2, 2)
KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from unweave.data.files.mapped import mapped

def chunks():
    yield np.ones((1, 1, 2, 2), np.uint8)
    print("half-way", flush=True)
    time.sleep(60)

mapped(Path(sys.argv[1]), (3, 1, 2, 2), chunks, variant=".16")
"""


def one(value: int):
    return lambda: iter((np.full(SHAPE, value, np.uint8),))


def refused():
    raise AssertionError("it is unpacked a second time")


def source_in(folder: Path) -> Path:
    source = folder / "set.bin"
    source.write_bytes(b"as published")
    return source


def in_its_place(path: Path, content: bytes) -> None:
    new = path.with_name("new")
    new.write_bytes(content)
    os.replace(new, path)


def overwritten(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.write(content)


@pytest.mark.parametrize("change", [in_its_place, overwritten])
def test_a_source_of_the_same_size_and_time_is_unpacked_again(tmp_path, change):
    source = source_in(tmp_path)
    assert mapped(source, SHAPE, one(1))[0].max() == 1
    assert mapped(source, SHAPE, refused)[0].max() == 1
    then = source.stat()
    change(source, b"another one!")
    os.utime(source, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert (source.stat().st_size, source.stat().st_mtime_ns) == (then.st_size, then.st_mtime_ns)
    assert mapped(source, SHAPE, one(2))[0].max() == 2


@pytest.mark.parametrize("change", [in_its_place, overwritten])
def test_one_file_of_many_that_changes_is_enough(tmp_path, change):
    source = source_in(tmp_path)
    files = [tmp_path / f"{k}.bin" for k in range(100)]
    for file in files:
        file.write_bytes(b"12")
    mapped(source, SHAPE, one(1), made_of=files)
    mapped(source, SHAPE, refused, made_of=files)
    then = files[41].stat()
    change(files[41], b"34")
    os.utime(files[41], ns=(then.st_atime_ns, then.st_mtime_ns))
    assert mapped(source, SHAPE, one(2), made_of=files)[0].max() == 2
    assert mapped(source, SHAPE, one(3), made_of=files[::-1])[0].max() == 3


def photographs(folder: Path, count: int = 12) -> Path:
    folder.mkdir()
    for k in range(count):
        Image.fromarray(np.full((8, 8), 20 * k, np.uint8)).save(folder / f"{k:02}.bmp")
    return folder


def test_a_picture_replaced_within_its_time_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(decoded, "MANY", 10)
    folder = photographs(tmp_path / "photos")
    assert load(folder, size=8).take([3]).max() == 60
    (copy,) = tmp_path.glob("photos.*.images.npy")
    first = copy.stat().st_ino
    then = (folder / "03.bmp").stat()
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(folder / "new.bmp")
    os.replace(folder / "new.bmp", folder / "03.bmp")
    os.utime(folder / "03.bmp", ns=(then.st_atime_ns, then.st_mtime_ns))
    assert load(folder, size=8).take([3]).max() == 77
    (copy,) = tmp_path.glob("photos.*.images.npy")
    assert copy.stat().st_ino != first, (
        "the copy of before is replaced, not kept beside the new one"
    )


def test_a_folder_of_many_small_pictures_is_copied_and_one_of_few_is_not(
    tmp_path, monkeypatch, caplog
):
    folder = photographs(tmp_path / "photos")
    load(folder, size=8)
    assert sorted(tmp_path.iterdir()) == [folder]
    monkeypatch.setattr(decoded, "MANY", 10)
    load(folder, size=8)
    (copy,) = tmp_path.glob("photos.*.images.npy")
    assert f"unpacking {folder}, once, to {copy}" in caplog.text


def test_the_folder_that_one_stands_in_is_copied_beside_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(decoded, "MANY", 10)
    monkeypatch.chdir(photographs(tmp_path / "photos"))
    load(".", size=8)
    assert len(list(tmp_path.glob("photos.*.images.npy"))) == 1


def test_copies_can_be_turned_off(tmp_path, own_cache, monkeypatch):
    source = source_in(tmp_path)
    monkeypatch.setenv("UNWEAVE_COPIES", "off")
    images, about = mapped(source, SHAPE, one(5))
    assert images.max() == 5
    assert about == f"{source}, in memory"
    assert sorted(tmp_path.iterdir()) == [source]
    assert not list(own_cache.iterdir())
    monkeypatch.setenv("UNWEAVE_COPIES", "no")
    with pytest.raises(ValueError, match=r"\$UNWEAVE_COPIES is 'no'; expected on or off"):
        mapped(source, SHAPE, one(5))


def test_a_copy_that_has_no_room_is_not_begun(tmp_path, monkeypatch, caplog):
    source = source_in(tmp_path)
    free = type("Usage", (), {"free": 11})
    monkeypatch.setattr("unweave.data.files.mapped.shutil.disk_usage", lambda folder: free)
    assert mapped(source, SHAPE, one(5))[1] == f"{source}, in memory"
    assert "it takes 12 bytes, and 11 are free" in caplog.text
    assert "unpacking" not in caplog.text
    assert sorted(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("variant", [".16", ".32"])
def test_what_a_killed_process_leaves_goes_at_the_next_opening(tmp_path, variant):
    source = source_in(tmp_path)
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert killed.stdout.readline() == b"half-way\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert (tmp_path / "set.bin.16.images.npy.part").exists()
    mapped(source, SHAPE, one(5), variant=variant)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["set.bin", f"set.bin{variant}.images.npy"]


def test_the_part_of_a_process_that_lives_stays(tmp_path):
    source = source_in(tmp_path)
    with writing(tmp_path / "set.bin.16.images.npy") as part:
        part.write_bytes(b"half")
        mapped(source, SHAPE, one(5), variant=".32")
        assert part.read_bytes() == b"half"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["set.bin", "set.bin.32.images.npy"]


def test_a_copy_of_an_older_file_is_no_copy_of_a_newer_one_of_the_same_state(tmp_path):
    """A source that changes while it is read: the copy bears the state of before, and is made again."""
    source = source_in(tmp_path)

    def meanwhile():
        time.sleep(0.02)
        in_its_place(source, b"another one!")
        yield from one(1)()

    mapped(source, SHAPE, meanwhile)
    assert mapped(source, SHAPE, one(2))[0].max() == 2
