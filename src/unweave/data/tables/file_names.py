r"""Names of files in a table, matched with the files of a folder as people and programs spell them.

One name has several spellings: accents as one character (NFC) or two (NFD, as macOS writes them),
"./1.png", "a\1.png" with the backslashes of Windows, and blanks around it.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Sequence


class FileNames:
    r"""The files of a folder by name. names: N paths below it, with forward slashes.

    >>> FileNames(["a/1.png", "b.png"]).place(".\\a\\1.png")
    0
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.exact = {name: i for i, name in enumerate(names)}
        # {one spelling: places of the files that have it}, several if names differ in spelling
        self.spelt: dict[str, list[int]] = {}
        for i, name in enumerate(names):
            self.spelt.setdefault(one_spelling(name), []).append(i)

    def place(self, given: str) -> int:
        """The place of a file in `names`, -1 if there is none.

        A name that is spelt exactly so comes first. ValueError if it is another spelling of
        several.
        """
        if given in self.exact:
            return self.exact[given]
        found = self.spelt.get(one_spelling(given), [-1])
        if len(found) > 1:
            raise ValueError(
                f"{given!r} may be {self.names[found[0]]!r} or {self.names[found[1]]!r}"
            )
        return found[0]


def one_spelling(name: str) -> str:
    """One spelling of a path: NFC, forward slashes, no "." in it and no blanks around it."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").strip()
    return posixpath.normpath(plain)
