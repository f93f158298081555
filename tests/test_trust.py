"""Opening what others wrote runs nothing of theirs: every way in which a file could name code, tried on purpose."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tests.configs import rewrite

import unweave
from unweave.cli import main
from unweave.files import places
from unweave.methods.classes import class_of
from unweave.reproduction import listed, reproduce
from unweave.reproduction.recipe import Arm
from unweave.runs.folder import Folder
from unweave.runs.run import load_run
from unweave.runs.sealed_json import marked, sealed
from unweave.runs.train import resume
from unweave.trust import NotTrusted

SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "latents": 2,
    "steps": 2,
    "batch_size": 8,
    "log_every": 1,
}
PLANTED = "from pathlib import Path\nPath({sign!r}).touch()\n"
MINE = """
from pathlib import Path
Path({sign!r}).touch()
from torch import nn
from unweave.methods.base import Method
from unweave.types import Losses, Posterior

class Mine(Method):
    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.encoder = nn.Linear(64, 2)

    def losses(self, batch, step):
        yield Losses({{"model": self.encoder(batch.x.flatten(1)).square().mean()}})

    def encode(self, x):
        return Posterior(self.encoder(x.flatten(1)))
"""
Config = dict[str, Any]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of unweave's own names alone, of images in a file beside it."""
    place = tmp_path_factory.mktemp("honest")
    np.save(
        place / "images.npy",
        np.random.default_rng(0).integers(256, size=(24, 1, 8, 8), dtype=np.uint8),
    )
    return unweave.train(
        "factor-vae", place / "images.npy", out=place, **SMALL, **{"regulariser.critic.width": 8}
    ).path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; what is imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name in ("mine", "planted", "acme"):
            del sys.modules[name]
    forget_mine()


def forget_mine() -> None:
    """Forget the modules whose names begin with ...mine, as a new process does."""
    for name in list(sys.modules):
        if name.partition(".")[0].endswith("mine"):
            del sys.modules[name]


@pytest.fixture
def sign(here: Path) -> Path:
    """A file that an attack makes when it comes through."""
    return here / "sign"


def as_data(config: Config, sign: Path) -> None:
    config["data"] |= {"source": "os:system", "root": f"touch {sign}", "options": {}}


def as_method(config: Config, sign: Path) -> None:
    config["method"]["name"] = "os:system"


def as_module_of_the_folder(config: Config, sign: Path) -> None:
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    config["method"]["name"] = "planted:Net"


def as_part(config: Config, sign: Path) -> None:
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    config["method"]["parts"]["encoder"] = "planted:Net"


def as_part_of_a_part(config: Config, sign: Path) -> None:
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    config["method"]["parts"]["regulariser.critic"] = "planted:Net"


def as_setting(config: Config, sign: Path) -> None:
    """A part among the settings would replace the one among the parts."""
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    config["method"]["settings"]["encoder"] = "planted:Net"


def as_setting_of_a_part(config: Config, sign: Path) -> None:
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    config["method"]["settings"]["regulariser__critic"] = "planted:Net"


def as_setting_by_its_last_word(config: Config, sign: Path) -> None:
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    config["method"]["settings"]["critic"] = "planted:Net"


def as_command(config: Config, sign: Path) -> None:
    config["method"]["parts"]["encoder"] = "subprocess:Popen"
    config["method"]["settings"]["encoder.args"] = ["touch", str(sign)]


def as_both_beside_a_file_of_that_name(config: Config, sign: Path) -> None:
    """What is there under the name of a module makes the data a path, and nothing else."""
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    Path("planted:Net").touch()
    config["data"]["source"] = config["method"]["name"] = "planted:Net"


ATTACKS = (
    as_data,
    as_method,
    as_module_of_the_folder,
    as_part,
    as_part_of_a_part,
    as_setting,
    as_setting_of_a_part,
    as_setting_by_its_last_word,
    as_command,
    as_both_beside_a_file_of_that_name,
)
WAYS: dict[str, Callable[[Path], object]] = {
    "load_run": load_run,
    "resume": resume,
    "report": lambda path: unweave.report.write(path, "page.html"),
    "evaluate": lambda path: unweave.evaluate(load_run(path), "active_latents"),
    "command report": lambda path: refused_by("report", path),
    "command evaluate": lambda path: refused_by("evaluate", path, "--metrics", "active_latents"),
    "command resume": lambda path: refused_by("train", "--resume", path),
}


def refused_by(*words: object) -> None:
    """Run a command in this process; what it answers with code 2 is raised again."""
    import contextlib
    import io

    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = main(list(map(str, words)))
    if code == 2:
        raise NotTrusted(said.getvalue().strip())


