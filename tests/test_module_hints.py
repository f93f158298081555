"""A file of Python beside the user, named as a file or without its class, is suggested as `module:Class`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unweave import data
from unweave.methods.classes import class_of
from unweave.trust import foreign


@pytest.fixture(autouse=True)
def mixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mixture.py").write_text("class X: ...\n")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mixture.py:X", "a module is named without .py: 'mixture:X'"),
        ("mixture.py", "there is a file mixture.py here: name its class, 'mixture:NAME'"),
        ("mixture", "there is a file mixture.py here: name its class, 'mixture:NAME'"),
    ],
)
@pytest.mark.parametrize("kind", ["method", "regulariser"])
def test_of_a_method_and_a_part(name: str, expected: str, kind: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        class_of(name, kind)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mixture.py:x", "a module is named without .py: 'mixture:x'"),
        ("mixture.py", "there is a file mixture.py here: name its function, 'mixture:NAME'"),
        ("mixture", "there is a file mixture.py here: name its function, 'mixture:NAME'"),
    ],
)
def test_of_a_data_set(name: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        data.load(name)


@pytest.mark.parametrize("name", ["x" * 3000, "x" * 300 + ".py", "x/" * 3000])
def test_a_name_longer_than_a_path_can_be_is_no_error_of_the_system(name: str) -> None:
    """It comes from a recipe; the message names the kind of thing, in a line of readable length."""
    for looked_up, thing in (
        (lambda: class_of(name, "method"), "there is no method 'x"),
        (lambda: data.load(name), "there is no data set, folder or file 'x"),
    ):
        with pytest.raises(ValueError, match=thing) as caught:
            looked_up()
        assert len(str(caught.value)) < 1000
    assert foreign(data=f"{name}:Y") == [f"{name}:Y"]


def test_another_name_has_no_such_hint() -> None:
    with pytest.raises(ValueError, match="there is no method 'mixtures'; t") as caught:
        class_of("mixtures", "method")
    assert "file" not in str(caught.value)
