"""Argument parser of the command line: strict options, errors of one line, spelling of names."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from unweave.settings import nearest
from unweave.text import visible

OTHER_DATA = (
    "take data whose contents have changed since the run was trained; scores and page say so"
)
TRUST = "run the code that it names and that is not unweave's (your own runs need no word)"


class Parser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` without abbreviations; `--test_codes` is `--test-codes`."""

    def __init__(self, command: str, about: str):
        super().__init__(prog=f"unweave {command}", description=about, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise ValueError for a wrong command line, in place of ending the process."""
        raise ValueError(f"{message}; see `{self.prog} --help`")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse the options. ValueError first of all for unknown ones and those given twice."""
        given = [dashed(word) for word in arguments]
        options = self._option_string_actions
        seen: set[str] = set()
        for word in given:
            name = word.partition("=")[0]
            if name in seen:
                raise ValueError(f"{name} is given twice")
            if name in options:
                seen.add(name)
            elif name.startswith("--"):
                known = [option for option in options if option.startswith("--")]
                problem = f"`{self.prog}` has no option {name}; {nearest(name, known)}"
                if "/" in name or Path(name).exists():
                    problem += f"; as a path it is ./{name}"
                raise ValueError(problem)
        return self.parse_args(given)


def dashed(word: str) -> str:
    """The name of an option with dashes for underscores; other words unchanged."""
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value


def pasted(path: Path) -> str:
    """A path as it can be typed after a command: one that begins with a dash is no option."""
    word = str(path)
    if word.startswith("-"):
        return f".{os.sep}{word}"
    return word


def plain(word: str) -> str:
    """The name of an option as in Python: no leading dashes, underscores inside, a dot for "__"."""
    return word.removeprefix("--").replace("-", "_").replace("__", ".")


def complain(message: str, code: int = 2) -> int:
    """Print a message as one line on stderr. Returns the exit code `code`."""
    print("unweave:", visible(" ".join(message.split())), file=sys.stderr)
    return code