def forged(
    honest: Path, here: Path, sign: Path, attack: Callable[[Config, Path], None]
) -> tuple[Path, str]:
    """The honest run with another config, unfinished, and what its config now names."""
    path = Path(shutil.copytree(honest, here / "downloaded"))
    (path / "done").unlink()
    rewrite(path, lambda config: attack(config, sign))
    config = json.loads((path / "config.json").read_text())
    method = config["method"]
    names = [
        method["name"],
        *method["parts"].values(),
        *method["settings"].values(),
        config["data"]["source"],
    ]
    return path, next(name for name in names if ":" in str(name))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_run_folder_from_elsewhere_runs_nothing(honest, here, sign, attack, way) -> None:
    path, name = forged(honest, here, sign, attack)
    with pytest.raises(NotTrusted) as caught:
        WAYS[way](path)
    assert not sign.exists()
    assert f"names {name}, code that is not unweave's; --trust" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "planted" not in sys.modules


@pytest.mark.parametrize(
    "attack", [as_data, as_method, as_command], ids=lambda attack: attack.__name__
)
def test_what_is_trusted_has_to_be_of_its_kind(honest, here, sign, attack) -> None:
    path, name = forged(honest, here, sign, attack)
    with pytest.raises(ValueError, match=f"{name} is no (method|encoder|data set)"):
        resume(path, trust=True)
    assert not sign.exists()


@pytest.mark.parametrize(
    "typed",
    [
        lambda: unweave.train("os:system", np.zeros((8, 6), np.float32)),
        lambda: unweave.train("vae", np.zeros((8, 6), np.float32), encoder="subprocess:Popen"),
        lambda: unweave.train("vae", np.zeros((8, 6), np.float32), likelihood="torch.nn:Linear"),
        lambda: unweave.train("vae", np.zeros((8, 6), np.float32), regulariser="torch.nn:Linear"),
        lambda: unweave.train("vae", "os:system", root="touch sign"),
        lambda: unweave.train("vae", np.zeros((8, 6), np.float32), regulariser=torch.nn.Linear),
        lambda: unweave.evaluate((np.eye(9), np.eye(9)), "os:system"),
        lambda: unweave.data.load("builtins:dict"),
    ],
)
def test_what_is_typed_has_to_be_of_its_kind_too(here, sign, typed) -> None:
    with pytest.raises(
        ValueError,
        match=r" (is no (method|encoder|likelihood|regulariser|data set)|does not take codes and factors): ",
    ):
        typed()
    assert not sign.exists()


def test_a_data_set_that_gives_something_else_is_refused(here) -> None:
    Path("mine.py").write_text("def images(root):\n    return [1, 2, 3]\n")
    with pytest.raises(
        ValueError, match=r"mine:images gave a list; a data set is an unweave.data.base.Dataset"
    ):
        unweave.data.load("mine:images")


def test_scores_are_numbers_whatever_they_are_called(honest, here, sign) -> None:
    path = Path(shutil.copytree(honest, here / "downloaded"))
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    scores = {"planted:mig": {"value": 0.5}, "os:system": {"value": 0.5}}
    run = Folder(path).run
    marks = {name: marked(score, run + name) for name, score in scores.items()}
    (path / "scores.json").write_text(sealed(marks, run))
    unweave.report.write([path, path], "page.html")
    assert not sign.exists()
    assert "planted" not in sys.modules


# -- one's own runs


@pytest.fixture
def own(here: Path, sign: Path, tiny_images: Path) -> Path:
    """A run of a method of one's own, trained here in a process that is gone."""
    Path("mine.py").write_text(MINE.format(sign=str(sign)))
    run = unweave.train("mine:Mine", tiny_images, steps=1, batch_size=8, out="runs")
    assert sign.exists()
    sign.unlink()
    sys.modules.pop("mine")
    return run.path.resolve()


def test_ones_own_run_opens_without_a_word_from_anywhere(own, here, sign, monkeypatch) -> None:
    load_run(own)
    assert sign.exists()
    moved = shutil.move(own, here / "moved")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    Path("mine.py").write_text("raise RuntimeError('a planted module was run')")
    sys.modules.pop("mine")
    assert load_run(moved).encode(np.zeros((1, 1, 8, 8), np.uint8)).shape == (1, 2)
    assert str(here / "elsewhere") not in sys.path
    assert str(here) not in sys.path


def test_the_file_of_ones_own_code_is_remembered_by_its_checksum(own, here) -> None:
    digest = hashlib.blake2b((here / "mine.py").read_bytes(), digest_size=16).hexdigest()
    assert json.loads((own / "config.json").read_text())["code"] == {
        "mine:Mine": {"file": "mine.py", "blake2b": digest}
    }


