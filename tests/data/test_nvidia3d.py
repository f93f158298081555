import numpy as np
import pytest
from PIL import Image

from unweave.data.datasets.nvidia3d import FALCOR, ISAAC, falcor3d, isaac3d
from unweave.data.factors import FactorSpace


def write(folder, name: str, names, sizes):
    """Labels in [0, 1] as an array of numpy, and images/000000.png and so on, their pixels telling the row."""
    space = FactorSpace(names, sizes)
    v = space.factors_at(np.arange(len(space))) / np.maximum(np.array(sizes) - 1, 1)
    with (folder / name).open("wb") as file:
        np.save(file, v.astype(np.float32))
    (folder / "images").mkdir()
    for row in range(len(space)):
        pixels = np.full((4, 4, 3), (row % 256, row // 256, 9), np.uint8)
        Image.fromarray(pixels).save(folder / f"images/{row:06}.png")
    return space


def test_falcor3d_and_isaac3d_in_the_order_of_their_labels(tmp_path):
    """Falcor3D: 5, 6, 6, 6, 6, 6, 6. Isaac3D: object_shape 3, robot_x 8, robot_y 5, camera_height 4, object_scale 4, ..."""
    for read, file, names in (
        (falcor3d, "train-rec.labels", FALCOR),
        (isaac3d, "labels.npy", ISAAC),
    ):
        folder = tmp_path / file
        folder.mkdir()
        sizes = (3, 2, 2, 3, *[1] * (len(names) - 4))
        space = write(folder, file, names, sizes)
        data = read(folder, size=4)
        assert data.factors.sizes == sizes
        assert data.factors.names == names
        v = np.array([[2, 0, 1, 2, *[0] * (len(names) - 4)]])
        assert data.images(v)[0, :, 0, 0].tolist() == [space.rows(v)[0], 0, 9]
    assert ISAAC[:5] == ("object_shape", "robot_x", "robot_y", "camera_height", "object_scale")
    assert np.prod([3, 8, 5, 4, 4, 4, 6, 4, 4]) == 737_280
    assert 5 * 6**6 == 233_280


def test_missing_images_and_damaged_labels_are_named(tmp_path):
    write(tmp_path, "labels.npy", ISAAC, (3, 2, *[1] * 7))
    (tmp_path / "images/000004.png").unlink()
    with pytest.raises(ValueError, match=r"holds 5 numbered \.png files; labels\.npy labels 6"):
        isaac3d(tmp_path)
    (tmp_path / "labels.npy").write_bytes(b"\x93NUMPY\x01\x00")
    with pytest.raises(ValueError, match=r"labels\.npy cannot be read"):
        isaac3d(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"falcor3d needs the file train-rec\.labels"):
        falcor3d(tmp_path)


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir(), outside.mkdir()
    write(inside, "labels.npy", ISAAC, (2, *[1] * 8))
    (inside / "images/000001.png").rename(outside / "000001.png")
    (inside / "images/000001.png").symlink_to(outside / "000001.png")
    with pytest.raises(ValueError, match="holds 1 numbered"):
        isaac3d(inside)


@pytest.mark.parametrize(
    ("read", "file", "names"),
    [(falcor3d, "train-rec.labels", FALCOR), (isaac3d, "labels.npy", ISAAC)],
)
def test_mutated_labels_are_refused_or_read(tmp_path, withstand, read, file, names):
    write(tmp_path, file, names, (2, 3, *[1] * (len(names) - 2)))

    def whole():
        assert read(tmp_path, size=4).array.shape == (6, 3, 4, 4)

    tally = withstand(f"{read.__name__}, labels", [tmp_path / file], whole, usual=150)
    assert tally.refused > tally.turns / 3


def test_mutated_images_are_refused_or_read_exactly(tmp_path, withstand):
    """The parts of a PNG have checksums."""
    write(tmp_path, "labels.npy", ISAAC, (2, *[1] * 8))

    def read():
        assert isaac3d(tmp_path, size=4).array[:, :, 1, 2].tolist() == [[0, 0, 9], [1, 0, 9]]

    tally = withstand("isaac3d, .png", sorted(tmp_path.rglob("*.png")), read, usual=100)
    assert tally.refused > tally.turns / 3
