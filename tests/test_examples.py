"""The examples run, as a stranger would run them."""

import runpy
from pathlib import Path

import pytest

from unweave.cli import main

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_quickstart(tmp_path, capsys):
    runpy.run_path(str(EXAMPLES / "quickstart.py"))["main"](2, str(tmp_path))
    assert "noise would score" in capsys.readouterr().out
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_method_in_one_file(tmp_path, monkeypatch, tiny_images):
    monkeypatch.chdir(EXAMPLES.parent)
    command = [
        "train",
        "examples.my_method:SparseAE",
        "--data",
        str(tiny_images),
        "--steps",
        "3",
        "--penalty",
        "0.5",
    ]
    assert main([*command, "--encoder", "mlp", "--decoder", "mlp", "--out", str(tmp_path)]) == 0


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda f: f.name)
def test_every_example_says_how_to_run_it(file):
    assert "python examples/" in file.read_text() or "unweave train examples." in file.read_text()
