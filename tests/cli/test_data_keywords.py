"""Keywords of a third-party data set without an annotation: the default says the type, or one line says what to do."""

import pytest

from unweave import data

SQUARES = """
import numpy as np
from unweave.data.images import ImageData

def squares(root, n=50, grey=True, edge=0.5, kind="plain"):
    x = np.random.default_rng(0).integers(0, 255, (n, 1, 8, 8), dtype=np.uint8)
    return ImageData(x, name=f"{type(grey).__name__} {type(edge).__name__} {kind}")

def plain(root):
    return squares(root)

def untyped(root, n=None):
    return squares(root)

def required(root, n):
    return squares(root, n)

def needed(root, n: int):
    return squares(root, n)
"""


@pytest.fixture(autouse=True)
def module(here, monkeypatch):
    (here / "keyword_squares.py").write_text(SQUARES)
    monkeypatch.syspath_prepend(here)


def test_the_default_says_the_type(unweave):
    given = ("--n", "20", "--grey", "false", "--edge", "1", "--kind", "other")
    code, out, err = unweave("data", "show", "keyword_squares:squares", *given)
    assert (code, err) == (0, "")
    assert "20 of 8x8" in out
    assert "bool float other" in out
    code, _, err = unweave("data", "show", "keyword_squares:squares", "--n", "many")
    assert code == 2
    assert "data.n is 'many'; expected int" in err


@pytest.mark.parametrize("name", ["untyped", "required"])
def test_a_keyword_whose_type_is_not_known_is_refused(unweave, name):
    code, _, err = unweave("data", "show", f"keyword_squares:{name}", "--n", "20")
    assert code == 2
    assert "data.n is '20', and its type is not known; annotate the keyword, such as n: int" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["needed", "required"])
def test_a_keyword_without_a_default_has_to_be_given(unweave, name):
    code, _, err = unweave("data", "show", f"keyword_squares:{name}")
    assert code == 2
    assert f"keyword_squares:{name} needs the option 'n', which has no default" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("train", "vae", "--data", "keyword_squares:plain", "--data.size", "8"),
            "keyword_squares:plain has no option '--data.size', and none of its own; "
            "any data set takes --data.shift and --data.classes",
        ),
        (
            ("data", "show", "keyword_squares:plain", "--size", "8"),
            "keyword_squares:plain has no option '--size', and none of its own; "
            "any data set takes --shift and --classes",
        ),
        (
            ("train", "vae", "--data", "keyword_squares:squares", "--data.size", "8"),
            "keyword_squares:squares has no option '--data.size'; there are: --data.classes, "
            "--data.edge, --data.grey, --data.kind, --data.n, --data.shift",
        ),
        (
            ("train", "vae", "--data", "keyword_squares:squares", "--data.kin", "8"),
            "keyword_squares:squares has no option '--data.kin'; did you mean '--data.kind'?",
        ),
    ],
)
def test_an_option_that_the_data_set_lacks_is_answered_with_those_it_has(unweave, words, expected):
    assert unweave(*words) == (2, "", f"unweave: {expected}\n")


def test_so_it_is_in_a_file_of_options_and_in_python(unweave, here):
    lines = "method: vae\ndata: keyword_squares:plain\ndata.size: 8\n"
    (here / "o.yaml").write_text(lines)
    code, _, err = unweave("train", "--trust", "--config", "o.yaml")
    assert (code, err.startswith("unweave: o.yaml: keyword_squares:plain has no option")) == (
        2,
        True,
    )
    with pytest.raises(
        ValueError, match=r"^keyword_squares:plain has no option 'size', and none of"
    ):
        data.load("keyword_squares:plain", size=8)