@pytest.mark.parametrize("opened", [load_run, resume])
def test_a_file_that_changed_since_is_named_once(own, here, opened) -> None:
    """Warnings are errors in these tests, so that the first opening shows that none is given without a change."""
    opened(own)
    sys.modules.pop("mine")
    (here / "mine.py").write_text((here / "mine.py").read_text() + "\n# another thought\n")
    with pytest.warns(
        UserWarning, match=r"mine\.py, of mine:Mine, has changed since the run was made$"
    ) as caught:
        opened(own)
    assert len(caught) == 1


@pytest.fixture
def parted(here: Path, sign: Path, tiny_images: Path) -> Path:
    """A run of a method of one's own that imports a module, and a package, from the same folder."""
    Path("nets_of_mine.py").write_text("from parts_of_mine.inner import UNITS\n")
    Path("parts_of_mine").mkdir()
    Path("parts_of_mine/__init__.py").write_text("")
    Path("parts_of_mine/inner.py").write_text("UNITS = 2\n")
    Path("beside.py").write_text("raise RuntimeError('nobody imports this')")
    Path("mine.py").write_text("from nets_of_mine import UNITS\n" + MINE.format(sign=str(sign)))
    run = unweave.train("mine:Mine", tiny_images, steps=1, batch_size=8, out="runs")
    forget_mine()
    return run.path.resolve()


def test_the_files_that_ones_own_code_imports_from_its_folder_are_remembered(parted) -> None:
    code = json.loads((parted / "config.json").read_text())["code"]
    files = {name: found["file"] for name, found in code.items()}
    assert files == {
        "mine:Mine": "mine.py",
        "nets_of_mine": "nets_of_mine.py",
        "parts_of_mine": "__init__.py",
        "parts_of_mine.inner": "inner.py",
    }


@pytest.mark.parametrize("opened", [load_run, resume])
@pytest.mark.parametrize(
    ("name", "file"),
    [("nets_of_mine", "nets_of_mine.py"), ("parts_of_mine.inner", "parts_of_mine/inner.py")],
)
def test_a_change_of_what_it_imports_is_said_too(parted, here, opened, name, file) -> None:
    opened(parted)
    forget_mine()
    (here / file).write_text((here / file).read_text() + "\n# another thought\n")
    with pytest.warns(
        UserWarning, match=rf"{Path(file).name}, of {name}, has changed since the run was made$"
    ) as caught:
        opened(parted)
    assert len(caught) == 1


def test_a_run_of_before_remembers_the_named_file_alone_and_opens(parted, here) -> None:
    rewrite(parted, lambda config: config["code"].pop("nets_of_mine"))
    (here / "nets_of_mine.py").write_text("UNITS = 2  # another thought\n")
    load_run(parted, trust=True)


def test_the_modules_of_a_package_are_remembered_and_not_those_beside_it(
    here, sign, tiny_images
) -> None:
    Path("top_of_mine").mkdir()
    Path("top_of_mine/__init__.py").write_text("")
    Path("top_of_mine/deep").mkdir()
    Path("top_of_mine/deep/__init__.py").write_text("")
    Path("top_of_mine/nets.py").write_text("import nets_of_mine\n")
    Path("nets_of_mine.py").write_text("")
    code = "from ..nets import nets_of_mine\n" + MINE.format(sign=str(sign))
    Path("top_of_mine/deep/method.py").write_text(code)
    named = "top_of_mine.deep.method:Mine"
    run = unweave.train(named, tiny_images, steps=1, batch_size=8, out="runs")
    forget_mine()
    assert run.config.code.keys() == {named, "top_of_mine", "top_of_mine.deep", "top_of_mine.nets"}


def test_a_run_of_unweaves_own_names_remembers_no_file(honest) -> None:
    assert json.loads((honest / "config.json").read_text())["code"] == {}


@pytest.mark.parametrize(
    "forgery", ["no seal", "another config", "another directory", "a guess", "another user"]
)
def test_a_seal_cannot_be_forged(own, here, sign, monkeypatch, forgery) -> None:
    origin = json.loads((own / "origin.json").read_text())
    if forgery == "no seal":
        (own / "origin.json").unlink()
    elif forgery == "another config":
        config = json.loads((own / "config.json").read_text())
        config["loop"]["log_every"] += 1
        (own / "config.json").write_text(sealed(config))
    elif forgery == "another directory":
        (own / "origin.json").write_text(
            json.dumps(origin | {"directory": str(here / "elsewhere")})
        )
    elif forgery == "a guess":
        (own / "origin.json").write_text(json.dumps(origin | {"seal": "00" * 32}))
    else:
        monkeypatch.setenv("XDG_STATE_HOME", str(here / "state of another"))
    with pytest.raises(NotTrusted, match="names mine:Mine"):
        load_run(own)
    assert not sign.exists()
    load_run(own, trust=True)
    assert sign.exists()


@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", '{"directory": 1, "seal": 2}', '{"directory": ".", "seal": "é"}']
)
def test_a_damaged_seal_is_none(own, damage) -> None:
    (own / "origin.json").write_text(damage)
    with pytest.raises(NotTrusted):
        load_run(own)


