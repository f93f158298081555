"""A keyword's annotation is the whole of its configuration: type, range, default."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

import unweave
from unweave.settings import Keyword, Setting, UnknownName, as_option, full_name, keywords, nearest


class Part:
    """A constructor with a setting of every kind, a fact and a part."""

    def __init__(
        self,
        n: int,
        encoder: object,
        *,
        beta: Annotated[float, Setting("nats per nat", low=0)] = 4.0,
        lr: Annotated[float, Setting("rate", above=0, high=1)] = 1e-4,
        latents: Annotated[int, Setting("columns", low=1)] = 10,
        exact: Annotated[bool, Setting("or estimated")] = False,
        mode: Annotated[Literal["mean", "product"], Setting("how")] = "mean",
        sizes: Annotated[tuple[int, ...], Setting("of layers")] = (64, 64),
        limit: Annotated[float | None, Setting("or none")] = None,
    ):
        pass


WORDS = keywords(Part)


def test_the_signature_is_read() -> None:
    assert list(WORDS) == [
        "n",
        "encoder",
        "beta",
        "lr",
        "latents",
        "exact",
        "mode",
        "sizes",
        "limit",
    ]
    assert [name for name, word in WORDS.items() if word.setting is None] == ["n", "encoder"]
    assert [name for name, word in WORDS.items() if word.required] == ["n", "encoder"]
    assert WORDS["beta"] == Keyword("beta", float, 4.0, Setting("nats per nat", low=0))


def test_a_class_without_a_constructor_and_a_function_are_read_too() -> None:
    class Nothing:
        pass

    def function(a: int, *rest: int, b: Annotated[int, Setting("b")] = 2, **more: int) -> None:
        pass

    assert keywords(Nothing) == {}
    assert list(keywords(function)) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("beta", 6, 6.0),
        ("beta", 0, 0.0),
        ("lr", 1, 1.0),
        ("latents", 1, 1),
        ("exact", True, True),
        ("mode", "product", "product"),
        ("sizes", [3, 4], (3, 4)),
        ("limit", None, None),
        ("limit", 2, 2.0),
        ("n", 5, 5),
    ],
)
def test_a_right_value_is_kept_in_its_type(name: str, given: Any, kept: Any) -> None:
    checked = WORDS[name].check(given)
    assert checked == kept
    assert type(checked) is type(kept)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("beta", -1, "beta is -1.0; it has to be at least 0 (nats per nat)"),
        ("beta", float("inf"), "beta is inf; it has to be finite (nats per nat)"),
        (
            "beta",
            10**400,
            f"beta is 1{'0' * 17}...{'0' * 19}; expected float, which ends at 1.8e308",
        ),
        ("beta", float("nan"), "beta is nan; it has to be at least 0 (nats per nat)"),
        ("beta", "six", "beta is 'six'; expected float"),
        ("beta", True, "beta is True; expected float"),
        ("lr", 0.0, "lr is 0.0; it has to be above 0 (rate)"),
        ("lr", 1.5, "lr is 1.5; it has to be at most 1 (rate)"),
        ("latents", 2.5, "latents is 2.5; expected int"),
        ("latents", 0, "latents is 0; it has to be at least 1 (columns)"),
        ("latents", True, "latents is True; expected int"),
        ("latents", 2**31, "latents is 2147483648; whole numbers end at 2,147,483,647 (columns)"),
        (
            "sizes",
            [3, 2**31],
            "sizes is 2147483648; whole numbers end at 2,147,483,647 (of layers)",
        ),
        ("exact", 1, "exact is 1; expected bool"),
        ("mode", "means", "mode is 'means'; did you mean 'mean'?"),
        ("mode", "zzz", "mode is 'zzz'; there are: mean, product"),
        ("sizes", 3, "sizes is 3; expected list of int"),
        ("sizes", [3, "4"], "sizes is '4'; expected int"),
        ("limit", "x", "limit is 'x'; expected float or none"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(name: str, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        WORDS[name].check(given)
    assert str(caught.value) == message


def test_a_value_is_named_as_the_user_named_it() -> None:
    with pytest.raises(ValueError, match=r"^regulariser\.beta is -1"):
        WORDS["beta"].check(-1, "regulariser.beta")


def test_the_nearest_name() -> None:
    assert nearest("bata", ["beta", "gamma"]) == "did you mean 'beta'?"
    assert nearest("x", ["gamma", "beta"]) == "there are: beta, gamma"
    assert nearest("x", []) == "there are: none"
    assert nearest("sise", ["size"], "--{}".format) == "did you mean '--size'?"


def test_an_option_is_said_as_it_is_typed_and_as_it_is_written() -> None:
    assert as_option("calibrate") == "--calibrate (calibrate=True)"
    assert as_option("skip_bad", True) == "--skip-bad true (skip_bad=True)"
    assert as_option("root", "FOLDER") == "--root FOLDER (root=FOLDER)"
    assert as_option("layout", "hwc") == "--layout hwc (layout='hwc')"
    assert as_option("last", 0) == "--last 0 (last=0)"


IN_PYTHON = re.compile(r"\b[a-z_]+=(True|False|None|'[a-z]|[A-Z]{3,}|\.\.\.)")
IN_PYTHON_ALONE = {
    "evaluation/evaluate.py": "a function is scored in Python",
    "metrics/declares.py": "a metric is declared in Python",
    "metrics/estimators/covariances.py": "metrics have their options in Python",
    "metrics/scores/mig.py": "likewise",
    "metrics/tables/numbers.py": "arrays are numbered in Python",
    "runs/opening.py": "objects are handed in in Python",
    "methods/graph/variables.py": "the text of a setting",
    "data/shifts/text.py": "likewise",
    "kinds.py": "likewise",
}


def test_no_message_advises_in_python_alone() -> None:
    """What the command line prints as well is said by `as_option`, or with its -- beside it."""
    source = Path(unweave.__file__).parent
    found = []
    for path in sorted(source.rglob("*.py")):
        where = path.relative_to(source).as_posix()
        if where in IN_PYTHON_ALONE or where.startswith(("cli/", "reproduction/")):
            continue
        for text in texts(ast.parse(path.read_text())):
            if IN_PYTHON.search(text) and "--" not in text:
                found.append(f"{where}: {text}")
    assert not found


def texts(tree: ast.Module) -> Iterator[str]:
    """The texts in a file, without docstrings; values in them are left out."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, documented)
    }
    inner = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner |= set(map(id, node.values))
            yield "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in inner and node.value not in docs:
            yield node.value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("data.size", "no option '--data.size' here; there are: --data.classes, --data.shift"),
        ("data.shft", "no option '--data.shft' here; did you mean '--data.shift'?"),
        ("dada.shift", "no option '--dada.shift' here; did you mean '--data.shift'?"),
        ("setps", "no option '--setps' here; did you mean '--steps'?"),
    ],
)
def test_the_nearest_name_is_looked_for_in_the_same_group(name: str, words: str) -> None:
    """A prefix that two names share makes them no nearer."""
    known = ("steps", "data.shift", "data.classes", "regulariser.beta")
    with pytest.raises(UnknownName, match=re.escape(words)) as error:
        full_name(name, known, "option", "--{}".format)
    assert error.value.name == name


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("beta", "6", 6.0),
        ("beta", "1e-3", 0.001),
        ("latents", "12", 12),
        ("exact", "true", True),
        ("exact", "False", False),
        ("mode", "product", "product"),
        ("sizes", "3,4", (3, 4)),
        ("sizes", "[3, 4]", (3, 4)),
        ("sizes", "", ()),
        ("limit", "none", None),
        ("limit", "2", 2.0),
    ],
)
def test_text_is_read_in_the_type_of_the_keyword(name: str, text: str, kept: Any) -> None:
    found = WORDS[name].read(text)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("beta", "six", "beta is 'six'; expected float"),
        ("beta", "-1", "beta is -1.0; it has to be at least 0"),
        ("latents", "2.5", "latents is '2.5'; expected int"),
        ("exact", "maybe", "exact is 'maybe'; expected bool"),
        ("mode", "produt", "mode is 'produt'; did you mean 'product'?"),
        ("sizes", "3,x", "sizes is 'x'; expected int"),
        ("limit", "x", "limit is 'x'; expected float or none"),
    ],
)
def test_text_that_is_no_such_value_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^" + re.escape(message)):
        WORDS[name].read(text)


def test_a_long_value_is_not_repeated_in_a_message() -> None:
    with pytest.raises(ValueError, match=r"expected float") as caught:
        WORDS["beta"].check("x" * 1_000_000)
    assert len(str(caught.value)) < 300
