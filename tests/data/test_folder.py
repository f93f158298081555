import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unweave.data import load
from unweave.data.datasets.folder import folder
from unweave.data.files import decoded as module
from unweave.data.files import photo, walk
from unweave.data.files.photo import fitted, read
from unweave.data.images import FactorImages
from unweave.data.sampling.batches import stream
from unweave.data.subsets import split


def save(path: Path, pixels: np.ndarray, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(path, **options)


def flat(value: int, size: int = 4) -> np.ndarray:
    return np.full((size, size), value)


def test_images_come_in_the_order_people_sort_names_in(tmp_path):
    for i in (10, 9, 2, 1):
        save(tmp_path / f"frame{i}.png", flat(i))
    save(tmp_path / ".frame3.png", flat(3))  # hidden
    (tmp_path / "frame4.png").mkdir()
    data = folder(tmp_path, size=4)
    assert data.array[:, 0, 0, 0].tolist() == [1, 2, 9, 10]
    assert data.info.shape == (1, 4, 4)
    assert (data.y, data.groups, data.labels, data.pairs) == (None, None, None, None)


def test_wide_images_are_cropped_in_the_middle_or_padded_and_it_is_said(tmp_path, caplog):
    bands = np.repeat([[50, 100, 100, 200]], 16, axis=0).repeat(8, axis=1)  # 32 wide, 16 high
    for name in "ab":
        save(tmp_path / f"{name}.png", bands)
    with caplog.at_level(logging.INFO):
        cropped = folder(tmp_path, size=8).array[0, 0]
    assert (cropped[:, 2:6] == 100).all()
    assert (
        np.abs(cropped.astype(int) - 100).max() <= 5
    )  # the filter sees a little beyond the edge of the crop
    assert "resized to 8x8, their middle cropped" in caplog.text
    padded = folder(tmp_path, size=8, fit="pad").array[0, 0]
    assert (padded[[0, 1, 6, 7]] == 0).all()
    assert padded[3, [0, 3, 7]].astype(int) == pytest.approx([50, 100, 200], abs=2)


def test_pixels_of_the_right_size_are_kept(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    for i, p in enumerate(pixels):
        save(tmp_path / f"{i}.png", p)
    assert np.array_equal(folder(tmp_path, size=8).array, pixels.transpose(0, 3, 1, 2))


def test_transparency_turning_and_depth():
    clear = Image.fromarray(np.zeros((4, 4, 4), np.uint8))
    assert (fitted(clear, 4, "rgb") == 255).all()
    deep = Image.fromarray((np.arange(16, dtype=np.uint16) * 4369).reshape(4, 4))
    assert fitted(deep, 4, "grey").reshape(-1).tolist() == [17 * i for i in range(16)]
    turned = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4))
    turned.getexif()[0x0112] = 3  # upside down
    assert fitted(turned, 4, "grey").reshape(-1).tolist() == list(range(15, -1, -1))


@pytest.mark.parametrize(
    "side", [10_000, 2500]
)  # too many of any file, and of one as short as this
def test_a_picture_that_promises_too_many_pixels_is_not_decoded(tmp_path, side):
    path = tmp_path / "huge.bmp"
    save(path, flat(1))
    content = bytearray(path.read_bytes())
    content[18:26] = side.to_bytes(4, "little") * 2
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=rf"huge\.bmp is not a picture .*{side} x {side} pixels, too many"
    ):
        read(path, 8, "rgb")


def test_as_many_pixels_of_one_colour_are_decoded(tmp_path):
    save(tmp_path / "blank.png", flat(255, 2500))
    assert (read(tmp_path / "blank.png", 8, "grey") == 255).all()