def test_the_secret_is_the_users_alone(own) -> None:
    secret = Path(os.environ["XDG_STATE_HOME"]) / "unweave" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_bytes().hex() not in (own / "origin.json").read_text()
    secret.chmod(0o644)
    with pytest.raises(NotTrusted):
        load_run(own)
    secret.chmod(0o600)
    load_run(own)


def test_a_state_home_in_the_working_directory_is_none(here, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", "home")
    with pytest.raises(OSError, match="no home"):
        places.state()


def test_without_a_home_a_run_is_not_remembered_and_that_is_said(
    here, sign, tiny_images, monkeypatch, caplog
) -> None:
    Path("mine.py").write_text(MINE.format(sign=str(sign)))
    (here / "full").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "full"))
    run = unweave.train("mine:Mine", tiny_images, steps=1, batch_size=8, out="runs")
    assert "opening it will take --trust" in caplog.text
    with pytest.raises(NotTrusted):
        load_run(run.path)


def test_what_is_handed_in_again_is_not_imported(honest, here, sign) -> None:
    path, _ = forged(honest, here, sign, as_data)
    resume(path, data=np.load(honest.parent / "images.npy"))
    assert not sign.exists()


def test_a_run_of_unweaves_own_names_needs_no_secret(honest) -> None:
    assert not (honest / "origin.json").exists()


# -- recipes and files of options


ARM: dict[str, Any] = {"method": "beta-vae", "data": "digits"}
ARM |= {key: value for key, value in SMALL.items() if key in ("steps", "batch_size", "log_every")}
ARM |= {"settings": {key: value for key, value in SMALL.items() if key not in ARM}}


def recipe(here: Path, **changes: Any) -> str:
    text = {
        "claim": "it runs", "source": "none", "minutes": 0, "machine": "any", "seeds": [0],
        "arms": {"method": ARM},
        "checks": [{"measure": {"log": "reconstruction"}, "at_most": 1e6}],
    }  # fmt: skip
    if "arm" in changes:
        text["arms"]["method"] = ARM | changes.pop("arm")
    (here / "claim.yaml").write_text(yaml.safe_dump(text | changes))
    return "claim.yaml"


RECIPES: dict[str, dict[str, Any]] = {
    "measure": {"checks": [{"measure": {"call": "planted:f"}, "at_most": 1e6}]},
    "measure of a function": {
        "checks": [{"measure": {"call": "unweave.files.atomic:write"}, "at_most": 1e6}]
    },
    "along": {
        "checks": [
            {
                "measure": {"log": "kl"},
                "along": {"call": "planted:f"},
                "over": ["method"],
                "against": ["method"],
                "at_most": 1,
            }
        ]
    },
    "score": {"checks": [{"measure": {"score": "planted:f"}, "at_most": 1e6}]},
    "data of a score": {
        "checks": [{"measure": {"score": "mig", "data": "planted:f"}, "at_most": 1e6}]
    },
    "data of a score, named like a shift": {
        "checks": [{"measure": {"score": "mig", "data": "only:f"}, "at_most": 1}]
    },
    "an option of a score": {
        "checks": [{"measure": {"score": "mig", "kinds": [{"planted:f": "ordered"}]}, "at_most": 1}]
    },
    "an option of a measure": {
        "checks": [
            {
                "measure": {
                    "call": "unweave.reproduction.measures.aggregate:proportion_gap",
                    "factor": "planted:f",
                },
                "at_most": 1,
            }
        ]
    },
    "method": {"arm": {"method": "planted:f"}},
    "data": {"arm": {"data": "planted:f"}},
    "part": {"arm": {"settings": {"regulariser": "planted:f"}}},
    "any setting": {"arm": {"settings": {"beta": ["planted:f"]}}},
    "part by its dotted name": {"arm": {"settings": {"regulariser__critic": "planted:f"}}},
}


@pytest.mark.parametrize("case", RECIPES)
def test_a_recipe_runs_what_is_unweaves(here, sign, case) -> None:
    for name in ("planted", "only"):
        Path(f"{name}.py").write_text(
            PLANTED.format(sign=str(sign)) + "def f(run):\n    return 1.0\n"
        )
    named = r"(planted:f|only:f|unweave.files.atomic:write)"
    with pytest.raises(NotTrusted, match=f"claim.yaml names {named}, code that is not unweave"):
        reproduce.reproduce([recipe(here, **RECIPES[case])], "runs", tell=lambda _: None)
    with pytest.raises(NotTrusted):
        refused_by("reproduce", "claim.yaml")
    assert not sign.exists()


