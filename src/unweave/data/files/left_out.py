"""Account of the files of a folder that are left out: the number for each reason, in one line."""

from __future__ import annotations

import logging
from pathlib import Path

from unweave.settings import as_option
from unweave.text import visible

log = logging.getLogger(__name__)
# the end of the error of a damaged file
MEND = f"mend or remove it, or give {as_option('skip_bad', True)}"
NAMED = 3  # names after a reason; of more, the first ones and "..."
# tables in the folder itself, which are not left out
READ = {"factors.csv", "groups.csv", "pairs.csv"}
# usual beside pictures: no reason for a warning
COMPANIONS = {".csv", ".txt", ".md", ".json", ".ini", ".db"}


class LeftOut:
    """The files below `place` that are left out, by reason."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.names: dict[str, list[str]] = {}
        self.counts: dict[str, int] = {}
        self.usual = True  # whether nothing but companions is left out

    def file(self, file: Path, suffix: str) -> None:
        """A file that is read as no picture; suffix: lower case, "" if it has none."""
        if file.parent == self.place and file.name.lower() in READ:
            self._table(file)
            return
        reason = "without suffix (not readable here)"
        if suffix:
            reason = f"of {suffix} (not readable here)"
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.usual = self.usual and suffix in COMPANIONS

    def _table(self, file: Path) -> None:
        """A table, which is left out if the disk tells the letters of its name from those of `READ`."""
        name = file.name.lower()
        if not file.with_name(name).is_file():
            self.named(f"not called {name} in small letters", file)

    def named(self, reason: str, file: Path | str) -> None:
        """A file or folder whose name is said behind the reason."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.names.setdefault(reason, []).append(Path(file).name)
        self.usual = False

    def __str__(self) -> str:
        if not self.counts:
            return ""
        order = sorted(self.counts, key=lambda reason: (reason in self.names, reason))
        parts = [f"{self.counts[reason]} {reason}{self._examples(reason)}" for reason in order]
        return "left out: " + ", ".join(parts)

    def _examples(self, reason: str) -> str:
        """The first names of a reason, in brackets."""
        names = self.names.get(reason, [])
        if not names:
            return ""
        shown = [visible(name) for name in names[:NAMED]]
        if len(names) > NAMED:
            shown.append("...")
        return f" ({', '.join(shown)})"

    def say(self) -> None:
        """Log the line: as a warning, or as information if only companions are left out."""
        if self.counts:
            level = logging.INFO if self.usual else logging.WARNING
            log.log(level, "%s: %s", visible(self.place), self)
