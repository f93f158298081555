"""Random numbers of metrics come from streams by name, so that none is shared by two things that do not mean to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import unweave.metrics
from unweave.metrics import Table

SOURCE = Path(unweave.metrics.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MAKERS = ("default_rng", "RandomState", "SeedSequence")


def calls(source: str, *names: str) -> Iterator[ast.Call]:
    """Every call of a function, or of an attribute, of one of these names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names:
            yield node


def unnamed(source: str) -> list[str]:
    """The generators that are made by anything but `fold`: numbered seeds, bare seeds, none."""
    made = (ast.unparse(call) for call in calls(source, *MAKERS))
    return [call for call in made if not re.match(r"[\w.]*default_rng\(fold\(", call)]


def names_drawn(source: str) -> list[str]:
    """The first word of each stream that a file draws by name, whose seed is that of the metric."""
    words = [call.args[1] for call in calls(source, "fold")]
    words += [call.args[0] for call in calls(source, "rng")]
    return [word.value for word in words if isinstance(word, ast.Constant)]


@pytest.mark.parametrize(
    "wrong",
    [
        "default_rng([seed, 10])",
        "np.random.default_rng(seed)",
        "default_rng()",
        "RandomState(seed + 1)",
    ],
)
def test_a_seed_without_a_name_is_found(wrong: str) -> None:
    assert unnamed(f"rng = {wrong}") == [wrong]
    assert not unnamed("rng = np.random.default_rng(fold(seed, 'rows of r2'))")


def test_every_stream_has_a_name() -> None:
    found = {path.name: calls for path in FILES if (calls := unnamed(path.read_text()))}
    assert not found


def test_no_two_places_draw_the_same_stream() -> None:
    drawn = [name for path in FILES for name in names_drawn(path.read_text())]
    assert len(drawn) > 15
    assert not {name for name in drawn if drawn.count(name) > 1}


def test_streams_of_two_names_and_of_two_halves_differ() -> None:
    z = np.random.default_rng(0).standard_normal((50, 2))
    table = Table.of(z)
    streams = [table.rng("a"), table.rng("b"), *(half.rng("a") for half in table.halves(0))]
    assert len({rng.random() for rng in streams}) == 4
    assert table.rng("a").random() == table.rng("a").random()
