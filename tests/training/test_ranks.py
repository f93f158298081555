"""Two processes on one machine learn what one learns from their joined batch; only the first writes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tests.training.two_processes import CASES, RUN, STEPS, N, learned, pictures
from torch import Tensor

from unweave.runs.train import resume, train

WORKER = Path(__file__).with_name("two_processes.py")
BOTH = (0, 1)


def together(
    commands: list[list[str]], environments: list[dict[str, str]]
) -> list[tuple[int, str, str]]:
    """Processes at the same time: (exit code, stdout, stderr) of each."""
    pairs = zip(commands, environments, strict=True)
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(c, env=os.environ | e, **pipe) for c, e in pairs]  # type: ignore[call-overload]
    try:
        said = [process.communicate(timeout=120) for process in started]
    finally:
        for process in started:
            process.kill()
    return [(process.returncode, *texts) for process, texts in zip(started, said, strict=True)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes left."""
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        pytest.skip("this build of torch has no gloo")
    folder = tmp_path_factory.mktemp("two")
    pictures(folder)
    commands = [[sys.executable, str(WORKER), str(own), str(folder)] for own in BOTH]
    ended = together(commands, [{"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}] * 2)
    if any("gloo" in text.lower() and "connect" in text.lower() for _, _, text in ended):
        pytest.skip(f"gloo cannot start here: {ended[0][2][-300:]}")
    assert [code for code, *_ in ended] == [0, 0], ended
    return folder


@pytest.fixture(scope="module")
def seen(folder: Path) -> list[dict[str, Any]]:
    """What each of the two saw."""
    return [json.loads((folder / f"{own}.json").read_text()) for own in BOTH]


def weights(path: Path) -> dict[str, Tensor]:
    return load_file(path)


@pytest.mark.parametrize("case", CASES)
def test_weights_are_equal_and_those_of_one_process_with_the_joined_batch(
    folder: Path, seen: list[dict[str, Any]], case: str
) -> None:
    first, second = (weights(folder / f"{case}-{own}.safetensors") for own in BOTH)
    assert all(torch.equal(first[name], second[name]) for name in first)
    alone, at_once = learned(case)
    if case == "skipped":  # in two processes alone: the second one's gradient at step 2 is too long
        assert [own[case]["skipped"] for own in seen] == [{"model": 1}] * 2
        return
    names = alone.keys() - {"total"}
    torch.testing.assert_close(
        {n: first[n] for n in names}, {n: alone[n] for n in names}, rtol=1e-5, atol=1e-6
    )
    for step in range(STEPS):
        assert seen[0][case]["terms"][step] == seen[1][case]["terms"][step]
        assert seen[0][case]["terms"][step] == pytest.approx(at_once["terms"][step], rel=1e-5)


def test_each_sees_its_rows_and_its_own_noise(seen: list[dict[str, Any]]) -> None:
    rows = [own["plain"]["rows"] for own in seen]
    assert rows == [[list(range(N // 2))] * STEPS, [list(range(N // 2, N))] * STEPS]
    noise = [own["plain"]["noise"] for own in seen]
    assert len({*noise[0], *noise[1], *learned("plain")[1]["noise"]}) == 3 * STEPS


def test_a_parameter_that_no_process_uses_stays_without_a_move(folder: Path) -> None:
    found = weights(folder / "plain-0.safetensors")
    assert found["never"] == 1
    assert found["idle"] != 1


def test_buffers_are_those_of_the_first_process(folder: Path) -> None:
    """A sum of means over what the first process saw: its rows alone."""
    sums = [sum(float(torch.sin(torch.arange(N * 1.5) + step).mean()) for step in range(STEPS))]
    assert weights(folder / "plain-1.safetensors")["total"].item() == pytest.approx(
        sums[0], rel=1e-5
    )


def test_mistakes_are_named_in_every_process(seen: list[dict[str, Any]]) -> None:
    for own in seen:
        assert own["odd"].startswith("ValueError: 2 processes cannot share a batch of 3 ")
        assert own["restarted"].startswith(
            "RuntimeError: step 2: the weights idle differ between processes"
        )
    assert seen[0]["taken"].startswith("RunExists: ")
    assert seen[1]["taken"] == "Failed: process 1 stops: the first process could not go on"


def test_a_run_of_two_processes_is_that_of_one_where_nothing_is_noise(
    folder: Path, tmp_path: Path
) -> None:
    (two,) = (folder / "ae").iterdir()
    alone = train("ae", str(folder / "pictures.npy"), out=tmp_path, **RUN)
    assert two.name == alone.path.name
    torch.testing.assert_close(
        weights(two / "weights.safetensors"),
        weights(alone.path / "weights.safetensors"),
        rtol=1e-4,
        atol=1e-6,
    )
    records = [json.loads(line) for line in (two / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [2, 4, 6], "one process writes"
    for ours, theirs in zip(records, alone.records(), strict=True):
        assert ours["loss/model"] == pytest.approx(theirs["loss/model"], rel=1e-4)
    assert (two / "done").exists()


def test_a_resumed_run_of_two_is_the_one_that_was_not_stopped(folder: Path) -> None:
    (resumed,), (straight,) = ((folder / name).iterdir() for name in ("resumed", "vae"))
    found, expected = (weights(run / "weights.safetensors") for run in (resumed, straight))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


def test_resumed_by_another_number_of_processes_is_said(folder: Path) -> None:
    (run,) = (folder / "vae").iterdir()
    (run / "done").unlink()
    with pytest.warns(
        UserWarning, match=r"was trained by 2 processes, now by 1: its noise differs"
    ):
        resume(run)


def test_the_command_joins_what_torchrun_starts(folder: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--{name}={value}" for name, value in RUN.items()]
    command = [
        sys.executable,
        "-m",
        "unweave",
        "train",
        "ae",
        f"--data={folder / 'pictures.npy'}",
        f"--out={tmp_path}",
    ]
    torchrun = {
        "TORCHELASTIC_RUN_ID": "none",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = together(
        [[*command, *options]] * 2, [torchrun | path | {"RANK": str(own)} for own in BOTH]
    )
    assert [code for code, *_ in ended] == [0, 0], ended
    (run,) = tmp_path.iterdir()
    assert ended[0][1].splitlines()[-1] == str(run)
    assert not ended[1][1], "the first one speaks"
    assert json.loads((run / "config.json").read_text())["resolved"]["processes"] == 2