def test_a_png_whose_pixels_have_another_checksum_is_refused(tmp_path):
    path = tmp_path / "a.png"
    for name in ("a.png", "b.png"):
        save(tmp_path / name, flat(1))
    content = bytearray(path.read_bytes())
    content[-13] ^= 1  # the last byte before the part that ends the file
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.png is damaged"):
        folder(tmp_path, size=4)
    save(tmp_path / "c.png", flat(1))
    assert len(folder(tmp_path, size=4, skip_bad=True)) == 2


def test_grey_and_coloured_images_together_are_refused_unless_one_is_asked_for(tmp_path):
    save(tmp_path / "a.png", flat(7))
    save(tmp_path / "b.png", np.full((4, 4, 3), 9))
    with pytest.raises(
        ValueError,
        match=r"1 grey and 1 coloured images; say --colour rgb \(colour='rgb'\), or grey",
    ):
        folder(tmp_path)
    assert folder(tmp_path, colour="rgb", size=4).array[:, :, 0, 0].tolist() == [[7] * 3, [9] * 3]
    assert folder(tmp_path, colour="grey", size=4).info.shape == (1, 4, 4)


def test_an_empty_folder_a_broken_file_and_one_image(tmp_path):
    with pytest.raises(ValueError, match="holds no images; looked for"):
        folder(tmp_path)
    save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64)))
    with pytest.raises(ValueError, match="holds 1 image"):
        folder(tmp_path)
    save(tmp_path / "b.png", flat(3))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "c.jpg").write_bytes(b"no picture at all")
    with pytest.raises(ValueError, match=r"c\.jpg is not a picture .*skip_bad"):
        folder(tmp_path)
    assert len(folder(tmp_path, skip_bad=True)) == 2
    (tmp_path / "c.jpg").write_bytes(whole[: len(whole) // 2])  # a header, and half of the pixels
    with pytest.raises(ValueError, match=r"c\.jpg is damaged"):
        folder(tmp_path)
    assert len(folder(tmp_path, skip_bad=True)) == 2
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        folder(tmp_path / "nowhere")


def test_subfolders_are_classes_or_clips(tmp_path):
    for name, value in (
        ("dogs/1.png", 3),
        ("cats/2.png", 1),
        ("cats/10.png", 2),
        ("dogs/puppies/1.png", 4),
    ):
        save(tmp_path / name, flat(value))
    data = folder(tmp_path, size=4)
    assert data.class_names == ("cats", "dogs")
    assert data.y.tolist() == [0, 0, 1, 1]
    assert data.array[:, 0, 0, 0].tolist() == [1, 2, 3, 4]
    clips = folder(tmp_path, size=4, subfolders="clips")
    assert clips.y is None
    assert len(set(clips.groups.tolist())) == 3
    assert stream(clips, {"clips"}, batch_size=4, clip_length=2)(0).index.tolist() == [
        [0, 1],
        [0, 1],
    ]


def test_factors_that_are_text_numbers_measurements_or_missing(tmp_path):
    for i in range(300):
        save(tmp_path / f"{i}.png", flat(i % 256, 1))
    lines = ["file,kind,size,weight"]
    lines += [
        f"{i}.png,{'round' if i % 2 else 'flat'},{0.5 * (i % 3)},{i / 7}"
        for i in range(299)
        if i != 5
    ]
    (tmp_path / "factors.csv").write_text("\n".join([*lines, "299.png,,1.0,", ""]))
    data = folder(tmp_path, size=1)
    assert data.factor_names == ("kind", "size", "weight")
    assert data.factor_sizes == (2, 3, 0)
    assert data.labels[3].tolist() == pytest.approx([1, 0, 3 / 7])
    assert np.isnan(data.labels[5]).all()
    assert np.isnan(data.labels[299]).tolist() == [True, False, True]
    assert data.labels[299, 1] == 2
    groups = stream(
        data, {"groups", "labels"}, batch_size=16, shared=("kind",), observed=("kind", "size")
    )(0)
    assert (groups.index % 2 == groups.index[:, :1] % 2).all()
    assert groups.labelled.v.shape == (16, 3)


def test_a_complete_grid_of_factors_is_a_factor_set(tmp_path):
    cells = [(shape, x) for x in (20, 3) for shape in ("disc", "box")]
    for i, _ in enumerate(cells):
        save(tmp_path / f"{i}.png", flat(i))
    (tmp_path / "factors.csv").write_text(
        "file,shape,x\n" + "".join(f"{i}.png,{s},{x}\n" for i, (s, x) in enumerate(cells))
    )
    data = load(tmp_path, size=4)
    assert isinstance(data, FactorImages)
    assert data.factors.names == ("shape", "x")
    assert [v.tolist() for v in data.factors.values] == [["box", "disc"], [3, 20]]
    assert data.images([[0, 0], [1, 1]])[:, 0, 0, 0].tolist() == [3, 0]  # box at 3, disc at 20


def test_groups_and_pairs_are_read_and_kept_whole_in_a_split(tmp_path):
    for i in range(12):
        save(tmp_path / f"{i}.png", flat(i))
    (tmp_path / "pairs.csv").write_text("a,b\n0.png,1.png\n1.png,2.png\n5.png,4.png\n")
    data = folder(tmp_path, size=4)
    assert data.pairs.tolist() == [[0, 1], [1, 2], [5, 4]]
    drawn = stream(data, {"pairs"}, batch_size=40)(0).index.tolist()
    assert {tuple(p) for p in drawn} == {(0, 1), (1, 2), (5, 4)}
    halves = [split(data, 0.5, seed) for seed in range(5)]
    assert all(len(kept.pairs) + len(held.pairs) == 3 for kept, held in halves)
    for part in (part for both in halves for part in both):
        assert {tuple(p) for p in part.base_rows[part.pairs].tolist()} <= {(0, 1), (1, 2), (5, 4)}
    (tmp_path / "groups.csv").write_text("file,group\n0.png,x\n3.png,x\n7.png,y\n2.png,y\n")
    groups = folder(tmp_path, size=4).groups
    assert groups[0] == groups[3]
    assert groups[7] == groups[2]
    assert len(set(groups.tolist())) == 10


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("factors.csv", "file,a\nx.png,1\n", r"line 2: there is no image 'x\.png'"),
        ("factors.csv", "file,a\n0.png,1\n0.png,2\n", r"line 3: '0\.png' comes twice"),
        ("factors.csv", "file,a\n0.png,1,2\n", "line 2: 3 cells; the header has 2"),
        ("factors.csv", "file\n0.png\n", "begins with the columns"),
        ("factors.csv", "", "not a table"),
        ("factors.csv", 'file,a\n"0.png,1\n', "not a table"),
        ("pairs.csv", "a,b\n0.png,x.png\n", "line 2: there is no image 'x.png'"),
        ("groups.csv", "file,group,more\n", "begins with the columns"),
    ],
)
def test_wrong_tables_are_named_with_the_line(tmp_path, file, text, message):
    for i in range(3):
        save(tmp_path / f"{i}.png", flat(i))
    (tmp_path / file).write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        folder(tmp_path, size=4)
    assert file in str(error.value)


