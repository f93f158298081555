"""Signals: they end a command at once, and a training after a step, with a checkpoint.

A signal that is ignored where the process was started, as SIGHUP under nohup, stays ignored.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Stopped(KeyboardInterrupt):
    """A signal ended a command, or a training after a step, whose checkpoint was kept.

    number: of the signal.
    """

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def raised() -> Iterator[None]:
    """Within the block a signal raises Stopped; during an import it ends the process with a line.

    Libraries in C++ that are half imported abort at an exception from a signal.
    """

    def act(number: int, frame: FrameType | None) -> None:
        if _importing(frame):
            os.write(2, b"unweave: interrupted\n")
            os._exit(128 + number)
        raise Stopped(number)

    with _handled(act):
        yield


@contextmanager
def remembered() -> Iterator[Callable[[], int | None]]:
    """Within the block a first signal is remembered and a second one acts as before.

    Gives a function that returns the number of the signal that came, None before. Outside of the
    main thread, which alone receives signals, nothing changes.
    """
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(number)
        _restore(before)

    with _handled(remember) as before:
        yield lambda: next(iter(received), None)


@contextmanager
def _handled(act: Callable[[int, FrameType | None], None]) -> Iterator[Mapping[int, Any]]:
    """A handler within the block for all signals that are not ignored; gives those before.

    None outside the main thread.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        found = {number: signal.getsignal(number) for number in numbers}
        # None: it was not set from Python, and could not be put back
        left = (signal.SIG_IGN, None)
        before = {number: handler for number, handler in found.items() if handler not in left}
    for number in before:
        signal.signal(number, act)
    try:
        yield before
    finally:
        _restore(before)


def _restore(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported in a frame, or in one that called it."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
