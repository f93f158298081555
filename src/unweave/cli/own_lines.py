"""Lines of third-party code that led to an error: the last one, or a traceback of them alone."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path


def place(error: BaseException) -> str:
    """The line of third-party code that was running, and the notes; "" if there is none.

    E.g. " (mine.py, line 8, in Mine.losses, step 3)". Of an error that names another as its cause,
    the line of the cause.
    """
    cause: BaseException | None = error
    while cause is not None:
        lines = list(_own(traceback.extract_tb(cause.__traceback__)))
        if lines:
            last = lines[-1]
            notes = getattr(cause, "__notes__", ())
            words = (Path(last.filename).name, f"line {last.lineno}", *notes)
            return f" ({', '.join(words)})"
        cause = cause.__cause__
    return ""


def traced(error: Exception) -> str:
    """The traceback of an error, with the lines of third-party code alone; "" if there are none."""
    whole = traceback.TracebackException.from_exception(error)
    count = 0
    trace: traceback.TracebackException | None = whole
    while trace is not None:
        trace.stack = traceback.StackSummary.from_list(_own(trace.stack))
        count += len(trace.stack)
        trace = trace.__cause__ or trace.__context__
    if not count:
        return ""
    return "".join(whole.format())


def _own(lines: Iterable[traceback.FrameSummary]) -> Iterator[traceback.FrameSummary]:
    """The lines that are neither of unweave nor of an installed package nor of generated code."""
    installed = (str(Path(__file__).parents[1]), *sysconfig.get_paths().values())
    for line in lines:
        if not line.filename.startswith(("<", *installed)):
            yield line
