import gzip
import struct

import numpy as np
import pytest

from unweave.data.files.idx import read_idx


def written(array: np.ndarray) -> bytes:
    """The bytes of an IDX file of uint8."""
    return head(array.shape) + array.tobytes()


def head(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)


def test_an_array_comes_back_zipped_or_not(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (5, 3, 4), dtype=np.uint8)
    (tmp_path / "plain").write_bytes(written(array))
    (tmp_path / "zipped.gz").write_bytes(gzip.compress(written(array)))
    (tmp_path / "zipped without the name").write_bytes(gzip.compress(written(array)))
    for path in tmp_path.iterdir():
        found = read_idx(path)
        assert found.dtype == np.uint8
        assert found.flags.writeable
        assert np.array_equal(found, array)


def test_the_bytes_of_the_published_header():
    """train-images-idx3-ubyte begins with 00 00 08 03, 60000, 28, 28, big-endian."""
    assert head((60000, 28, 28)).hex() == "000008030000ea600000001c0000001c"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b"", "is not an IDX file of uint8: it begins with nothing"),
        (lambda b: b[:10], "cut off in its header"),
        (lambda b: b[:-1], "promises 24 bytes; it holds only 23"),
        (lambda b: b + b"x", "it holds more"),
        (lambda b: b"\0\0\x0d" + b[3:], "is not an IDX file of uint8: it begins with 00 00 0d 03"),
        (lambda b: b[:4] + b"\xff" * 12 + b[16:], "its header promises"),
        (lambda b: gzip.compress(b)[:-9], "is damaged"),
        (lambda b: gzip.compress(b)[:-1] + b"x", "is damaged"),
        (lambda b: gzip.compress(b)[:12] + b"\xff\xff\xff" + gzip.compress(b)[15:], "is damaged"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage, message):
    path = tmp_path / "some-images"
    path.write_bytes(damage(written(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))))
    with pytest.raises(ValueError, match=message) as error:
        read_idx(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_mutated_files_are_refused_or_read_whole(tmp_path, withstand, pack):
    """An accepted file has the shape of its own header; gzip has a checksum, so what is read of it is right."""
    array, path = np.arange(120, dtype=np.uint8).reshape(5, 4, 6), tmp_path / "file"
    path.write_bytes(pack(written(array)))

    def read():
        found = read_idx(path)
        assert found.nbytes <= 120
        assert pack is bytes or np.array_equal(found, array)

    tally = withstand(f"IDX, {pack.__name__}", [path], read, usual=150)
    assert tally.refused > tally.turns / 3
