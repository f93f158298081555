"""What CONTRIBUTING.md says of metrics, done to the letter: its two examples in a file beside the user."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from tests.metrics import made

from unweave.cli import main
from unweave.evaluation.evaluate import evaluate

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The name of a module of the examples, in the working directory and nowhere else."""
    examples = re.findall(r"```python\n(.*?)```", TEXT.partition("## A new metric")[2].partition("\n## ")[0], re.DOTALL)
    assert len(examples) == 2
    (tmp_path / "metric_of_a_stranger.py").write_text("\n".join(examples))
    monkeypatch.chdir(tmp_path)
    return "metric_of_a_stranger"


def test_the_metrics_of_the_guide_score_codes(mine):
    z, v = made.good_code(300)
    bare, declared = evaluate((z, v), [f"{mine}:loudest", f"{mine}:nearness"]).values()
    assert bare.value == pytest.approx(z.var(0).max() / z.var(0).sum())
    assert math.isnan(bare.error)
    assert "bare function" in bare.reason
    assert declared.value == pytest.approx(0.99, abs=0.01)
    assert 0 < declared.error < 0.01
    assert declared.null < 0.1
    assert declared.rotated < declared.value < declared.ceiling + 1e-9
    assert declared.parts["best"].shape == (v.shape[1],)


def test_the_command_of_the_guide_prints_them(mine, capsys):
    z, v = made.good_code(60)
    np.save("codes.npy", z)
    np.save("factors.npy", v)
    assert not main(
        ["evaluate", "--codes", "codes.npy", "--factors", "factors.npy", "--metrics", f"{mine}:nearness,{mine}:loudest"]
    )
    printed = capsys.readouterr().out
    assert f"{mine}:nearness" in printed
    assert f"{mine}:loudest" in printed