MISSHAPEN: dict[str, tuple[dict[str, Any], str]] = {
    "a list of scores": (
        {"score": ["planted:f"], "n": 50},
        r"score is \['planted:f'\]; expected str",
    ),
    "a table of scores": (
        {"score": {"planted:f": 1}},
        r"score is \{'planted:f': 1\}; expected str",
    ),
    "a list of calls": ({"call": ["planted:f"]}, r"call is \['planted:f'\]; expected str"),
    "a list of terms": ({"log": ["planted:f"]}, r"log is \['planted:f'\]; expected str"),
    "a list of data": (
        {"score": "mig", "data": ["planted:f"]},
        r"data is \['planted:f'\]; expected str",
    ),
    "a list of parts": (
        {"score": "mig", "part": ["planted:f"]},
        r"part is \['planted:f'\]; expected str",
    ),
    "a score and a call": (
        {"score": "mig", "call": "planted:f"},
        r"has to name one of score, log and call",
    ),
    "no measure": ({}, r"has to name one of score, log and call"),
    "a text": ("planted:f", r"is 'planted:f'; expected names with values"),
}


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("where", ["measure", "along"])
@pytest.mark.parametrize("case", MISSHAPEN)
def test_a_measure_is_one_name(here, sign, case, where, trusted) -> None:
    """What evaluate takes as several names was not looked at, and its modules were imported."""
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)) + "def f(run):\n    return 1.0\n")
    measure, expected = MISSHAPEN[case]
    both = {
        "measure": {"log": "kl"},
        "along": {"log": "kl"},
        "over": ["method"],
        "against": ["method"],
    }
    path = recipe(here, checks=[both | {where: measure, "at_most": 1e6}])
    with pytest.raises(ValueError, match=rf"^claim.yaml: checks: 1: .*{expected}") as caught:
        reproduce.reproduce([path], "runs", trust=trusted, tell=lambda _: None)
    assert "\n" not in str(caught.value)
    assert not sign.exists()
    assert not Path("runs").exists()


FORBIDDEN = {
    "overwrite": True,
    "out": "elsewhere",
    "device": "cpu",
    "seed": 1,
    "progress": None,
    "trust": True,
}


@pytest.mark.parametrize("key", [*FORBIDDEN, "latents"])
def test_an_arm_chooses_a_training_and_nothing_else(here, key) -> None:
    """An arm that said `overwrite: true` deleted the user's run of the same name."""
    mine = reproduce.trained(Arm(**ARM), 0, here / "runs").path
    (mine / "notes.txt").write_text("kept")
    path = recipe(here, arm={key: FORBIDDEN.get(key, 1)})
    with pytest.raises(ValueError, match=rf"^claim.yaml: arms: method has '{key}', ") as caught:
        reproduce.reproduce([path], here / "runs", trust=True, tell=lambda _: None)
    assert "\n" not in str(caught.value)
    assert (mine / "notes.txt").read_text() == "kept"


@pytest.mark.parametrize("key", ["overwrite", "device", "out", "root", "progress", "data_options"])
def test_nor_by_its_settings(here, key) -> None:
    mine = reproduce.trained(Arm(**ARM), 0, here / "runs").path
    (mine / "notes.txt").write_text("kept")
    path = recipe(here, arm={"settings": ARM["settings"] | {key: True}})
    with pytest.raises(
        ValueError,
        match=rf"^claim.yaml: arms: method: it has a setting '{key}', which is none of a method's",
    ):
        reproduce.reproduce([path], here / "runs", trust=True, tell=lambda _: None)
    assert (mine / "notes.txt").read_text() == "kept"


