import subprocess
import sys

import numpy as np
import pytest

from unweave.data.files import mapped as mapping
from unweave.data.files.mapped import mapped

TWO = """
import sys, time
from pathlib import Path
import numpy as np
from unweave.data.files.mapped import mapped

source, signs, first = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "first"

def wait(word):
    end = time.monotonic() + 60
    while not (signs / word).exists():
        if time.monotonic() > end:
            raise SystemExit(f"the other process did not get {word}")
        time.sleep(0.001)

def chunks():
    assert first, "it is unpacked by the second process too"
    for k in range(8):
        if k == 4:
            (signs / "half-way").touch()
            wait("begun")
            time.sleep(0.2)
        yield np.full((100, 1, 16, 16), k + 1, np.uint8)

if not first:
    wait("half-way")
    (signs / "begun").touch()
images, about = mapped(source, (800, 1, 16, 16), chunks)
assert isinstance(images, np.memmap) and about == str(source), about
assert (images == np.repeat(np.arange(1, 9), 100)[:, None, None, None]).all(), "wrong images"
"""


def test_of_two_processes_that_unpack_one_file_at_once_the_second_waits_for_the_first(tmp_path):
    source, signs = tmp_path / "set.bin", tmp_path / "signs"
    source.write_bytes(b"as published")
    signs.mkdir()
    begin = [sys.executable, "-c", TWO, source, signs]
    runs = [
        subprocess.Popen([*begin, order], stderr=subprocess.PIPE, text=True)
        for order in ("first", "second")
    ]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], errors
    assert "waiting for another process" in errors[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["set.bin", "set.bin.images.npy", "signs"]
    kept = np.load(tmp_path / "set.bin.images.npy")
    assert np.array_equal(kept[:, 0, 0, 0], np.repeat(np.arange(1, 9), 100))


def one(value: int):
    return lambda: iter((np.full((3, 1, 2, 2), value, np.uint8),))


def refused():
    raise AssertionError("it is unpacked a second time")


@pytest.mark.parametrize("beside", [True, False])
def test_what_cannot_stand_beside_the_file_goes_to_the_cache(
    tmp_path, own_cache, monkeypatch, beside
):
    """A folder that cannot be written is stood for by part files that are refused there: root may write anywhere."""
    real = mapping.writing

    def elsewhere(target):
        if target.is_relative_to(tmp_path):
            raise PermissionError(13, "Permission denied")
        return real(target)

    monkeypatch.setattr(mapping, "writing", elsewhere)
    sources = [tmp_path / folder / "set.bin" for folder in ("a", "b")]
    for k, source in enumerate(sources):
        source.parent.mkdir()
        source.write_bytes(b"as published")
        assert mapped(source, (3, 1, 2, 2), one(k + 1), beside=beside)[0].max() == k + 1
    assert [p.name for p in tmp_path.rglob("*.npy")] == []
    assert len(list(own_cache.rglob("unweave/*/set.bin.images.npy"))) == 2
    for k, source in enumerate(sources):
        images, about = mapped(source, (3, 1, 2, 2), refused, beside=beside)
        assert images.max() == k + 1
        assert about == str(source)


def test_kept_images_in_another_order_are_unpacked_again(tmp_path):
    source, target = tmp_path / "set.bin", tmp_path / "set.bin.images.npy"
    source.write_bytes(b"as published")
    mapped(source, (3, 1, 2, 2), one(7))
    content = target.read_bytes()
    target.write_bytes(content.replace(b"'fortran_order': False", b"'fortran_order': True "))
    assert mapped(source, (3, 1, 2, 2), one(8))[0].max() == 8


def test_mutated_unpacked_images_are_read_or_unpacked_again(tmp_path, withstand):
    """Of its pixels there is no checksum."""
    source, damaged, target = (
        tmp_path / name for name in ("set.bin", "damaged", "set.bin.images.npy")
    )
    source.write_bytes(b"as published")
    mapped(source, (3, 1, 2, 2), one(7))
    damaged.write_bytes(target.read_bytes())
    again = []

    def unpacked():
        again.append(1)
        yield from one(7)()

    def read():
        target.write_bytes(damaged.read_bytes())
        images, _ = mapped(source, (3, 1, 2, 2), unpacked)
        assert images.shape == (3, 1, 2, 2)
        assert images.dtype == np.uint8
        assert images.flags.c_contiguous

    tally = withstand("unpacked images, .npy", [damaged], read, usual=150)
    assert tally.read == tally.turns
    assert len(again) > tally.turns / 3
