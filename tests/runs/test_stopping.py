"""A signal ends a training after the step it came in, with a checkpoint of that step; a second one acts at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.configs import SMALL

import unweave
from unweave.cli import main
from unweave.runs import stopping
from unweave.runs.run import load_run
from unweave.runs.train import resume

HOW = {"steps": 6, "batch_size": 8, "log_every": 2, **SMALL}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    np.save(
        tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (24, 1, 8, 8), dtype=np.uint8)
    )
    return tmp_path / "a.npy"


@pytest.fixture(autouse=True)
def _not_ignored() -> Iterator[None]:
    """The three signals as in a terminal; a worker of the tests may ignore them."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    for number in before:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def at_step(step: int, number: int) -> Any:
    """A watcher of the progress that sends this process a signal at a record."""
    return lambda record: os.kill(os.getpid(), number) if record.get("step") == step else None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_checkpoint_of_its_step_and_the_end_is_the_same(
    number: int, pictures: Path, tmp_path: Path
) -> None:
    whole = unweave.train("vae", pictures, out=tmp_path / "whole", **HOW)
    before = signal.getsignal(number)
    with pytest.raises(stopping.Stopped) as stopped:
        unweave.train("vae", pictures, out=tmp_path / "stopped", progress=at_step(4, number), **HOW)
    assert stopped.value.number == number
    assert signal.getsignal(number) is before
    path = tmp_path / "stopped" / whole.path.name
    resumed: list[dict[str, Any]] = []
    again = resume(path, progress=resumed.append)
    assert {k: v for record in resumed for k, v in record.items() if k == "resumed"} == {
        "resumed": 4
    }
    images = load_run(path).data.take(np.arange(24))
    assert np.array_equal(again.encode(images), whole.encode(images))


def test_a_second_signal_acts_at_once() -> None:
    with stopping.remembered() as received:
        os.kill(os.getpid(), signal.SIGINT)
        assert received() == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As SIGHUP under nohup: the terminal is closed, and the training goes on."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for handled in (stopping.remembered, stopping.raised):
        with handled():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_any_command_with_one_line(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("unweave.cli.listing.run", lambda _: os.kill(os.getpid(), number))
    assert main(["list"]) == 128 + number
    assert capsys.readouterr().err == "unweave: interrupted\n"


def test_a_signal_during_an_import_ends_the_process_with_one_line(tmp_path: Path) -> None:
    """Raised there it would pass through half of a library, which for one in C++ is an abort."""
    slow = "import os, time\ntry:\n    os.kill(os.getpid(), 2)\n    time.sleep(9)\nfinally:\n    print('half')"
    (tmp_path / "slow.py").write_text(slow)
    words = ["train", "slow:Mine", "--data", "digits"]
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"from unweave.__main__ import start; sys.argv = ['unweave', *{words!r}]; sys.exit(start())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "unweave: interrupted\n")


def test_in_another_thread_nothing_is_touched() -> None:
    found: list[int | None] = []

    def use() -> None:
        with stopping.remembered() as received:
            found.append(received())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == [None]


def test_the_command_says_how_to_go_on_and_ends_with_the_signals_code(
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from unweave.cli.progress import Progress

    call = Progress.__call__

    def stop(self: Progress, record: dict[str, Any]) -> None:
        call(self, record)
        at_step(2, signal.SIGTERM)(record)

    monkeypatch.setattr(Progress, "__call__", stop)
    words = [f"--{name.replace('_', '-')}={value}" for name, value in HOW.items()]
    assert (
        main(["train", "vae", "--data", str(pictures), "--out", str(tmp_path / "runs"), *words])
        == 143
    )
    assert "interrupted; continue with `unweave train --resume " in capsys.readouterr().err
