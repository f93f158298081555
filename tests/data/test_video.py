import builtins
import json
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from unweave.cli import main
from unweave.data import load
from unweave.data.files import decoded as module
from unweave.data.files import video
from unweave.data.sampling.batches import stream
from unweave.data.subsets import split

RNG = np.random.default_rng(0)
LOSSLESS = [
    ("clip.mkv", "ffv1", "bgr0"),
    ("clip.avi", "png", "rgb24"),
    ("clip.mov", "png", "rgb24"),
]
LOSSY = [
    ("clip.mp4", "libx264", "yuv420p"),
    ("clip.webm", "libvpx-vp9", "yuv420p"),
    ("other.mp4", "mpeg4", "yuv420p"),
]


def film(
    path: Path, pixels: np.ndarray, codec: str = "ffv1", form: str = "bgr0", turned: int = 0
) -> None:
    """A video of the frames (T, H, W, 3), or (T, H, W) grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        made = container.add_stream(codec, rate=5)
        made.height, made.width, made.pix_fmt = *pixels.shape[1:3], form
        if turned:
            made.set_display_rotation(turned)
        container.start_encoding()
        for frame in pixels:
            container.mux(
                made.encode(
                    av.VideoFrame.from_ndarray(frame, format="rgb24" if frame.ndim == 3 else "gray")
                )
            )
        container.mux(made.encode())


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def smooth(n: int, side: int = 16) -> np.ndarray:
    """Frames whose brightness tells which one each is."""
    return (
        np.repeat(np.arange(n) * 20 + 20, side * side * 3)
        .reshape(n, side, side, 3)
        .astype(np.uint8)
    )


def shown(data: object) -> np.ndarray:
    return data.array.transpose(0, 2, 3, 1)


@pytest.mark.parametrize(("name", "codec", "form"), LOSSLESS)
def test_lossless_videos_come_back_exactly_and_in_order(tmp_path, name, codec, form):
    one, two = noise(5, 16, 16, 3), noise(3, 16, 16, 3)
    film(tmp_path / "films" / f"10 {name}", two, codec, form)
    film(tmp_path / "films" / f"2 {name}", one, codec, form)
    data = load(str(tmp_path / "films"), size=16)
    assert np.array_equal(shown(data), np.concatenate([one, two]))
    assert data.groups.tolist() == [0] * 5 + [1] * 3
    assert "8 rgb images, 8 of them the frames of 2 clips" in data.about
    assert stream(data, {"clips"}, batch_size=5, clip_length=5)(0).index.tolist() == [
        [0, 1, 2, 3, 4]
    ]
    kept, held = split(data, 0.5, 0)
    assert sorted([len(kept), len(held)]) == [3, 5]


@pytest.mark.parametrize(("name", "codec", "form"), LOSSY)
def test_lossy_videos_keep_order_and_brightness(tmp_path, name, codec, form):
    film(tmp_path / "films" / name, smooth(8), codec, form)
    data = load(tmp_path / "films", size=16)
    assert data.array.mean((1, 2, 3)) == pytest.approx(np.arange(8) * 20 + 20, abs=4)


def test_grey_videos_are_grey(tmp_path):
    pixels = noise(4, 16, 16)
    film(tmp_path / "films" / "a.avi", pixels, form="gray")
    data = load(tmp_path / "films", size=16)
    assert data.info.shape == (1, 16, 16)
    assert np.array_equal(data.array[:, 0], pixels)


def test_a_video_stands_upright_and_what_is_clear_is_white(tmp_path):
    pixels = noise(2, 16, 16, 3)
    film(tmp_path / "films" / "a.mov", pixels, "png", "rgb24", turned=90)
    data = load(tmp_path / "films", size=16)
    assert np.array_equal(shown(data), np.rot90(pixels, axes=(1, 2)))  # counter-clockwise
    film(tmp_path / "clear" / "a.mkv", pixels, form="bgra")
    with av.open(str(tmp_path / "clear" / "b.mkv"), "w") as container:
        made = container.add_stream("ffv1", rate=5)
        made.width, made.height, made.pix_fmt = 16, 16, "bgra"
        container.mux(
            made.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 4), np.uint8), format="rgba"))
        )
        container.mux(made.encode())
    clear = load(tmp_path / "clear", size=16)
    assert np.array_equal(shown(clear)[:2], pixels)
    assert (clear.array[2] == 255).all()


def test_every_nth_frame_is_kept(tmp_path):
    pixels = noise(7, 16, 16, 3)
    film(tmp_path / "films" / "a.mkv", pixels)
    film(tmp_path / "films" / "b.mkv", pixels[:6])
    data = load(tmp_path / "films", size=16, every=3)
    assert np.array_equal(shown(data), pixels[[0, 3, 6, 0, 3]])
    assert data.groups.tolist() == [0, 0, 0, 1, 1]
    assert "1 of each 3 kept" in data.about
    assert len(load(tmp_path / "films", size=16)) == 13
    (tmp_path / "films" / "a.mkv").unlink()
    for n in (3, 4):  # as many rows, but not the same ones
        assert np.array_equal(shown(load(tmp_path / "films", size=16, every=n)), pixels[[0, n]])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.gif", {}),
        ("a.webp", {"lossless": True}),
        ("a.png", {}),
        ("b.png", {"default_image": True}),
    ],
)
def test_animated_pictures_are_clips(tmp_path, name, options):
    colours = [(250, 10, 0), (0, 200, 30), (9, 9, 240), (77, 77, 77)]
    first, *others = [Image.new("RGB", (8, 8), c) for c in colours]
    before = (
        [first] if "default_image" not in options else [Image.new("RGB", (8, 8), "white"), first]
    )
    before[0].save(tmp_path / name, save_all=True, append_images=before[1:] + others, **options)
    data = load(tmp_path, size=8)
    assert data.groups.tolist() == [0] * 4
    assert [tuple(c) for c in shown(data)[:, 0, 0].tolist()] == colours


def test_a_grey_gif_is_grey_unless_a_later_frame_has_colours(tmp_path):
    first = Image.new("L", (8, 8), 9)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("L", (8, 8), 90)])
    data = load(tmp_path, size=8)
    assert data.array[:, :, 0, 0].tolist() == [[9], [90]]
    first.save(
        tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", (8, 8), (90, 0, 0))]
    )
    assert load(tmp_path, size=8).array[1, :, 0, 0].tolist() == [90, 0, 0]


def test_clips_stills_folders_and_tables_go_together(tmp_path):
    place = tmp_path / "films"
    film(place / "cats" / "a.mkv", smooth(3))
    film(place / "dogs" / "b.mkv", smooth(2))
    for name in ("1", "2"):
        Image.new("RGB", (16, 16), (200, 0, 0)).save(place / "dogs" / f"c{name}.png")
    data = load(place, size=16)
    assert data.class_names == ("cats", "dogs")
    assert data.y.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert data.groups.tolist() == [0, 0, 0, 1, 1, 2, 3]
    assert "7 rgb images, 5 of them the frames of 2 clips" in data.about
    clips = load(place, size=16, subfolders="clips")
    assert clips.y is None
    assert clips.groups.tolist() == [0, 0, 0, 1, 1, 2, 2]  # the stills of one folder are one clip
    (place / "factors.csv").write_text("file,speed\ncats/a.mkv,3\ndogs/c1.png,5\n")
    (place / "groups.csv").write_text("file,group\ncats/a.mkv,x\ndogs/c2.png,x\n")
    (place / "pairs.csv").write_text("a,b\ndogs/c1.png,dogs/c2.png\n")
    told = load(place, size=16)
    assert np.nan_to_num(told.labels[:, 0], nan=-1).tolist() == [0, 0, 0, -1, -1, 1, -1]
    assert told.groups.tolist() == [0, 0, 0, 1, 1, 2, 0]
    assert told.pairs.tolist() == [[5, 6]]
    (place / "pairs.csv").write_text("a,b\ndogs/c1.png,dogs/b.mkv\n")
    with pytest.raises(ValueError, match=r"pairs\.csv names 'dogs/b\.mkv', a clip"):
        load(place, size=16)


def test_a_video_is_decoded_at_the_first_use_alone(tmp_path, monkeypatch):
    place = tmp_path / "films"
    film(place / "a.mkv", noise(6, 16, 16, 3))
    monkeypatch.setattr(module, "CHUNK", 4)
    first = load(place, size=16)
    assert isinstance(first.array, np.memmap)
    assert len(list(tmp_path.glob("films.*.images.npy"))) == 1
    with monkeypatch.context() as patched:
        patched.setattr(video, "frames", None)
        assert np.array_equal(load(place, size=16).array, first.array)
    pixels = noise(2, 16, 16, 3)
    film(place / "a.mkv", pixels)
    assert np.array_equal(shown(load(place, size=16)), pixels)


def test_a_damaged_memory_of_lengths_is_counted_again(tmp_path, own_cache):
    film(tmp_path / "films" / "a.mkv", noise(6, 16, 16, 3))
    assert len(load(tmp_path / "films", size=16)) == 6
    (memory,) = (own_cache / "unweave" / "folders").glob("*.json")
    ((known, (key,)),) = kept = json.loads(memory.read_bytes())
    assert known == [6, "rgb", True, None]
    for content in ("", "[1, 2]", "{", "3", f'{{"{key}": 3}}', f'[[[5, "rgb"], ["{key}"]]]',
                    f'[[[-5, "rgb", true, null], ["{key}"]]]', f'[[[5, "red", true, null], ["{key}"]]]'):  # fmt: skip
        memory.write_text(content)
        assert len(load(tmp_path / "films", size=16)) == 6
        assert json.loads(memory.read_bytes()) == kept


def test_without_the_extra_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    film(tmp_path / "films" / "a.mkv", noise(2, 16, 16, 3))
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "av")
    monkeypatch.setattr(builtins, "__import__", without)
    for skip_bad in (False, True):
        with pytest.raises(
            ImportError, match=r"^reading a\.mkv takes av: pip install 'unweave\[video\]'$"
        ):
            load(tmp_path / "films", skip_bad=skip_bad)
    assert main(["data", "show", str(tmp_path / "films")]) == 2
    assert "pip install 'unweave[video]'" in capsys.readouterr().err


def test_show_says_what_was_understood(tmp_path, capsys):
    film(tmp_path / "films" / "a.mkv", noise(6, 16, 16, 3))
    film(tmp_path / "films" / "b.avi", noise(3, 16, 16, 3), "png", "rgb24")
    assert main(["data", "show", str(tmp_path / "films"), "--every", "2"]) == 0
    said = capsys.readouterr().out
    assert (
        "5 rgb images, 5 of them the frames of 2 clips, 1 of each 2 kept, resized to 64x64" in said
    )
    assert "groups     2, of 2 to 3 in a row" in said


@pytest.mark.parametrize(("name", "codec", "form"), LOSSLESS + LOSSY)
def test_a_video_that_is_cut_off_is_refused_wherever_it_is_cut(tmp_path, name, codec, form):
    path = tmp_path / name
    film(path, noise(6, 16, 16, 3), codec, form)
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 97), len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=name) as error:
            load(tmp_path, size=16)
        assert "\n" not in str(error.value)
    assert "mend or remove it, or give --skip-bad true (skip_bad=True)" in str(error.value)


def test_empty_foreign_and_frameless_files_are_named_or_left_out(tmp_path):
    film(tmp_path / "whole.mkv", noise(2, 16, 16, 3))
    playlist = f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'whole.mkv'}\n"
    for content in (b"", b"\0" * 500, b"no video at all", playlist.encode(), b"RIFF\x04\0\0\0AVI "):
        (tmp_path / "bad.mp4").write_bytes(content)
        with pytest.raises(
            ValueError, match=r"bad\.mp4 is not a video that can be read: .*skip_bad"
        ) as error:
            load(tmp_path, size=16)
        assert "\n" not in str(error.value)
        assert len(load(tmp_path, size=16, skip_bad=True)) == 2
    (tmp_path / "bad.mp4").unlink()
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        made = container.add_stream("pcm_s16le", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        silence.sample_rate = 8000
        container.mux(made.encode(silence))
    with pytest.raises(ValueError, match=r"sound\.mkv .*it has no stream of pictures"):
        load(tmp_path, size=16)
    (tmp_path / "sound.mkv").unlink()
    film(tmp_path / "blank.avi", noise(0, 16, 16), form="gray")
    with pytest.raises(ValueError, match=r"blank\.avi .*it holds no frame"):
        load(tmp_path, size=16)


def test_a_header_that_promises_too_many_pixels_allocates_nothing(tmp_path):
    path = tmp_path / "films" / "a.avi"
    film(path, noise(2, 16, 16), form="gray")
    content = bytearray(path.read_bytes())
    at = content.index(b"strf") + 12
    content[at : at + 8] = (30_000).to_bytes(4, "little") * 2
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.avi is not a video that can be read"):
        load(tmp_path / "films")


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\0\x01ftyp\x7f" + b"\xff" * 7 + bytes(64),
        bytes.fromhex("1a45dfa3 01fffffffffffffe") + bytes(64),
    ],
)
def test_a_header_longer_than_any_file_is_refused_by_name(tmp_path, content):
    (tmp_path / "a.mkv").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.mkv is not a video that can be read"):
        load(tmp_path)


def test_frames_larger_than_a_decoder_is_trusted_with_are_refused(tmp_path, monkeypatch):
    film(tmp_path / "a.mkv", noise(2, 16, 16, 3))
    monkeypatch.setattr(video, "LARGEST", 255)
    with pytest.raises(
        ValueError, match=r"a\.mkv .*a frame has 16 x 16 pixels, too many to decode"
    ):
        load(tmp_path)


def test_damage_that_a_decoder_would_paint_over_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    film(path, noise(8, 64, 64, 3), "mpeg4", "yuv420p")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.mp4 .*a frame is damaged, at frame [0-9]"):
        load(tmp_path)


def test_a_gif_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "a.gif"
    first, *others = [Image.fromarray(noise(8, 8, 3)) for _ in range(4)]
    first.save(path, save_all=True, append_images=others)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"a\.gif is damaged: it is cut off"):
        load(tmp_path, size=8)


@pytest.mark.parametrize(("name", "codec", "form"), LOSSLESS + LOSSY)
def test_mutated_videos_are_refused_by_name_or_read(tmp_path, withstand, name, codec, form):
    path = tmp_path / name
    film(path, noise(6, 16, 16, 3), codec, form)

    def read():
        assert sum(1 for _ in video.frames(path)) < 100

    tally = withstand(f"video, {name.replace('clip', codec)}", [path], read, usual=60)
    assert tally.refused > tally.turns / 3


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_mutated_animations_are_refused_by_name_or_read(tmp_path, withstand, name):
    """Each beside a still one, so that one that moves no more is accepted."""
    place = tmp_path / "in"
    place.mkdir()
    first, *others = [Image.fromarray(noise(12, 12, 3)) for _ in range(5)]
    first.save(place / name, save_all=True, append_images=others)
    first.save(place / "b.bmp")

    def read():
        assert load(place, size=8, colour="rgb").info.shape == (3, 8, 8)

    tally = withstand(f"folder, animated {name[1:]}", [place / name], read, usual=60)
    assert tally.refused > tally.turns / 4


def test_mutated_memories_of_lengths_are_read_or_counted_again(tmp_path, own_cache, withstand):
    place = tmp_path / "in"
    place.mkdir()
    pictures = [Image.fromarray(noise(4, 4, 3)) for _ in range(3)]
    pictures[0].save(place / "a.gif", save_all=True, append_images=pictures[1:])
    load(place, size=4)
    (memory,) = (own_cache / "unweave" / "folders").glob("*.json")

    def read():
        assert len(load(place, size=4)) == 3

    tally = withstand("lengths of clips, .json", [memory], read, usual=50)
    assert tally.turns / 3 < tally.read
