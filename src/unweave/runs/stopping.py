"""Signals end a training between two steps, so that a checkpoint of the last one can be kept first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Stopped(KeyboardInterrupt):
    """A signal ended a training after a step, whose checkpoint was kept. number: of the signal."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def remembered() -> Iterator[Callable[[], int | None]]:
    """Within the block a first signal is remembered and a second one acts as before.

    Gives a function that returns the number of the signal that came, None before. Outside of the main thread, which
    alone receives signals, nothing changes.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    before = {number: signal.getsignal(number) for name in NAMES if (number := getattr(signal, name, None))}

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(number)
        _restore(before)

    for number in before:
        signal.signal(number, remember)
    try:
        yield lambda: received[0] if received else None
    finally:
        _restore(before)


def _restore(handlers: Mapping[Any, Any]) -> None:
    for number, handler in handlers.items():
        if handler is not None:  # None: it was not set from Python, and cannot be
            signal.signal(number, handler)
