"""Commands of unweave in processes of their own, forked from one that has imported everything: three seconds less each."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process with threads cannot be forked

import unweave.runs.monitor
from unweave.cli import main

for name in (
    "torch._dynamo",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.datasets",
):  # by optimisers, metrics
    importlib.import_module(name)
for name in (
    "cli.train",
    "cli.evaluate",
    "data.datasets.digits",
    "methods.infogan",
    "report",
    "runs.train",
):
    importlib.import_module(f"unweave.{name}")


class Process:
    """`unweave WORDS...`, in a child that leads a group of its own; what it says goes to a file.

    before: called in the child first.
    """

    def __init__(
        self, words: Sequence[str], said: Path, before: Callable[[], object] = lambda: None
    ):
        self.said = said
        self.code: int | None = None
        said.write_bytes(b"")
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            return
        code = 70
        try:
            os.setpgid(0, 0)
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(
                signal.SIGINT, signal.default_int_handler
            )  # ignored where this runs in the background
            file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, 1)
            os.dup2(file, 2)
            before()
            code = main([str(word) for word in words])
            sys.stdout.flush()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)

    def ended(self) -> bool:
        """Whether it has ended; then `code` is its exit code, of a signal minus its number."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        until(self.ended)
        assert self.code is not None
        return self.code

    def send(self, number: int) -> None:
        """A signal to it, if it has not ended."""
        if not self.ended():
            os.kill(self.pid, number)

    def kill(self) -> bool:
        """Kill it. Returns whether it had not ended by itself."""
        self.send(signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    def lines(self) -> list[str]:
        """What it has said."""
        return self.said.read_text(errors="replace").splitlines()


def until(happened: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait for something to happen. TimeoutError after some seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing happened within {seconds:.0f} s")
        time.sleep(0.002)


def keep_at_every_step() -> None:
    """In a child: a checkpoint after every step, so that many kills come in the middle of a write."""
    unweave.runs.monitor.CHECKPOINT_SECONDS = 0.0