CHECK: dict[str, Any] = {"measure": {"log": "kl"}, "at_most": 1}
MEASURE = "unweave.reproduction.measures."
LINE = {"over": ["method"], "against": ["method"], "along": {"log": "kl"}}
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"arm": "mehtod"}, "did you mean 'method'"),
    ({"ablation": "mehtod"}, "did you mean 'method'"),
    (
        {"at_least": "high"},
        "checks: 1: at_least is 'high'; expected float or names with values or none",
    ),
    ({"at_least": [1]}, r"at_least is \[1\]; expected float or names with values"),
    ({"at_least": {"arm": ["method"]}}, r"at_least: arm is \['method'\]; expected str"),
    ({"at_least": {"arm": "method", "times": "two"}}, "at_least: times is 'two'; expected float"),
    ({"at_least": float("nan")}, "at_least is nan; expected a finite number"),
    ({"at_least": 10**400}, "at_least is 1000.*; expected float"),
    ({"tolerance": "x"}, "checks: 1: tolerance is 'x'; expected float"),
    ({"tolerance": -1}, "tolerance is -1.0; it has to be at least 0"),
    ({"ablation": ["method"]}, r"ablation is \['method'\]; expected str or none"),
    ({"above": {"arm": "method"}}, "above is {'arm': 'method'}; expected str or none"),
    ({"of": "middle"}, "of is 'middle'; there are: best, mean, median, worst"),
    (LINE | {"over": "method"}, "over is 'method'; expected list of str"),
    (LINE | {"over": [1]}, "over is 1; expected str"),
    (LINE | {"along": "kl"}, "along is 'kl'; expected names with values or none"),
    ({"over": ["method"]}, "over, against and along go together"),
    (
        {"measure": {"log": "kl", "records": 0}},
        "checks: 1: the measure: records is 0; it has to be at least 1",
    ),
    ({"measure": {"log": "kl", "records": "all"}}, "the measure: records is 'all'; expected int"),
    (
        {"measure": {"log": "kl", "recrods": 2}},
        "the measure has no option 'recrods'; did you mean 'records'",
    ),
    ({"measure": {"score": "mgi"}}, "there is no metric 'mgi'; did you mean 'mig'"),
    ({"measure": {"score": "mig", "n": "all"}}, "the measure: n is 'all'; expected int or none"),
    ({"measure": {"score": "mig", "trust": True}}, "the measure has no option 'trust'"),
    ({"measure": {"call": "gain"}}, "the measure: call is 'gain'; expected module:function"),
    ({"measure": {"call": MEASURE + "use:gain"}}, "the measure has no 'fit', which it needs"),
    (
        {"measure": {"call": MEASURE + "aggregate:prior_gap", "kernel": "rfb"}},
        "kernel is 'rfb'; did you mean 'rbf'",
    ),
    (
        {"measure": {"call": MEASURE + "alignment:weakest_alignment", "factors": "shape"}},
        "expected list of str",
    ),
    (
        {"measure": {"call": MEASURE + "alignment:weakest_alignment", "factors": [1]}},
        "factors is 1; expected str",
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"arms": ["planted:f"]}, r"arms is \['planted:f'\]; expected names with values"),
        (
            {"arms": {"method": "planted:f"}},
            "arms: method is 'planted:f'; expected names with values: method, data",
        ),
        ({"arms": {"method": {"data": "digits"}}}, "arms: method has no 'method'"),
        (
            {"checks": [["planted:f"]]},
            r"checks: 1 is \['planted:f'\]; expected names with values: measure",
        ),
        (
            {"checks": {"measure": {"log": "kl"}}},
            "checks is {'measure'.*; expected list of names with values",
        ),
        ({"checks": []}, "checks is empty"),
        ({"checks": None}, "checks is None; expected list of names with values"),
        (
            {"arm": {"method": ["planted:f"]}},
            r"arms: method: method is \['planted:f'\]; expected str",
        ),
        (
            {"arm": {"data": {"planted:f": 1}}},
            "arms: method: data is {'planted:f': 1}; expected str",
        ),
        (
            {"arm": {"settings": ["planted:f"]}},
            r"settings is \['planted:f'\]; expected names with values",
        ),
        ({"arm": {"batch_options": 4}}, "batch_options is 4; expected names with values"),
        ({"arm": {"steps": "many"}}, "arms: method: steps is 'many'; expected int"),
        ({"arm": {"steps": float("inf")}}, "steps is inf; expected int"),
        ({"arm": {"holdout": float("nan")}}, "holdout is nan; it has to be at least 0"),
        ({"seeds": 3}, "seeds is 3; expected list of int"),
        ({"seeds": []}, "seeds is empty"),
        ({"seeds": [0, "1"]}, "seeds is '1'; expected int"),
        ({"seeds": [0, -1]}, "seeds is -1; it has to be at least 0"),
        ({"seeds": [0, True]}, "seeds is True; expected int"),
        ({"minutes": "ten"}, "minutes is 'ten'; expected int or float"),
        ({"minutes": float("inf")}, "minutes is inf; it has to be finite"),
        ({"claim": 5}, "claim is 5; expected str"),
        ({"mashine": "any"}, "has 'mashine', which means nothing here; did you mean 'machine'"),
        ({"measured": {"fresh": 1}}, "measured: fresh is 1; expected str"),
        ({"config": {"beta": 6}}, "has 'config', of which no arm and no check has anything"),
        ({"mesured": {"fresh": "1"}}, "has 'mesured', of which .*; did you mean 'measured'"),
        ({"seeds": [0, 1, 0]}, r"seeds are \[0, 1, 0\]; one of them is there twice"),
        *(
            ({"checks": [CHECK | itself]}, "it compares the arm 'method' with itself")
            for itself in (
                {"above": "method"},
                {"ablation": "method"},
                {"at_most": {"arm": "method", "times": 2.0}},
            )
        ),
        *(({"checks": [CHECK | check]}, expected) for check, expected in MALFORMED),
    ],
)
def test_what_is_no_recipe_says_so(here, capsys, changes, expected) -> None:
    """With exit code 2, since 1 says that a claim fails."""
    path = recipe(here, **changes)
    with pytest.raises(ValueError, match=f"^claim.yaml.*{expected}") as caught:
        listed.read(path)
    assert "\n" not in str(caught.value)
    assert main(["reproduce", path]) == 2
    assert capsys.readouterr().err == f"unweave: {caught.value}\n"


