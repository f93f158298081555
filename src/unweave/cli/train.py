"""`unweave train METHOD [--data NAME]`: train a run, or continue one with `--resume`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from unweave.cli.parser import complain, pasted
from unweave.cli.progress import Progress, terms, worded
from unweave.cli.resolved import grouped, show
from unweave.cli.typed import OWN, from_file, own_option, split
from unweave.training.records import duration, units

if TYPE_CHECKING:
    from unweave.cli.options import Option
    from unweave.runs.run import Run

USAGE = """\
usage: unweave train METHOD [--data NAME] [--steps N] [--seed S] [--out DIR] [any setting]
       unweave train METHOD --help
       unweave train --resume RUN

{methods}
{data}

  --data NAME    what to train on (default: {usual})
  --config FILE  options from a YAML file; those given beside it win
  --dry-run      print the resolved options as such a file, and stop
  --resume RUN   continue a run that was stopped, as if it had not been
  --out DIR      where the run's own folder is made (default: runs)
  --root DIR     where the published files of the data set are (default: $UNWEAVE_DATA)
  --overwrite    replace a run that is there already
  --whole-fingerprint   notice a change of any row of the data later; reads all of them
  --trust        run the code that FILE or RUN names and that is not unweave's
"""
USUAL = "dsprites"  # rendered without a download, and the usual benchmark of the field


def run(arguments: Sequence[str]) -> int:
    """Train, resume, or print the help or the resolved options. Returns the exit code."""
    typed = split(arguments)
    if "config" not in typed:
        return _run(typed, {})
    file = str(own_option("config", typed["config"]))
    written = from_file(Path(file))
    try:
        return _run(typed, written)
    except ValueError as error:
        if file in str(error):
            raise
        told = ValueError(f"{error} (with the options in {file})")
        raise told.with_traceback(error.__traceback__) from error


def _run(typed: Mapping[str, Any], written: Mapping[str, Any]) -> int:
    """As `run`, for the options as typed, and as they stand in a file."""
    # Options of this command; those typed win over those in the file.
    own = {
        name: own_option(name, value)
        for name, value in (*written.items(), *typed.items())
        if name in OWN
    }
    _admit(own, written, typed)
    # The rest are options of the loop, the method, its parts, the data and the batches.
    typed = {name: value for name, value in typed.items() if name not in OWN}
    written = {name: value for name, value in written.items() if name not in OWN}
    if own.get("resume"):
        return _resume(own, typed)
    if own.get("help"):
        return _help(own, written | typed)
    if not own.get("method"):
        raise ValueError("which method? `unweave train METHOD`; `unweave list methods` shows them")
    own.setdefault("data", USUAL)
    from unweave.cli.options import offered, values

    options = offered(own["method"], own["data"], written | typed)
    for key in options:
        if key in OWN:
            word = own["method"].rpartition(":")[2]
            raise ValueError(
                f"{word} has a setting {key!r}, which is an option of the command: rename it"
            )
    chosen = _of_file(own, options, written) | values(options, typed, own["data"])
    if own.get("dry_run"):
        return show(own, chosen, options)
    return _train(own, chosen)


def _of_file(
    own: Mapping[str, Any], options: Mapping[str, Option], written: Mapping[str, Any]
) -> dict[str, Any]:
    """The options in the file by full name and in their types. ValueError names the file."""
    from unweave.cli.options import values

    try:
        return values(options, written, own["data"])
    except ValueError as error:
        raise ValueError(f"{own['config']}: {error}") from error


def _admit(own: Mapping[str, Any], written: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """Raise NotTrusted if a file of options names third-party code and --trust is not given."""
    from unweave.trust import NotTrusted, foreign, parts_in, refuse

    if "trust" in written:
        raise NotTrusted(f"{own['config']} says trust: that is a user's word, --trust")
    if own.get("trust") and not (own.get("config") or own.get("resume")):
        raise ValueError(
            "--trust is for what a file names, with --config or --resume; what you type is yours"
        )
    if not own.get("trust"):
        kept = {name: value for name, value in written.items() if name not in typed}
        refuse(own.get("config", ""), foreign(kept.get("method"), parts_in(kept), kept.get("data")))


def _help(own: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """The usage; with a method, every option of it and of the parts and data chosen."""
    from unweave import data, methods

    known_methods = f"METHOD  {', '.join(methods.names())}; or module:Class of your own"
    known_data = (
        f"NAME    {', '.join(data.names())}; a folder of images; an .npy or .npz file; "
        "or module:function of your own"
    )
    print(USAGE.format(methods=_filled(known_methods), data=_filled(known_data), usual=USUAL))
    if "method" in own:
        from unweave.cli.options import IMAGES, help_text, offered

        print(help_text(offered(own["method"], own.get("data"), given, (IMAGES,))))
    return 0


def _filled(text: str) -> str:
    """A text wrapped at 100 characters, with the later lines indented."""
    return textwrap.fill(text, 100, subsequent_indent=" " * 8, break_on_hyphens=False)


def _train(own: Mapping[str, Any], chosen: Mapping[str, Any]) -> int:
    """Train a new run with the chosen options."""
    from unweave.runs import train as fit

    parts = grouped(chosen)
    rest = {
        name: own[name] for name in ("out", "root", "overwrite", "whole_fingerprint") if name in own
    }
    return _watch(
        lambda progress: fit.train(
            own["method"],
            own["data"],
            **rest,
            **parts["loop"],
            **parts["settings"],
            data_options=parts["data"],
            batch_options=parts["batches"],
            progress=progress,
        )
    )


def _resume(own: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """Continue a run. Raises ValueError for any option but --trust."""
    more = [*given, *(own.keys() - {"resume", "trust"})]
    if more:
        raise ValueError(f"a resumed run keeps what it was started with; leave out --{more[0]}")
    from unweave.runs import train as fit

    return _watch(
        lambda progress: fit.resume(own["resume"], progress=progress, trust=own.get("trust", False))
    )


def _watch(train: Callable[[Progress], Run]) -> int:
    """Train with a progress line; print the last terms and the run's path, or how to continue."""
    from unweave.training.loop import NotFinite

    progress = Progress()
    try:
        run = train(progress)
    except NotFinite as error:
        return complain(f"{error}; they are in {progress.run}", 1)
    except KeyboardInterrupt as interrupt:
        code = 128 + getattr(interrupt, "number", 2)
        if progress.run is None:
            return complain("interrupted before the run began; nothing was written", code)
        return complain(
            f"interrupted; continue with `unweave train --resume {quote(pasted(progress.run))}`",
            code,
        )
    finally:
        progress.close()
    records = run.records()
    if records:
        last = records[-1]
        how = duration(last["seconds"])
        if run.config.resolved is not None:
            how += f", {run.config.resolved.precision}"
        print(f"{last['step']:,} steps in {how}: {worded(terms(last), units(records))}")
    print(pasted(run.path))
    return 0
