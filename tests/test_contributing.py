"""What CONTRIBUTING.md says of metrics, done to the letter: its two examples in a file beside the user."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from tests.metrics import made

import unweave
from unweave.cli import main
from unweave.evaluation.evaluate import evaluate

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The name of a module of the examples, in the working directory and nowhere else."""
    examples = re.findall(
        r"```python\n(.*?)```",
        TEXT.partition("## A new metric")[2].partition("\n## ")[0],
        re.DOTALL,
    )
    assert len(examples) == 3
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
        [
            "evaluate",
            "--codes",
            "codes.npy",
            "--factors",
            "factors.npy",
            "--metrics",
            f"{mine}:nearness,{mine}:loudest",
        ]
    )
    printed = capsys.readouterr().out
    assert f"{mine}:nearness" in printed
    assert f"{mine}:loudest" in printed


def test_the_metric_on_groups_of_the_guide_scores_an_aligned_code_above_chance(mine):
    z, v = made.good_code(300)
    (score,) = evaluate((z, v), [f"{mine}:quietest"]).values()
    assert score.value > 0.9
    assert score.null < 0.5


def test_the_parts_of_the_guide_train_together(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(# blend\.py.*?)```", TEXT, re.DOTALL)
    (tmp_path / "parts_of_a_stranger.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    parts = {
        "regulariser": "parts_of_a_stranger:Critic",
        "pooling": "parts_of_a_stranger:First",
        "regulariser.weight": 2.0,
    }
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "precision": "float32",
    }
    run = unweave.train("vae", "digits", steps=2, batch_size=8, out=tmp_path, **parts, **small)
    assert {"loss/model", "loss/critic", "kl"} <= run.records()[-1].keys()
    assert run.method.needs == {"groups"}


def test_the_method_and_the_regulariser_of_the_guide_train(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(# mine\.py.*?)```", TEXT, re.DOTALL)
    (tmp_path / "method_of_a_stranger.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "precision": "float32",
    }
    how = {"steps": 2, "batch_size": 8, "out": tmp_path, **small}
    run = unweave.train("method_of_a_stranger:Mine", "digits", **how)
    assert {"loss/model", "loss/critic"} <= run.records()[-1].keys()
    assert run.sample(2).shape == (2, 1, 8, 8)
    run = unweave.train(
        "vae", "digits", regulariser="method_of_a_stranger:L1", **how, **{"regulariser.weight": 2.0}
    )
    assert run.method.regulariser.weight == 2.0
