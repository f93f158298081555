"""`python -m unweave`, and the program `unweave`; of several processes the first one prints."""

from __future__ import annotations

import os
import signal
import sys


def start() -> int:
    """The command line as the whole of a process. Returns the exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # an interrupt of what is imported here ends it without a traceback
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from unweave.cli import main

    if os.environ.get("RANK", "0") != "0":
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (it stays open until the process ends)
    return main()


if __name__ == "__main__":
    sys.exit(start())