def test_many_images_are_decoded_once_into_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGE", 100)
    monkeypatch.setattr(module, "CHUNK", 3)
    place = tmp_path / "photos"
    for i in range(10):
        save(place / f"{i}.png", flat(i))
    first = folder(place, size=4)
    assert isinstance(first.array, np.memmap)
    assert first.array[:, 0, 0, 0].tolist() == list(range(10))
    assert len(list(tmp_path.glob("photos.*.images.npy"))) == 1
    monkeypatch.setattr(module, "read", None)  # what is decoded is not decoded again
    assert np.array_equal(folder(place, size=4).array, first.array)
    monkeypatch.undo()
    monkeypatch.setattr(module, "LARGE", 100)
    save(place / "3.png", flat(33))  # a changed file is
    assert folder(place, size=4).array[3, 0, 0, 0] == 33


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp", "tif", "ppm"])
def test_mutated_pictures_are_refused_by_name_or_read(tmp_path, withstand, suffix):
    """Each beside a whole one; those of a PNG that are read are right, since its parts have checksums."""
    place = tmp_path / "in"
    turned = Image.Exif()
    turned[0x0112], turned[0x010E] = 6, "a picture"
    for name in (f"a.{suffix}", "b.png"):
        options = {"exif": turned} if suffix in ("jpg", "png", "webp", "tif") else {}
        save(place / name, np.random.default_rng(0).integers(0, 256, (12, 12, 3)), **options)
    good = folder(place, size=12).array

    def read():
        found = folder(place, size=12, colour="rgb").array
        assert found.shape == (2, 3, 12, 12)
        assert suffix != "png" or np.array_equal(found, good)

    tally = withstand(f"folder, .{suffix}", [place / f"a.{suffix}"], read, usual=50)
    assert tally.refused > tally.turns / 6


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            "factors.csv",
            "file,kind,size,weight\n0.png,round,1,0.5\n1.png,flat,2,0.25\n2.png,,1,7\n",
        ),
        ("groups.csv", "file,group\n0.png,a\n1.png,b\n2.png,a\n"),
        ("pairs.csv", "a,b\n0.png,1.png\n2.png,0.png\n1.png,2.png\n"),
    ],
)
def test_mutated_tables_are_refused_by_name_or_read(tmp_path, withstand, file, text):
    place = tmp_path / "in"
    for i in range(3):
        save(place / f"{i}.png", flat(i))
    (place / file).write_text(text)

    def read():
        data = folder(place, size=4)
        assert data.array.shape == (3, 1, 4, 4)
        if isinstance(data, FactorImages):
            assert len(data.factors) == 3
        else:
            assert data.labels is None or data.labels.shape == (3, len(data.factor_names))

    tally = withstand(f"folder, {file}", [place / file], read, usual=100)
    assert tally.refused > tally.turns / 6


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 4095)])
def test_the_pages_of_a_tiff_are_a_clip_but_not_a_smaller_copy(tmp_path, dtype, white):
    pages = [Image.fromarray(np.full((8, 8), top).astype(dtype)) for top in (white, white // 5, 0)]
    for k in range(2):
        pages[0].save(tmp_path / f"{k}.tif", save_all=True, append_images=pages[1:])
    for _ in range(2):  # the second time from what is remembered
        data = folder(tmp_path, size=8)
        assert data.array[:, 0, 0, 0].tolist() == [255, 51, 0] * 2
        assert data.groups.tolist() == [0, 0, 0, 1, 1, 1]
        assert data.white == white
    copy = Image.fromarray(np.zeros((4, 4), dtype))
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    for k in range(2):
        pages[0].save(tmp_path / f"{k}.tif", save_all=True, append_images=[copy])
    assert folder(tmp_path, size=8).array[:, 0, 0, 0].tolist() == [255, 255]
    assert folder(tmp_path, size=8).groups is None


def test_pictures_by_other_suffixes_are_read_or_said_to_be_left_out(tmp_path, caplog):
    for name in ("a.jfif", "b.jpe", "c.JPG"):
        save(tmp_path / name, flat(9), format="JPEG")
    for name in ("d.heic", "e.HEIC", "f", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert len(folder(tmp_path, size=4)) == 3
    assert len(caplog.records) == 1
    assert (
        "left out: 2 of .heic (not readable here), 1 of .txt (not readable here), 1 without suffix"
        in caplog.text
    )


@pytest.mark.parametrize(
    "suffix", [".avif", ".jp2", ".tga", ".TGA", ".j2k", ".pnm", ".dib", ".qoi", ".pcx", ".apng"]
)
def test_every_format_that_pillow_decodes_is_read(tmp_path, suffix, caplog):
    form = {".dib": "BMP", ".apng": "PNG"}.get(suffix)
    for k in range(2):
        save(tmp_path / f"{k}{suffix}", np.full((16, 16, 3), 100 * k), format=form)
    data = folder(tmp_path, size=16, colour="rgb")
    assert data.array.mean((1, 2, 3)).tolist() == pytest.approx([0, 100], abs=3)
    assert not caplog.text


def test_a_format_that_pillow_was_built_without_is_left_out_and_said(tmp_path, monkeypatch, caplog):
    for k in range(2):
        save(tmp_path / f"{k}.png", flat(k))
    (tmp_path / "2.avif").write_bytes(b"x")
    monkeypatch.setitem(photo.NEED, "AVIF", "nothing of this name")
    monkeypatch.setattr(photo.features, "check", lambda feature: not feature.startswith("nothing"))
    assert len(folder(tmp_path, size=4)) == 2
    assert "1 of .avif (not readable here)" in caplog.text


def test_files_without_a_suffix_are_pictures_by_their_first_bytes(tmp_path, caplog):
    for k, form in enumerate(("PNG", "JPEG", "WEBP", "GIF")):
        save(tmp_path / f"{k}", flat(0), format=form)
    (tmp_path / "LICENSE").write_text("All rights reserved.")
    (tmp_path / "empty").write_bytes(b"")
    assert len(folder(tmp_path, size=4, colour="grey")) == 4
    assert "left out: 2 without suffix (not readable here)" in caplog.text


def test_a_format_that_starts_a_program_is_not_opened(tmp_path):
    """Pillow gives PostScript to Ghostscript, whatever the suffix of the file."""
    for k in range(2):
        save(tmp_path / f"{k}.png", flat(k))
    picture = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\n%%EOF\n"
    (tmp_path / "2.png").write_bytes(picture)
    with pytest.raises(ValueError, match=r"2\.png is not a picture that can be read"):
        folder(tmp_path, size=4)


def test_damaged_files_are_counted_and_named_once(tmp_path, caplog):
    for k in range(2):
        save(tmp_path / f"{k}.png", flat(k))
    for name in "abcd":
        (tmp_path / f"{name}.png").write_bytes(b"x")
    (tmp_path / "g.heic").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"a\.png is not a picture"):
        folder(tmp_path, size=4)
    assert len(folder(tmp_path, size=4, skip_bad=True)) == 2
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: left out: 1 of .heic (not readable here), 4 damaged (a.png, b.png, c.png, ...)"
    ]


def test_an_empty_folder_says_what_was_left_out(tmp_path):
    (tmp_path / "g.heic").write_bytes(b"x")
    with pytest.raises(
        ValueError, match=r"holds no images; .*left out: 1 of \.heic \(not readable here\)"
    ):
        folder(tmp_path)


def test_tables_are_not_left_out_and_companions_are_no_reason_to_warn(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for k in range(2):
        save(tmp_path / f"{k}.png", flat(k))
    (tmp_path / "groups.csv").write_text("file,group\n0.png,1\n")
    (tmp_path / "README.md").write_text("mine")
    folder(tmp_path, size=4)
    (said,) = [record for record in caplog.records if "left out" in record.getMessage()]
    assert said.levelno == logging.INFO
    assert said.getMessage().endswith("left out: 1 of .md (not readable here)")


def test_linked_folders_and_files_are_followed_each_once(tmp_path, caplog):
    for name in ("data/a/0.png", "elsewhere/1.png", "elsewhere/deep/2.png", "file.png"):
        save(tmp_path / name, flat(1))
    place = tmp_path / "data"
    (place / "b").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (place / "a" / "3.png").symlink_to(tmp_path / "file.png")
    data = folder(place, size=4)
    assert (len(data), data.class_names, data.y.tolist()) == (4, ("a", "b"), [0, 0, 1, 1])
    assert not caplog.text
    (place / "c").symlink_to(tmp_path / "elsewhere" / "deep", target_is_directory=True)
    (place / "d.png").symlink_to(tmp_path / "gone")
    assert len(folder(place, size=4)) == 4
    assert "left out: 1 linked to nothing (d.png), 1 linked twice or in a circle (c)" in caplog.text


@pytest.mark.parametrize("target", [".", "..", "a", "a/loop", "../.."])
def test_links_in_a_circle_end(tmp_path, target, caplog):
    for name in ("a/0.png", "b/1.png"):
        save(tmp_path / "data" / name, flat(1))
    (tmp_path / "data" / "a" / "loop").symlink_to(
        tmp_path / "data" / target, target_is_directory=True
    )
    (tmp_path / "data" / "b" / "other").symlink_to(
        tmp_path / "data" / "a", target_is_directory=True
    )
    assert len(folder(tmp_path / "data", size=4)) == 2
    assert "left out" in caplog.text


def test_a_folder_that_cannot_be_opened_is_said(tmp_path, monkeypatch, caplog):
    for name in ("0.png", "1.png", "closed/2.png"):
        save(tmp_path / name, flat(1))
    scan = walk.os.scandir

    def denied(place):
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(walk.os, "scandir", denied)
    assert len(folder(tmp_path, size=4)) == 2
    assert "1 not allowed to be opened (closed)" in caplog.text


def test_a_picture_beside_class_folders_costs_no_classes(tmp_path, caplog):
    for name in ("a/0.png", "a/1.png", "b/2.png", "b/3.png"):
        save(tmp_path / name, flat(1))
    save(tmp_path / "cover.png", np.full((4, 4, 3), 9))  # in colour, the others grey
    data = folder(tmp_path, size=4)
    assert (len(data), data.class_names, data.y.tolist()) == (4, ("a", "b"), [0, 0, 1, 1])
    assert "left out: 1 beside the class folders (cover.png)" in caplog.text


def test_pictures_of_which_most_lie_beside_folders_have_no_classes_and_it_is_said(tmp_path, caplog):
    for name in ("a/0.png", "b/1.png", "2.png", "3.png", "4.png"):
        save(tmp_path / name, flat(1))
    data = folder(tmp_path, size=4)
    assert (len(data), data.y) == (5, None)
    assert (
        "no classes: 3 of 5 files lie beside the 2 sub-folders, the first is 2.png" in caplog.text
    )


def test_a_table_may_name_a_picture_beside_class_folders(tmp_path, caplog):
    for name in ("a/0.png", "b/1.png", "cover.png"):
        save(tmp_path / name, flat(1))
    (tmp_path / "factors.csv").write_text("file,x\ncover.png,1\na/0.png,2\n")
    data = folder(tmp_path, size=4)
    assert (len(data), data.y) == (3, None)
    assert "no classes" in caplog.text


def test_a_picture_beside_folders_that_are_clips_is_a_group_of_its_own(tmp_path):
    for name in ("a/0.png", "a/1.png", "b/2.png", "cover.png"):
        save(tmp_path / name, flat(1))
    assert len(set(folder(tmp_path, size=4, subfolders="clips").groups.tolist())) == 3


def test_class_folders_may_be_called_anything(tmp_path):
    for name in ("\u00b2/0.png", "\u0663/1.png", "a\x1b[2J/2.png"):
        save(tmp_path / name, flat(1))
    assert len(folder(tmp_path, size=4).class_names) == 3


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", ".git", ".Trash-1000"])
def test_hidden_folders_are_passed_over_as_hidden_files_are(tmp_path, hidden):
    for name in ("a/0.png", "a/1.png", "b/2.png", f"{hidden}/3.png", f"a/{hidden}/4.png"):
        save(tmp_path / name, flat(1))
    data = folder(tmp_path, size=4)
    assert (len(data), data.class_names) == (3, ("a", "b"))


def test_a_folder_named_like_a_built_in_set_is_opened_as_a_path_and_pointed_out(
    tmp_path, monkeypatch, caplog
):
    for i in range(4):
        save(tmp_path / "digits" / f"{i}.png", flat(i))
    monkeypatch.chdir(tmp_path)
    assert len(load(Path("digits"))) == len(load("./digits")) == 4
    assert not caplog.text
    assert len(load("digits")) == 1797
    said = "digits is the built-in set; for the file or folder of that name write ./digits"
    assert [record.message for record in caplog.records if "built-in" in record.message] == [said]


def test_a_file_named_like_a_built_in_set_is_pointed_out(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    Path("digits").write_bytes(b"x")
    assert len(load("digits")) == 1797
    assert caplog.text.count("write ./digits") == 1


def test_a_path_is_a_path_also_where_nothing_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("raise SystemExit('imported')")
    for given in ("digits", "mine:made", "nothing"):
        with pytest.raises(FileNotFoundError, match=f"there is no file or folder {given}"):
            load(Path(given))


def test_an_empty_name_is_not_the_folder_one_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i in range(2):
        save(tmp_path / f"{i}.png", flat(i))
    assert len(load(".")) == 2
    with pytest.raises(ValueError, match="the name of the data is empty"):
        load("")


@pytest.mark.parametrize("system", ["@eaDir", "$RECYCLE.BIN", "__MACOSX", "lost+found"])
def test_folders_that_a_system_adds_are_no_classes_and_are_said(tmp_path, system, caplog):
    for name in ("a/0.png", "b/1.png", f"{system}/0.png", f"a/{system}/0.png/thumb.png"):
        save(tmp_path / name, flat(1))
    data = folder(tmp_path, size=4)
    assert (len(data), data.class_names) == (2, ("a", "b"))
    assert f"left out: 2 of the system ({system}, {system})" in caplog.text


def test_classes_one_folder_further_down_are_pointed_out(tmp_path, caplog):
    for name in ("animals/cat/0.png", "animals/dog/1.png"):
        save(tmp_path / name, flat(1))
    assert folder(tmp_path, size=4).y is None
    assert "all files lie below animals; give that folder for its 2 sub-folders" in caplog.text
    caplog.clear()
    assert folder(tmp_path / "animals", size=4).class_names == ("cat", "dog")
    assert not caplog.text


@pytest.mark.parametrize("other", ["cafe\u0301", "caf\u00e9 "])
def test_classes_whose_names_look_alike_are_pointed_out(tmp_path, other, caplog):
    for i, name in enumerate(("caf\u00e9", other, "cafe")):
        save(tmp_path / name / f"{i}.png", flat(1))
    assert len(folder(tmp_path, size=4).class_names) == 3
    assert caplog.text.count("differ in the spelling of one name") == 1


def test_a_damaged_picture_with_a_good_header_has_the_same_way_out(tmp_path):
    for i in range(2):
        save(tmp_path / f"{i}.png", flat(i))
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    save(tmp_path / "2.jpg", noise)
    whole = (tmp_path / "2.jpg").read_bytes()
    (tmp_path / "2.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ValueError, match=r"2.jpg is damaged: .*; mend or remove it, or give --skip-bad"
    ):
        folder(tmp_path, size=4, colour="rgb")
    assert len(folder(tmp_path, size=4, colour="rgb", skip_bad=True)) == 2


@pytest.mark.parametrize("name", ["Factors.csv", "GROUPS.CSV"])
def test_a_table_in_capital_letters_is_not_passed_over_in_silence(tmp_path, name, caplog):
    for i in range(2):
        save(tmp_path / f"{i}.png", flat(i))
    (tmp_path / name).write_text("file,x\n0.png,1\n")
    folder(tmp_path, size=4)
    assert f"left out: 1 not called {name.lower()} in small letters ({name})" in caplog.text
