"""How a command line is read and answered: its words, its errors, and a parser for commands whose options are fixed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from unweave.settings import nearest

OTHER_DATA = "take data whose contents have changed since the run was trained; scores and page say so"
TRUST = "run the code that it names and that is not unweave's (your own runs need no word)"


class Parser(argparse.ArgumentParser):
    """argparse's, with `--test_codes` for `--test-codes`, and without abbreviations."""

    def __init__(self, command: str, about: str):
        super().__init__(prog=f"unweave {command}", description=about, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """A wrong command line is a ValueError."""
        raise ValueError(f"{message}; see `{self.prog} --help`")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The options. ValueError for unknown ones and those given twice, before anything else is looked at."""
        given = [dashed(word) for word in arguments]
        seen: set[str] = set()
        for word in given:
            name = word.partition("=")[0]
            if name in seen:
                raise ValueError(f"{name} is given twice")
            seen |= {name} & self._option_string_actions.keys()
            if name.startswith("--") and name not in self._option_string_actions:
                known = [known for known in self._option_string_actions if known.startswith("--")]
                raise ValueError(f"`{self.prog}` has no option {name}; {nearest(name, known)}")
        return self.parse_args(given)


def dashed(word: str) -> str:
    """An option's name with dashes for underscores; other words as they are."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if word.startswith("--") else word


def plain(word: str) -> str:
    """An option's name as Python writes it: no dashes in front, underscores inside, "__" for the dot."""
    return word.removeprefix("--").replace("-", "_").replace("__", ".")


def complain(message: str, code: int = 2) -> int:
    """One line on stderr; the exit code."""
    print("unweave:", " ".join(message.split()), file=sys.stderr)
    return code
