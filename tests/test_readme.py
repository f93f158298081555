"""The README says what is so: its tables are current and its Python runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_tables_are_current():
    scope: dict = {"__file__": str(ROOT / "docs" / "tables.py"), "__name__": "tables"}
    exec((ROOT / "docs" / "tables.py").read_text(), scope)
    assert scope["filled"](README) == README, "run python docs/tables.py"


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert code.count("steps=500") == code.count("steps=100)") == 1
    fast = code.replace("steps=500", "steps=2, batch_size=4").replace("steps=100)", "steps=2)")
    exec(fast.replace('["mig", "dci"]', '"mig", n=500'), {})
    assert "noise would score" in capsys.readouterr().out


SHELL = "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^unweave (\w+)", SHELL, re.MULTILINE))))
def test_its_commands_exist(command, capsys):
    from unweave.cli import main

    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out
