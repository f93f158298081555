"""Keywords of a third-party data set without an annotation: the default says the type, or one line says what to do."""

import pytest

SQUARES = """
import numpy as np
from unweave.data.images import ImageData

def squares(root, n=50, grey=True, edge=0.5, kind="plain"):
    x = np.random.default_rng(0).integers(0, 255, (n, 1, 8, 8), dtype=np.uint8)
    return ImageData(x, name=f"{type(grey).__name__} {type(edge).__name__} {kind}")

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