def test_a_trusted_recipe_measures_by_a_function_of_a_run(here, sign) -> None:
    Path("planted.py").write_text(
        PLANTED.format(sign=str(sign)) + "def f(run):\n    return 1.0\ndef g(x): return 1\n"
    )
    path = recipe(here, **RECIPES["measure"])
    assert main(["reproduce", path, "--trust"]) == 0
    assert sign.exists()
    with pytest.raises(NotTrusted, match="planted:g is no measure"):
        refused_by(
            "reproduce",
            recipe(here, checks=[{"measure": {"call": "planted:g"}, "at_most": 1}]),
            "--trust",
        )


def test_every_measure_of_our_recipes_is_in_the_table(here) -> None:
    for name in listed.recipes():
        assert reproduce.foreign_in(listed.read(name)) == []


@pytest.mark.parametrize(
    "line",
    [
        "method: planted:Net",
        "data: planted:images",
        "regulariser: planted:Net",
        "regulariser.critic: planted:N",
    ],
)
def test_a_file_of_options_runs_what_is_unweaves(here, sign, line) -> None:
    Path("planted.py").write_text(PLANTED.format(sign=str(sign)))
    key, _, name = line.partition(": ")
    usual = {"method": "factor-vae", "data": "digits", "steps": 1}
    Path("options.yaml").write_text(yaml.safe_dump(usual | {key: name}))
    with pytest.raises(NotTrusted, match=f"options.yaml names {name}"):
        refused_by("train", "--config", "options.yaml")
    assert not sign.exists()
    with pytest.raises(
        NotTrusted, match=r"has no|planted:\w+ is no"
    ):  # the module is run, and its name is wrong
        refused_by("train", "--config", "options.yaml", "--trust")
    assert sign.exists()


def test_a_file_cannot_trust_itself(here) -> None:
    Path("options.yaml").write_text("method: planted:Net\ntrust: true\n")
    with pytest.raises(
        NotTrusted, match=r"options.yaml says trust: that is a user's word, --trust"
    ):
        refused_by("train", "--config", "options.yaml")


def test_trust_is_asked_for_where_something_is_opened(here) -> None:
    np.save("codes.npy", np.eye(9))
    with pytest.raises(NotTrusted, match="--trust is for runs"):
        refused_by("evaluate", "--codes", "codes.npy", "--factors", "codes.npy", "--trust")


# -- the working directory


