"""`unweave data list | get NAME | verify NAME | show NAME`: what data there are, fetched, checked, and looked at."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from unweave import data
from unweave.cli.parser import Parser, complain, plain
from unweave.data.sources.files import SOURCES, located, verify, wanted
from unweave.data.sources.published import HOME
from unweave.settings import nearest

ABOUT = """list: every data set, and whether its file is there. get: fetch the published file. verify: compare it with its
checksum. show: what is understood of a data set, of a folder of your own images or of an array file, in words and, with -o,
as a contact sheet; any option of the data set may follow, e.g. --size 32 or --shift imbalanced:shape,ratio=9."""


def run(arguments: Sequence[str]) -> int:
    """Read the command line, and do the one thing asked for."""
    parser = Parser("data", ABOUT)
    parser.add_argument("what", choices=("list", "get", "verify", "show"), help="what to do")
    parser.add_argument("name", nargs="?", help="a data set, or to show: a folder, a file, module:function")
    parser.add_argument("--root", help=f"the folder of the published files (default: ${HOME})")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="to show: a picture to write, e.g. sheet.png")
    known, rest = parser.parse_known_args(list(arguments))
    if rest and known.what != "show":
        raise ValueError(f"`unweave data {known.what}` takes no {rest[0]!r}; see `unweave data --help`")
    if known.what == "list":
        return _list(known.root)
    if known.name is None:
        raise ValueError(f"which data? `unweave data {known.what} NAME`; `unweave data list` shows them")
    if known.what == "show":
        return _show(known.name, known.root, known.out, rest)
    return (_get if known.what == "get" else _verify)(known.name, known.root)


def _list(root: str | None) -> int:
    print(f"published files are looked for in {root or os.environ.get(HOME) or f'${HOME}, which is not set'}\n")
    width = max(map(len, data.TABLE))
    for name, (_, about) in data.TABLE.items():
        print(f"{name:<{width}}  {about}")
        if name in SOURCES:
            print(f"{'':<{width}}    {_state(name, root or os.environ.get(HOME))}")
    return 0


def _state(name: str, place: str | None) -> str:
    """Where the file of a data set is, or where it is from."""
    source = SOURCES[name]
    if (found := located(name, place)) is not None:
        return f"found: {found}"
    how = f"unweave data get {name}" if source.direct else source.address
    return f"{source.file} is missing: {how} (licence: {source.licence})"


def _get(name: str, root: str | None) -> int:
    from unweave.data.sources.download import get

    try:
        paths = get(_name(name), root, progress=_progress if sys.stderr.isatty() else None)
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
    for path in paths:
        print(verify(name, path))
    return 0


def _progress(done: int, whole: int) -> None:
    share = f" of {whole / 1e6:,.1f} MB, {done / whole:.0%}" if whole else " MB"
    sys.stderr.write(f"\r\x1b[2K{done / 1e6:,.1f}{share}")


def _verify(name: str, root: str | None) -> int:
    paths = [wanted(_name(name), root)]
    paths += [path for file in SOURCES[name].more if (path := located(name, root, file)) is not None]
    try:
        for path in paths:
            print(verify(name, path))
    except ValueError as error:  # not a wrong command line: the file is wrong
        return complain(str(error), 1)
    return 0


def _name(name: str) -> str:
    if name in data.TABLE and name not in SOURCES:
        raise ValueError(f"{name} is not fetched or verified here; these are: {', '.join(SOURCES)}")
    if name not in SOURCES:
        raise ValueError(f"there is no data set {name!r}; {nearest(name, SOURCES)}")
    return name


def _show(name: str, root: str | None, out: Path | None, rest: Sequence[str]) -> int:
    from unweave.cli.options import Option, values
    from unweave.data.overview.contact import contact_sheet
    from unweave.data.overview.describe import described

    offered = {f"data.{k}": Option(f"data.{k}", word, word.default, "data") for k, word in data.options(name).items()}
    chosen = values(offered, _given(rest))
    opened = data.load(name, root, **{key.removeprefix("data."): value for key, value in chosen.items()})
    print("\n".join(described(opened, name)))
    if out is not None:
        print(f"{'sheet':<10} {contact_sheet(opened, out)}")
    return 0


def _given(rest: Sequence[str]) -> dict[str, str]:
    """{name: value} of `--name value` and `--name=value`."""
    words, given = list(rest), {}
    while words:
        name, equals, value = words.pop(0).partition("=")
        if not name.startswith("--") or (not equals and (not words or words[0].startswith("--"))):
            raise ValueError(f"{name!r} is not an option with a value, --name value; see `unweave data --help`")
        given[plain(name)] = value if equals else words.pop(0)
    return given
