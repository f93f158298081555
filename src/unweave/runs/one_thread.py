"""One training at a time in a process: torch's default generators, from which methods draw, are
shared by its threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from unweave.runs.errors import RunError

# {process: thread that trains in it}; a forked process finds none of its own
_training: dict[int, int] = {}


@contextmanager
def this_thread() -> Iterator[None]:
    """Training in this thread, which may train another run between two steps.

    RunError while another thread trains.

    The random state that the caller gets back would else be that of the other training, half way.
    """
    process = os.getpid()
    thread = threading.get_ident()
    inner = _training.get(process) == thread
    # one operation, so that two threads cannot both pass
    if _training.setdefault(process, thread) != thread:
        raise RunError(
            "another thread of this process is training, and torch's random numbers are shared by "
            "all threads: train one after the other, or in processes of their own "
            "(n_jobs of scikit-learn without a threading backend)"
        )
    try:
        yield
    finally:
        if not inner:
            del _training[process]
