"""A user's own folder or array: what is wrong with it is said in one line, before anything is written."""

import numpy as np
import pytest
from PIL import Image

MLP = ("--encoder", "mlp", "--decoder", "mlp", "--encoder.width", "8", "--decoder.width", "8")
TRAIN = ("train", "vae", "--steps", "2", "--batch-size", "4", *MLP, "--data")


@pytest.fixture
def photos(here):
    """Six small photographs in a folder."""
    (here / "photos").mkdir()
    for i in range(6):
        pixels = np.random.default_rng(i).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(here / "photos" / f"{i}.png")
    return here / "photos"


def refused(unweave, here, *words):
    """The line on stderr of a command that was refused and left nothing behind."""
    code, _, err = unweave(*words)
    assert (code, err.count("\n"), err.startswith("unweave: ")) == (2, 1, True), err
    assert not (here / "runs").exists()
    return err


def test_a_folder_and_an_array_are_trained_on_and_what_was_detected_is_said(
    unweave, photos, tiny_images
):
    code, out, err = unweave(*TRAIN, photos, "--size", "8")
    assert (code, err) == (0, "")
    assert "6" in out.splitlines()[0]
    code, out, err = unweave(*TRAIN, tiny_images)
    assert (code, err) == (0, "")
    assert out.startswith("data: ")


def test_an_empty_folder(unweave, here):
    (here / "empty").mkdir()
    assert "empty holds no images" in refused(unweave, here, *TRAIN, "empty")


def test_a_broken_file_is_named_and_left_out_only_when_asked(unweave, here, photos):
    (photos / "3.png").write_bytes((photos / "3.png").read_bytes()[:60])
    assert "3.png" in refused(unweave, here, *TRAIN, photos, "--size", "8")
    code, out, _ = unweave(*TRAIN, photos, "--size", "8", "--skip-bad")
    assert code == 0
    assert "5" in out.splitlines()[0]


def test_mixed_channels(unweave, here, photos):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(photos / "grey.png")
    assert "1 grey and 6 coloured" in refused(unweave, here, *TRAIN, photos, "--size", "8")
    assert unweave(*TRAIN, photos, "--size", "8", "--colour", "rgb")[0] == 0


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros((2, 3, 4, 5, 6, 7), np.uint8), "(2, 3, 4, 5, 6, 7)"),
        (np.full((6, 8, 8), np.nan), "NaN"),
        (np.zeros((1, 1, 8, 8), np.uint8), "one single image"),
        (np.zeros((8, 8), np.uint8)[:0], "0 bytes"),
    ],
)
def test_arrays_that_are_no_images(unweave, here, array, expected):
    np.save("images.npy", array)
    assert expected in refused(unweave, here, *TRAIN, "images.npy")


def test_an_array_that_is_cut_off(unweave, here, tiny_images):
    tiny_images.write_bytes(tiny_images.read_bytes()[:200])
    assert "tiny.npy" in refused(unweave, here, *TRAIN, tiny_images)


ESCAPES = "a\x1b[2J\x07\x9b\u202eb"
NAMED = "a\\x1b[2J\\x07\\x9b\\u202eb"


@pytest.mark.parametrize("arguments", [("data", "show"), TRAIN])
def test_names_of_files_and_classes_do_not_reach_the_terminal_as_escape_codes(
    unweave, here, caplog, arguments
):
    """A folder of classes as someone else packed it: in what is printed, logged and said of errors."""
    for name in (f"{ESCAPES}/0.png", "c\nd/1.png", f"c\nd/{ESCAPES}.heic"):
        path = here / f"photos{ESCAPES}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(path, format="PNG")
    (here / f"photos{ESCAPES}" / "gone.png").symlink_to(here / "nothing")
    _, out, err = unweave(*arguments, here / f"photos{ESCAPES}")
    assert NAMED in out
    logged = caplog.text.replace("\n", "")
    assert NAMED in logged  # what was left out
    assert not set(out + err + logged) & set("\x1b\x07\x9b\u202e")
    if arguments == ("data", "show"):
        assert "c\\nd (1)" in out


def test_an_error_shows_escape_codes_and_does_not_send_them(unweave, here):
    (here / f"photos{ESCAPES}").mkdir()
    code, _, err = unweave(*TRAIN, here / f"photos{ESCAPES}")
    assert code == 2
    assert f"photos{NAMED} holds no images" in err
    assert len(err.splitlines()) == 1
