"""What CONTRIBUTING.md says, done to the letter: its examples in files beside the user, and its names."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from tests.metrics import made

import unweave
from unweave import nets
from unweave.blocks import Block
from unweave.cli import main
from unweave.evaluation.evaluate import evaluate
from unweave.methods import PARTS
from unweave.methods.base import Method, Part, Player
from unweave.settings.locate import locate
from unweave.types import Losses, Posterior

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


def test_the_method_of_the_guide_that_changes_images_trains_and_a_seed_repeats_it(
    tmp_path, monkeypatch
):
    (code,) = re.findall(r"```python\n(# steady\.py.*?)```", TEXT, re.DOTALL)
    (tmp_path / "steady_stranger.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    small = {"encoder": "mlp", "encoder.width": 16, "precision": "float32", "log_every": 1}
    how = {"steps": 30, "batch_size": 16, **small}
    runs = [
        unweave.train("steady_stranger:Steady", "digits", out=tmp_path / name, **how)
        for name in ("once", "again")
    ]
    one, again = ([record["loss/model"] for record in run.records()] for run in runs)
    assert one == again
    assert np.mean(one[-5:]) < np.mean(one[:5])
    assert runs[0].encode(runs[0].data.take([0, 1])).shape == (2, 8)


def table_of_names():
    """The names in the first column of the table of what is there for a method."""
    section = TEXT.partition("### What is there for a method")[2].partition("```")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]


def test_what_the_guide_says_is_there_is_there():
    names = table_of_names()
    assert len(names) > 40
    bases = {found.__name__: found for found in (Method, Part, Player, Block, Losses, Posterior)}
    for name in names:
        first, _, rest = name.partition(".")
        if first in bases:
            assert rest in {"", *dir(bases[first]), *bases[first].__annotations__}, name
        else:
            where, _, last = name.rpartition(".")
            locate(f"unweave.{where}:{last}")


def test_every_network_that_is_no_part_by_name_is_in_the_table():
    by_name = {
        entry.where.partition(":")[0] for parts in PARTS.values() for entry in parts.values()
    }
    modules = {f"unweave.nets.{path.stem}" for path in Path(nets.__path__[0]).glob("[!_]*.py")}
    listed = {f"unweave.{name.rpartition('.')[0]}" for name in table_of_names()}
    assert modules - by_name <= listed