def python(*words: str) -> subprocess.CompletedProcess[str]:
    """`unweave WORDS` as its console script runs it: the working directory is not on the path."""
    program = "import sys; from unweave.cli import main; sys.exit(main())"
    source = str(Path(unweave.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source}
    return subprocess.run(
        [sys.executable, "-P", "-c", program, *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


PLANTABLE = (
    "pandas",
    "polars",
    "cupy",
    "jax",
    "tensorboard",
    "torchvision",
    "matplotlib",
    "multiprocessing",
    "yaml",
)


def test_modules_planted_in_the_working_directory_are_not_run(honest, here, sign) -> None:
    for name in PLANTABLE:
        Path(f"{name}.py").write_text(PLANTED.format(sign=str(sign)) + "raise ImportError\n")
    path = shutil.copytree(honest, here / "downloaded")
    done = python("evaluate", str(path), "--data", "digits", "--n", "200", "--metrics", "sap")
    assert (done.returncode, sign.exists()) == (0, False), done.stderr


def test_nor_by_the_processes_that_train(here, sign) -> None:
    for name in PLANTABLE:
        Path(f"{name}.py").write_text(PLANTED.format(sign=str(sign)) + "raise ImportError\n")
    done = python("reproduce", recipe(here), "--jobs", "2")
    assert (done.returncode, sign.exists()) == (0, False), done.stderr


def test_the_path_is_as_it_was_after_a_module_of_ones_own(here, sign) -> None:
    Path("mine.py").write_text(MINE.format(sign=str(sign)))
    before = list(sys.path)
    class_of("mine:Mine", "method")
    class_of("vae", "method")
    assert sys.path == before


# -- files that are no files


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_what_is_neither_a_file_nor_a_folder_is_not_read(here, kind) -> None:
    if kind == "fifo":
        os.mkfifo("images.npy")
    else:
        Path("images.npy").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=r"images.npy is neither a file nor a folder"):
        unweave.data.load("images.npy")


@pytest.mark.parametrize("name", ["log.jsonl", "weights.safetensors", "scores.json"])
def test_a_run_folder_with_a_pipe_in_it_is_not_waited_for(honest, here, name) -> None:
    path = Path(shutil.copytree(honest, here / "downloaded"))
    (path / name).unlink(missing_ok=True)
    os.mkfifo(path / name)
    done = python("report", str(path))
    assert done.returncode in (0, 2), done.stderr


def test_a_link_planted_in_a_run_folder_is_not_written_through(honest, here) -> None:
    path = Path(shutil.copytree(honest, here / "downloaded"))
    (here / "precious").write_text("kept")
    (path / "scores.json.new").symlink_to(here / "precious")
    unweave.evaluate(load_run(path), "active_latents")
    assert (here / "precious").read_text() == "kept"
    assert Folder(path).scores().keys() == {"active_latents"}


OWN = (
    "config.json",
    "origin.json",
    "log.jsonl",
    "weights.safetensors",
    "state",
    "state/checkpoint.safetensors",
    "scores.json",
    "done",
)
WRITING: dict[str, Callable[[Path], object]] = {
    "resume": resume,
    "evaluate": lambda path: unweave.evaluate(load_run(path), "active_latents"),
    "command resume": lambda path: refused_by("train", "--resume", path),
    "command evaluate": lambda path: refused_by("evaluate", path, "--metrics", "active_latents"),
}


def linked(honest: Path, here: Path, name: str) -> tuple[Path, Path]:
    """The honest run, unfinished, one of whose files is a link to its like elsewhere; and what that is."""
    path, other = Path(shutil.copytree(honest, here / "downloaded")), here / "precious"
    (path / "done").unlink()
    if (path / name).is_dir():
        shutil.move(path / name, other)
    else:
        other.write_bytes((path / name).read_bytes() if (path / name).exists() else b"{}")
        (path / name).unlink(missing_ok=True)
    (path / name).symlink_to(other)
    return path, other


def contents(place: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in [place, *place.rglob("*")] if file.is_file()}


@pytest.mark.parametrize("way", WRITING)
@pytest.mark.parametrize("name", OWN)
def test_a_run_folder_with_links_among_its_files_is_not_written_to(honest, here, name, way) -> None:
    """Another folder's checkpoint was overwritten through `state`, and a linked scores.json was read."""
    path, other = linked(honest, here, name)
    before = contents(here)
    with pytest.raises(ValueError, match=rf"its {name} is a symbolic link") as caught:
        WRITING[way](path)
    assert "\n" not in str(caught.value)
    assert contents(here) == before
    assert contents(other)


@pytest.mark.parametrize("name", ["done", "log.jsonl", "scores.json"])
def test_nor_is_a_file_made_where_a_link_points_to_nothing(honest, here, name) -> None:
    path = Path(shutil.copytree(honest, here / "downloaded"))
    for file in ("done", name):
        (path / file).unlink(missing_ok=True)
    (path / name).symlink_to(here / "made")
    for way in WRITING.values():
        with pytest.raises(ValueError, match=rf"its {name} is a symbolic link"):
            way(path)
    assert not (here / "made").exists()


@pytest.mark.parametrize("name", [name for name in OWN if "/" not in name])
def test_a_new_run_is_not_begun_among_links(here, tiny_images, name) -> None:
    """A folder of the name that a run will have, without a config, that was put there beforehand."""
    choice = {"data": tiny_images, "out": here / "runs", **SMALL}
    path = unweave.train("vae", **choice).path
    shutil.rmtree(path)
    path.mkdir()
    (here / "precious").mkdir()
    (path / name).symlink_to(here / "precious" if name == "state" else here / "made")
    with pytest.raises(ValueError, match=rf"its {name} is a symbolic link"):
        unweave.train("vae", **choice)
    assert not any((here / "precious").iterdir())
    assert not (here / "made").exists()


def test_overwriting_removes_links_and_not_what_they_point_to(here, tiny_images) -> None:
    choice = {"data": tiny_images, "out": here / "runs", **SMALL}
    path = unweave.train("vae", **choice).path
    shutil.move(path / "state", here / "precious")
    (path / "state").symlink_to(here / "precious")
    before = contents(here / "precious")
    unweave.train("vae", **choice, overwrite=True)
    assert contents(here / "precious") == before
    assert not (path / "state").is_symlink()
    shutil.move(path, here / "moved")
    path.symlink_to(here / "moved")
    before = contents(here / "moved")
    with pytest.raises(ValueError, match="is a symbolic link, and is not overwritten"):
        unweave.train("vae", **choice, overwrite=True)
    assert contents(here / "moved") == before


def test_the_folder_itself_may_be_a_link(honest, here) -> None:
    moved = Path(shutil.copytree(honest, here / "another disk"))
    (moved / "done").unlink()
    (here / "run").symlink_to(moved)
    resume(here / "run")
    unweave.evaluate(load_run(here / "run"), "active_latents")
    assert (moved / "done").is_file()
    assert (moved / "scores.json").is_file()
