"""Jobs by key, in this process on demand or in worker processes, which end when it ends."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from unweave.runs.stopping import Stopped

INHERITED = {  # environment of the worker processes
    # several processes on all threads each would slow each other down tenfold
    "OMP_NUM_THREADS": "1",
    # workers start as `python -c`, which imports from the working directory first
    "PYTHONSAFEPATH": "1",
}
PATIENCE = 60.0  # seconds in which a worker that has to end can finish a step and keep a checkpoint
# in a worker: the process that started it has ended, or wants no more of it
_left_alone = threading.Event()


@contextmanager
def results(
    work: Callable[..., Any], plan: Mapping[str, tuple[Any, ...]], jobs: int
) -> Iterator[Callable[[str], Any]]:
    """A function from a key of the plan to `work` of its arguments.

    jobs: worker processes; with 1 the work is done here, on demand. After an error or a signal, and
    when this process is killed, the workers begin nothing more: a training in one of them keeps a
    checkpoint after its step, and ends.
    """
    if jobs == 1:
        yield functools.cache(lambda key: work(*plan[key]))
        return
    before = {name: os.environ.get(name) for name in INHERITED}
    os.environ |= INHERITED
    context = multiprocessing.get_context("spawn")
    # its end here is closed by us, or when this process dies
    seen_by_workers, held_here = context.Pipe(duplex=False)
    workers = ProcessPoolExecutor(jobs, context, initializer=_watch, initargs=(seen_by_workers,))
    try:
        futures = {key: workers.submit(_worked, work, arguments) for key, arguments in plan.items()}
        yield lambda key: futures[key].result()
        workers.shutdown()
    finally:
        held_here.close()
        workers.shutdown(cancel_futures=True)
        seen_by_workers.close()
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _watch(other_end: Connection) -> None:
    """In a worker: end it once the other end of a pipe is closed."""
    threading.Thread(target=_end_after, args=(other_end,), daemon=True).start()


def _end_after(other_end: Connection) -> None:
    with suppress(EOFError, OSError):
        other_end.recv_bytes()
    _left_alone.set()
    # a training keeps a checkpoint and raises Stopped; nothing else catches it
    signal.raise_signal(signal.SIGTERM)
    threading.Event().wait(PATIENCE)
    os._exit(1)


def _worked(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """In a worker: the result of one job; it ends if it is left alone and a signal came."""
    try:
        return work(*arguments)
    except Stopped as stopped:
        if _left_alone.is_set():
            os._exit(128 + stopped.number)
        raise
