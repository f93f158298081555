"""Recipes: read, trained, measured, judged."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from unweave.reproduction import listed, reproduce
from unweave.reproduction.check import Bound, measures_of
from unweave.runs import checkpoint
from unweave.runs.lock import writing

TINY = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8, "latents": 2}
ARM = {"method": "beta-vae", "steps": 2, "batch_size": 8, "log_every": 1, "settings": TINY}


@pytest.fixture
def recipe(tmp_path, tiny_images):
    def write(**changes):
        text = {
            "claim": "it runs", "source": "none", "minutes": 0, "machine": "any", "seeds": [0, 1],
            "arms": {"method": ARM | {"data": str(tiny_images)}},
            "checks": [{"measure": {"log": "reconstruction"}, "at_most": 1e6}],
        }  # fmt: skip
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(text | changes))
        return str(path)

    return write


def test_every_recipe_of_ours_says_all_that_it_has_to():
    for name in listed.recipes():
        recipe = listed.read(name)
        assert len(recipe.seeds) >= 5, name
        assert not set(recipe.seeds) & set(recipe.chosen_on), (
            f"{name} states its claim where it was chosen"
        )
        assert recipe.measured.keys() == {"chosen", "fresh"}, name
        measures = measures_of(recipe.checks)
        assert measures.keys() == recipe.arms.keys(), (
            f"{name}: every arm is measured, and every measured arm is there"
        )
        can_fail = any(
            check.ablation or check.above or check.below or check.over for check in recipe.checks
        )
        beside = any(
            isinstance(bound, Bound) for check in recipe.checks for bound in check.bounds().values()
        )
        assert beside or can_fail, f"{name} has nothing that must fail"


def test_no_arm_of_ours_leaves_its_precision_to_the_machine():
    """What is faster there decides on "auto", and with it the numbers and the name of the run."""
    by_machine = [
        f"{name}: {arm}"
        for name in listed.recipes()
        for arm, training in listed.read(name).arms.items()
        if training.precision == "auto"
    ]
    assert by_machine == []


def test_a_recipe_holds_or_fails_and_says_so(recipe, tmp_path):
    told: list[str] = []
    assert reproduce.reproduce([recipe()], tmp_path / "runs", tell=told.append)
    assert sum("method, reconstruction" in line for line in told) == 1
    fails = recipe(checks=[{"measure": {"log": "reconstruction"}, "at_least": 1e6}])
    assert not reproduce.reproduce([fails], tmp_path / "runs", tell=told.append)
    assert any("FAILS" in line for line in told)


def test_arms_that_recipes_share_are_trained_once_with_all_that_is_measured(
    recipe, tmp_path, monkeypatch
):
    trained: list[int] = []
    train = reproduce.trained
    monkeypatch.setattr(
        reproduce,
        "trained",
        lambda arm, seed, out, **_: trained.append(seed) or train(arm, seed, out),
    )
    first = recipe()
    second = tmp_path / "second.yaml"
    text = yaml.safe_load((tmp_path / "tiny.yaml").read_text())
    second.write_text(
        yaml.safe_dump(text | {"checks": [{"measure": {"log": "kl"}, "at_least": 0.0}]})
    )
    measured: list[str] = []
    measure = reproduce.measured
    monkeypatch.setattr(
        reproduce, "measured", lambda how, run: measured.append(how["log"]) or measure(how, run)
    )
    third = tmp_path / "third.yaml"
    third.write_text((tmp_path / "tiny.yaml").read_text())
    told: list[str] = []
    assert reproduce.reproduce(
        [first, str(second), str(third)], tmp_path / "runs", tell=told.append
    )
    assert sorted(trained) == [0, 1]
    assert sorted(measured) == ["kl", "kl", "reconstruction", "reconstruction"]
    assert "minutes by the clock, 1 at a time" in told[-1]


def test_two_at_a_time_gives_the_same_numbers(recipe, tmp_path):
    alone, together = [], []
    reproduce.reproduce([recipe()], tmp_path / "a", tell=alone.append)
    reproduce.reproduce([recipe()], tmp_path / "b", jobs=2, tell=together.append)
    assert [line for line in alone if "reconstruction" in line] == [
        line for line in together if "reconstruction" in line
    ]


def test_finished_runs_are_used_as_they_are(recipe, tmp_path):
    path = recipe()
    reproduce.reproduce([path], tmp_path / "runs", tell=lambda _: None)
    logs = {f: f.stat().st_mtime_ns for f in (tmp_path / "runs").glob("*/log.jsonl")}
    reproduce.reproduce([path], tmp_path / "runs", tell=lambda _: None)
    assert len(logs) == 2
    assert logs == {f: f.stat().st_mtime_ns for f in (tmp_path / "runs").glob("*/log.jsonl")}


def test_a_claim_can_be_tried_on_other_seeds(recipe, tmp_path):
    told: list[str] = []
    assert reproduce.reproduce([recipe()], tmp_path / "runs", seeds=[3, 4, 7], tell=told.append)
    assert sorted(path.name[-2:] for path in (tmp_path / "runs").iterdir()) == ["-3", "-4", "-7"]
    assert [line.count(",") for line in told if "method, reconstruction" in line] == [3]


def test_arms_that_a_claim_is_only_compared_with_take_three_of_its_seeds(
    recipe, tmp_path, monkeypatch
):
    trained: list[tuple[str, int]] = []
    train = reproduce.trained
    monkeypatch.setattr(
        reproduce,
        "trained",
        lambda arm, seed, *more, **how: (
            trained.append((arm.method, seed)) or train(arm, seed, *more, **how)
        ),
    )
    data = str(yaml.safe_load(Path(recipe()).read_text())["arms"]["method"]["data"])
    path = recipe(
        seeds=[5, 6, 7, 8],
        arms={"method": ARM | {"data": data}, "vae": ARM | {"data": data, "method": "vae"}},
        checks=[{"measure": {"log": "reconstruction"}, "at_most": {"arm": "vae"}}],
    )
    told: list[str] = []
    reproduce.reproduce([path], tmp_path / "runs", tell=told.append)
    assert trained == [
        *(("beta-vae", seed) for seed in (5, 6, 7, 8)),
        *(("vae", seed) for seed in (5, 6, 7)),
    ]
    assert [
        line.count(",") for line in told if "vae, reconstruction" in line or "method, rec" in line
    ] == [4, 3]


def test_unknown_recipes_are_named_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'demo'"):
        listed.read("dmeo")


def test_a_setting_that_yaml_takes_for_yes_or_no_is_refused(recipe):
    path = recipe(arms={"method": ARM | {"data": "digits", "settings": {False: 10.0}}})
    with pytest.raises(
        ValueError,
        match=r"tiny.yaml, line \d+: the key 'false' is no text to YAML; .* put it in quotes",
    ):
        listed.read(path)


def test_the_first_run_that_breaks_down_ends_the_recipes(recipe, tmp_path, monkeypatch):
    begun: list[int] = []

    def breaks(arm, seed, out, **_):
        begun.append(seed)
        raise RuntimeError("it broke down")

    monkeypatch.setattr(reproduce, "trained", breaks)
    with pytest.raises(RuntimeError, match="broke down"):
        reproduce.reproduce([recipe()], tmp_path / "runs", tell=lambda _: None)
    assert begun == [0]


def test_threads_are_given_back(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    reproduce.reproduce([recipe()], tmp_path / "runs", jobs=2, tell=lambda _: None)
    assert os.environ["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_workers_end_with_the_process_that_started_them(recipe, tmp_path, number):
    """They hold its standard output: whoever reads that waits for them."""
    arms = yaml.safe_load(Path(recipe()).read_text())["arms"]
    arms["method"]["steps"] = 1_000_000
    words = ["reproduce", recipe(arms=arms), "--jobs", "2", "--out", str(tmp_path / "runs")]
    process = subprocess.Popen(
        [sys.executable, "-m", "unweave", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while sum(log.stat().st_size > 0 for log in (tmp_path / "runs").glob("*/log.jsonl")) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 143)
    if number == signal.SIGTERM:
        assert err == "unweave: interrupted\n"
    for path in (tmp_path / "runs").iterdir():
        last = json.loads((path / "log.jsonl").read_text().splitlines()[-1])["step"]
        training = checkpoint._read(path / "state/checkpoint.safetensors")[1]
        assert json.loads(training)["step"] == last, "a checkpoint was kept of the last step"
        with writing(path):
            pass


def test_the_sources_of_recipes_are_among_the_references():
    known = set(
        re.findall(
            r"^@\w+\{(\w+),",
            (Path(__file__).parents[2] / "references.bib").read_text(),
            re.MULTILINE,
        )
    )
    for name in listed.recipes():
        source = re.split(r"[\s(;,]", listed.read(name).source)[0]
        assert source in known | {"none"}, f"{name}: {source}"
