"""The config of a run: read back key by key, refused by name, and the same name for the same choice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unweave
from unweave.runs.errors import RunError
from unweave.runs.folder import Folder
from unweave.runs.train import resume

GOLDEN = Path(__file__).parents[1] / "golden"
WRITTEN = GOLDEN / "run_format_1" / "factor-vae-digits-e42f988e-3"
TODAY = GOLDEN / "run_format_2" / "factor-vae-digits-1c082147-3"
CODES = [
    [0.21107164, 0.58681095],
    [-0.20313451, 0.18835494],
    [0.36657345, -0.45074657],
]  # by the code that wrote it


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A run that an earlier version wrote."""
    return Path(shutil.copytree(WRITTEN, tmp_path / WRITTEN.name))


def test_a_run_of_an_earlier_version_opens_scores_and_keeps_its_name(path: Path) -> None:
    run = unweave.load_run(path)
    images = run.data.take(np.arange(3))
    np.testing.assert_allclose(run.encode(images), CODES, atol=1e-6)
    assert run.config.run_name() == path.name
    assert run.folder.scores()["mig"].value == pytest.approx(0.01934548846005229)
    assert len(run.held) == run.config.data.held_out == 180


def test_a_run_of_the_format_with_checksums_opens_scores_and_is_resumed(tmp_path: Path) -> None:
    path = Path(shutil.copytree(TODAY, tmp_path / TODAY.name))
    run = unweave.load_run(path)
    assert run.folder.format == 2
    expected = [[-0.02292236, -0.07673386], [-0.14584772, -0.34278736], [0.04075298, -0.12651044]]
    np.testing.assert_allclose(run.encode(run.data.take(np.arange(3))), expected, atol=1e-6)
    assert run.config.run_name() == path.name
    assert run.folder.scores()["mig"].value == pytest.approx(0.17779920040948888)
    (path / "done").unlink()
    assert [record["step"] for record in resume(path).records()] == [2, 4, 5]


def test_a_run_of_an_earlier_version_is_resumed(path: Path) -> None:
    (path / "done").unlink()
    config = json.loads((path / "config.json").read_text())
    config["loop"]["steps"] = 5
    (path / "config.json").write_text(json.dumps(config))
    assert [record["step"] for record in resume(path).records()] == [3, 5]


def test_what_is_written_is_read_back(path: Path) -> None:
    config = Folder(path).config
    again = Folder.create(path.parent / "again", config).config
    assert again == config
    assert again.loop.holdout == 0.1
    assert again.data.info.shape == (1, 8, 8)


@pytest.mark.parametrize("folder", [WRITTEN, TODAY])
def test_the_options_of_batches_are_written_again_byte_for_byte(folder: Path) -> None:
    written = json.loads((folder / "config.json").read_text())
    again = Folder(folder).config.plain()
    assert json.dumps(again["batches"]) == json.dumps(written["batches"])
    assert json.dumps(again["loop"]) == json.dumps(written["loop"])


def test_a_whole_config_is_written_again_byte_for_byte() -> None:
    written = json.loads((TODAY / "config.json").read_text())
    again = {"format": 2, **Folder(TODAY).config.plain(), "crc32": written["crc32"]}
    assert json.dumps(again) == json.dumps(written)


def test_options_of_batches_that_a_run_does_not_say_have_their_defaults(path: Path) -> None:
    whole = Folder(path).config
    config = json.loads((path / "config.json").read_text())
    del config["batches"]["per_class"], config["batches"]["observed"]
    (path / "config.json").write_text(json.dumps(config))
    assert Folder(path).config == whole


def setting(config: dict[str, Any]) -> None:
    config["method"]["settings"]["rdgulariser.gamma"] = 3


def seed(config: dict[str, Any]) -> None:
    config["loop"]["seed"] = "7"


def holdout(config: dict[str, Any]) -> None:
    config["loop"]["holdout"] = 2.0


def batches(config: dict[str, Any]) -> None:
    config["batches"]["gruop_size"] = 4


def shape(config: dict[str, Any]) -> None:
    config["data"]["info"]["shape"] = [1, "8", 8]


def missing(config: dict[str, Any]) -> None:
    del config["data"]["about"]


def white(config: dict[str, Any]) -> None:
    config["data"]["floats"] = [0, 1, 2]


WRONG: dict[Callable[[dict[str, Any]], None], str] = {
    setting: "no setting 'rdgulariser.gamma' here; did you mean 'regulariser.gamma'?",
    seed: "config.json: loop: seed is '7'; expected int",
    holdout: "config.json: loop: holdout is 2.0; it has to be at most 0.9",
    batches: "config.json: batches has 'gruop_size', which means nothing here; did you mean 'group_size'?",
    shape: "config.json: data: info: shape is '8'; expected int",
    missing: "config.json: data has no 'about'",
    white: "config.json: data: floats is [0, 1, 2]; expected",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda change: change.__name__)
def test_a_config_that_says_what_none_can_is_refused_by_name(
    path: Path, wrong: Callable[..., None]
) -> None:
    config = json.loads((path / "config.json").read_text())
    wrong(config)
    (path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError) as caught:
        unweave.load_run(path)
    assert WRONG[wrong] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
