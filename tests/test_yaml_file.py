"""Files of YAML are plain names with values; whatever else they are is said in one line with file and line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from unweave.reproduction.listed import recipes
from unweave.settings.yaml_file import VALUES, read_yaml

NINE_LEVELS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)
NINE_MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 9)
)
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "anchors that explode": (
        NINE_LEVELS,
        "line 5: with its anchors written out the file has more than 20,000 values",
    ),
    "merges that explode": (NINE_MERGES, "line 5: with its anchors written out"),
    "an anchor in itself": ("a: &a [*a]", r"line 1: \*a stands in what it stands for"),
    "too many values": (f"a: [{'1,' * VALUES}]", "line 1: with its anchors written out"),
    "too many bytes": ("a: " + "b" * 200_000, "has more than 200,000 bytes"),
    "too deep": (f"a: {'[' * 2000}{']' * 2000}", "line 1: values in values, 40 deep"),
    "a key twice": ("beta: 4\ngamma: 1\nbeta: 6\n", "line 3: the key 'beta' is there twice"),
    "a key twice within": ("a: {b: {c: 1, c: 2}}", "line 1: the key 'c' is there twice"),
    "a key twice, once in quotes": (
        'beta: 4\n"beta": 6\n',
        "line 2: the key 'beta' is there twice",
    ),
    "two merges": ("a: &a {b: 1}\nc: {<<: *a, <<: *a}", "line 2: the key '<<' is there twice"),
    "a key that is true or false": ("a: 1\ntrue: 10", "line 2: the key 'true' is no text to YAML"),
    "a key that is a number": ("1: 10", "line 1: the key '1' is no text"),
    "a key that is nothing": ("~: 10", "line 1: the key '~' is no text"),
    "a key that is a list": ("? [a, b]\n: 10", "line 1: the key a sequence is no text"),
    "a key that is text by its tag": ("!!str 5: 10", "line 1: the tag '.*str' means nothing here"),
    "a tag": (
        "a: !!python/object/apply:os.system [touch sign]",
        "line 1: the tag '.*os.system' means nothing here",
    ),
    "a tag of YAML": ("a: !!binary aGk=", "line 1: the tag '.*binary' means nothing here"),
    "a number of 5,000 digits": ("a: " + "1" * 5000, "line 1: .* is no number that can be read"),
    "an escape of no letter": ('a: 1\nb: "\\U00110000"', r"line 2: no YAML: .*not in range"),
    "an escape beyond a C int": ('a: 1\nb: "\\UFFFFFFFF"', r"line 2: no YAML: .*too large"),
    "a version of 5,000 digits": (f"%YAML {'1' * 5000}.1\n---\na: 1", "line 1: no YAML: Exceeds"),
    "a merge of no names": ("a: {<<: 5}", "is no YAML: .*expected a mapping"),
    "other bytes": (b"a: 1\nb: caf\xe9\n", "line 2: byte 11 is 0xe9, which is no UTF-8"),
    "UTF-16": ("a: 1".encode("utf-16"), "line 1: byte 0 is 0xff, which is no UTF-8"),
    "a control character": ("a: \x01", "is no YAML: unacceptable character #x0001"),
    "no YAML": ("a: [", "is no YAML: .* line 1, column 5"),
    "two documents": ("a: 1\n---\nb: 1", "is no YAML: expected a single document"),
    "an alias of nothing": ("a: *b", "is no YAML: found undefined alias"),
    "nothing": ("", "holds nothing; expected lines like"),
    "a comment": ("# beta: 6", "holds nothing; expected lines like"),
    "a list": ("- beta: 6", "holds .*; expected lines like"),
    "a text": ("beta", "holds 'beta'; expected lines like"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_file_of_plain_names_and_values_is_refused_in_one_line(
    tmp_path: Path, case: str
) -> None:
    content, expected = REFUSED[case]
    file = tmp_path / "run.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=f"^{file}.*{expected}") as caught:
        read_yaml(file)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500 + len(str(file)) * 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"^{tmp_path} is a folder; expected a YAML file"):
        read_yaml(tmp_path)


def test_anchors_and_merge_keys_are_written_out(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\nd: {<<: [{y: 5}, *a]}\ne: 2024-01-31\n"
    )
    a = {"x": 1, "y": 2}
    assert read_yaml(file) == {
        "a": a,
        "b": {"x": 1, "y": 3},
        "c": [a, a],
        "d": {"x": 1, "y": 5},
        "e": "2024-01-31",
    }


def test_our_own_recipes_are_read_as_they_were() -> None:
    assert len(recipes()) > 15
    for path in recipes().values():
        assert read_yaml(path) == yaml.safe_load(path.read_text())


@pytest.mark.parametrize(
    "written",
    [
        "1:30",
        "1:30.5",
        "no",
        "on",
        "Yes",
        "012",
        "0x1F",
        "0b11",
        "1_000",
        "1_0.5",
        "2024-01-31",
        "+.5_",
    ],
)
def test_what_only_yaml_1_1_takes_for_a_number_or_a_truth_is_text(
    tmp_path: Path, written: str
) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"a: {written}\n")
    assert read_yaml(file) == {"a": written}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("30", 30),
        ("-4", -4),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        (".inf", math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_decimal_numbers_truths_and_nothing_are_read_as_such(
    tmp_path: Path, written: str, value: object
) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"a: {written}\n")
    found = read_yaml(file)["a"]
    assert (found, type(found)) == (value, type(value))
