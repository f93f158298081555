"""`unweave data list | get NAME | verify NAME | show NAME`: data sets and their files."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from unweave import data
from unweave.cli.parser import Parser, complain
from unweave.data.sources.files import SOURCES, located, verify, wanted
from unweave.data.sources.published import HOME
from unweave.settings import nearest
from unweave.text import obeyed, visible

ABOUT = """list: every data set, and whether its file is there. get: fetch the published file.
verify: compare it with its checksum. show: how a data set, a folder of your own images or an array
file is read, in words and, with -o, as a contact sheet; any option of the data set may follow, e.g.
--size 32 or --shift imbalanced:shape,ratio=9."""


def run(arguments: Sequence[str]) -> int:
    """Run one of the four sub-commands. Returns the exit code."""
    parser = Parser("data", ABOUT)
    parser.add_argument("what", choices=("list", "get", "verify", "show"), help="what to do")
    parser.add_argument(
        "name", nargs="?", help="a data set, or to show: a folder, a file, module:function"
    )
    parser.add_argument("--root", help=f"the folder of the published files (default: ${HOME})")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="to show: a picture to write, e.g. sheet.png"
    )
    known, rest = parser.parse_known_args(list(arguments))
    if rest and known.what != "show":
        raise ValueError(
            f"`unweave data {known.what}` takes no {rest[0]!r}; see `unweave data --help`"
        )
    if known.what == "list":
        return _list(known.root)
    if known.name is None:
        raise ValueError(
            f"which data? `unweave data {known.what} NAME`; `unweave data list` shows them"
        )
    if known.what == "show":
        return _show(known.name, known.root, known.out, rest)
    if known.what == "get":
        return _get(known.name, known.root)
    return _verify(known.name, known.root)


def _list(root: str | None) -> int:
    """Print every data set, and for published ones the state of their files."""
    place = root or os.environ.get(HOME)
    print(f"published files are looked for in {place or f'${HOME}, which is not set'}\n")
    width = max(map(len, data.TABLE))
    for name, (_, about) in data.TABLE.items():
        print(f"{name:<{width}}  {about}")
        if name in SOURCES:
            print(f"{'':<{width}}    {_state(name, place)}")
    return 0


def _state(name: str, place: str | None) -> str:
    """The path of the file of a data set, or how to get it."""
    source = SOURCES[name]
    found = located(name, place)
    if found is not None:
        return f"found: {found}"
    how = source.address
    if source.direct:
        how = f"unweave data get {name}"
    return f"{source.file} is missing: {how} (licence: {source.licence})"


def _get(name: str, root: str | None) -> int:
    """Download the files of a data set and verify them."""
    from unweave.data.sources.download import get

    if sys.stderr.isatty():
        try:
            paths = get(_name(name), root, progress=_progress)
        finally:
            sys.stderr.write("\n")  # ends the line of the progress
    else:
        paths = get(_name(name), root)
    for path in paths:
        print(verify(name, path))
    return 0


def _progress(done: int, whole: int) -> None:
    """Show a download on one line. done, whole: bytes; whole is 0 where the size is not known."""
    words = f"{done / 1e6:,.1f}"
    if whole:
        words += f" of {whole / 1e6:,.1f} MB, {done / whole:.0%}"
    else:
        words += " MB"
    obeyed(sys.stderr).write(f"\r\x1b[2K{words}")


def _verify(name: str, root: str | None) -> int:
    """Compare the files of a data set with their checksums; exit code 1 if one differs."""
    paths = [wanted(_name(name), root)]
    for file in SOURCES[name].more:
        path = located(name, root, file)
        if path is not None:
            paths.append(path)
    try:
        for path in paths:
            print(verify(name, path))
    except ValueError as error:  # the command line is right, the file is not: exit code 1
        return complain(str(error), 1)
    return 0


def _name(name: str) -> str:
    """The name of a published data set. Raises ValueError with the nearest one for any other."""
    if name in data.TABLE and name not in SOURCES:
        raise ValueError(f"{name} is not fetched or verified here; these are: {', '.join(SOURCES)}")
    if name not in SOURCES:
        raise ValueError(f"there is no data set {name!r}; {nearest(name, SOURCES)}")
    return name


def _show(name: str, root: str | None, out: Path | None, rest: Sequence[str]) -> int:
    from unweave.cli.opened import opened
    from unweave.data.overview.contact import contact_sheet
    from unweave.data.overview.describe import described

    found = opened(name, root, rest, "data")
    print("\n".join(map(visible, described(found, name))))
    if out is not None:
        print(f"{'sheet':<10} {contact_sheet(found, out)}")
    return 0
