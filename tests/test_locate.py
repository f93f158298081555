"""Objects by "module:Name": what a module of the user's own did wrong is said as it is, in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from unweave.settings.locate import locate

BROKEN = {
    "raises": (
        "import math\n\nraise ValueError('a limit\\nof two lines')\n",
        "ValueError: a limit of two lines (raises.py, line 3)",
    ),
    "unknown": ("x = nothing\n", "NameError: name 'nothing' is not defined (unknown.py, line 1)"),
    "typed": ("def f(:\n", "SyntaxError: invalid syntax (typed.py, line 1)"),
    "declared": (
        "from unweave.metrics.base import metric\n\n\n"
        "@metric(measures=('modularity',), error='jacknife')\ndef mine(table):\n    return 0.0\n",
        "jacknife",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_module_that_cannot_be_imported_is_not_said_to_be_missing(
    name: str, tmp_path: Path
) -> None:
    text, message = BROKEN[name]
    (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(ValueError, match=f"{name} cannot be imported: ") as error:
        locate(f"{name}:Thing", beside=[tmp_path])
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert f"{name}.py, line " in str(error.value)
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize(
    "where",
    ["", ":Thing", ".name:Thing", "no_such_module:Thing", "no/such:Thing", "no_such.module:T"],
)
def test_a_module_that_is_missing_is(where: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no module"):
        locate(where, beside=[tmp_path])


def test_a_module_that_it_imports_is_named(tmp_path: Path) -> None:
    (tmp_path / "importing.py").write_text("import no_such_package\n")
    with pytest.raises(
        ValueError, match="importing imports 'no_such_package', which is not installed"
    ):
        locate("importing:Thing", beside=[tmp_path])
