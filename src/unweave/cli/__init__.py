"""The command line: `unweave COMMAND ...`.

One file for each command, with `run(arguments) -> exit code`.

An error that the user can fix ends in one line on stderr and exit code 2, training that diverged in
exit code 1, a signal in 128 and its number: 130 for an interrupt, 143 for SIGTERM. Any other error
in third-party code ends in a traceback of its own lines, and exit code 1. What commands print and
log has its control characters shown, see `unweave.text`. Nothing here imports torch before a
command needs it.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module

from unweave.cli.own_lines import place, traced
from unweave.cli.parser import complain
from unweave.files.atomic import refuse_undecodable
from unweave.runs.stopping import raised
from unweave.settings import nearest
from unweave.text import shown

# A module each, of that name; `listing` for list, as a sub-module hides the builtin of its name.
COMMANDS = {
    "demo": "render dSprites, train, score, write a report: see it work",
    "train": "train a method on data; continue a run with --resume",
    "evaluate": "score a run, or codes beside factors from any tool",
    "report": "one HTML file that shows and compares runs",
    "data": "the data sets: list, fetch, verify, and look at them, or at your own images",
    "choose": "which methods fit your data, and the recipe nearest to each",
    "list": "the methods, parts, metrics and data sets that there are",
    "reproduce": "run a recipe and compare with the number it states",
}
# in PyTorch's words
TOO_MUCH = "out of memory|not enough memory|allocate memory|Storage size calculation overflowed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, given as words (default: those of the process). Returns the exit code."""
    if arguments is None:
        arguments = sys.argv[1:]
    with raised():
        return _ended(list(arguments))


def _ended(given: list[str]) -> int:
    """Run one command; what it raises as a line and an exit code."""
    try:
        for word in given:
            refuse_undecodable(word, "an argument")
        with (
            warnings.catch_warnings(),
            redirect_stdout(shown(sys.stdout)),
            redirect_stderr(shown(sys.stderr)),
        ):
            warnings.showwarning = _show
            return _dispatch(given)
    except SystemExit as stop:  # argparse ends --help this way
        return int(stop.code or 0)
    except KeyboardInterrupt as interrupt:
        return complain("interrupted", 128 + getattr(interrupt, "number", 2))
    except BrokenPipeError:  # `unweave list | head`: the reader has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename and error.strerror:
            return complain(f"{error.filename}: {error.strerror}{place(error)}")
        return complain(str(error) + place(error))
    except (ValueError, ImportError) as error:
        return complain(str(error) + place(error))
    except Exception as error:
        if found := _out_of_memory(error):
            return complain(found)
        lines = traced(error)
        if not lines:  # a fault of unweave's own
            raise
        print(lines, end="", file=shown(sys.stderr))
        return 1


def _out_of_memory(error: Exception) -> str:
    """What to do, and how much could not be had; "" for any other error.

    PyTorch raises a RuntimeError of many lines.
    """
    said = str(error)
    in_words = isinstance(error, RuntimeError) and re.search(TOO_MUCH, said)
    if not isinstance(error, MemoryError) and not in_words:
        return ""
    problem = "out of memory"
    sizes = re.search(r"(?i)(?:allocate|of) ([\d.]+ ?(?:bytes|[KMGT]i?B))", said)
    if sizes:
        problem += f" ({sizes[1]} more)"
    return f"{problem}: a smaller batch, fewer images (--n) or narrower networks take less"


def _show(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as one line on stderr, without the line of code that it came from."""
    print(f"unweave: warning: {' '.join(str(message).split())}", file=sys.stderr)


def _dispatch(given: list[str]) -> int:
    """Run the command that the first word names. Raises ValueError if there is no such command."""
    if not given or given[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if given[0] == "--version":
        from importlib.metadata import version

        print(version("unweave"))
        return 0
    if given[0] not in COMMANDS:
        raise ValueError(f"there is no command {given[0]!r}; {nearest(given[0], COMMANDS)}")
    module = {"list": "listing"}.get(given[0], given[0])
    return import_module(f"unweave.cli.{module}").run(given[1:])


def _overview() -> str:
    """The help text of `unweave` without a command."""
    lines = [f"  {name:<10} {about}" for name, about in COMMANDS.items()]
    usage = (
        "usage: unweave COMMAND ...\n\n"
        "Disentangled representations: train, measure, compare, show.\n"
    )
    more = (
        "\n`unweave COMMAND --help` says more; "
        "`unweave train METHOD --help` shows every option of a method."
    )
    return "\n".join((usage, *lines, more))
