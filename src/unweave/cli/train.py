"""`unweave train METHOD [--data NAME]`: train a run, or continue one with `--resume`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unweave.cli.parser import complain, plain
from unweave.cli.progress import Progress, terms, worded
from unweave.training.records import duration, units

if TYPE_CHECKING:
    from unweave.cli.options import Option
    from unweave.runs.run import Run

USAGE = """usage: unweave train METHOD [--data NAME] [--steps N] [--seed S] [--out DIR] [any setting]
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
  --trust        run the code that FILE or RUN names and that is not unweave's
"""
TEXTS = ("method", "data", "config", "resume", "out", "root")
SWITCHES = ("overwrite", "dry_run", "trust", "help")
OWN = (*TEXTS, *SWITCHES)
USUAL = "dsprites"  # drawn here, without a download, and the set that the field compares on


def run(arguments: Sequence[str]) -> int:
    """Read the command line, and train."""
    typed = split(arguments)
    written = _from_file(Path(_own("config", typed["config"]))) if "config" in typed else {}
    own = {name: _own(name, value) for given in (written, typed) for name, value in given.items() if name in OWN}
    _admit(own, written, typed)
    typed, written = ({k: v for k, v in given.items() if k not in OWN} for given in (typed, written))
    if own.get("resume"):
        return _resume(own, typed)
    if own.get("help"):
        return _help(own, written | typed)
    if not own.get("method"):
        raise ValueError("which method? `unweave train METHOD`; `unweave list methods` shows them")
    own.setdefault("data", USUAL)
    from unweave.cli.options import offered, values

    options = offered(own["method"], own["data"], written | typed)
    if taken := [key for key in options if key in OWN]:
        word = own["method"].rpartition(":")[2]
        raise ValueError(f"{word} has a setting {taken[0]!r}, which is an option of the command: rename it")
    chosen = values(options, written) | values(options, typed)
    if own.get("dry_run"):
        return _show(own, chosen, options)
    return _train(own, chosen, options)


def split(arguments: Sequence[str]) -> dict[str, Any]:
    """What was typed, by name: {"method": ..., "beta": "6", "overwrite": True}. A name without a value is True."""
    words = list(arguments)
    given: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        name, equals, value = (word if word != "-h" else "--help").partition("=")
        if not name.startswith("--"):
            if "method" in given:
                raise ValueError(
                    f"{word!r} is one word too many: the method is {given['method']!r}, and values follow --names"
                )
            name, equals, value = "method", "=", word
        name = plain(name)
        if name in given:
            raise ValueError(f"--{name} is given twice")
        if not equals and name not in SWITCHES and words and not words[0].startswith("--"):
            equals, value = "=", words.pop(0)
        given[name] = value if equals else True
    return given


def _own(name: str, value: Any) -> Any:
    """A value of one of this command's own options."""
    if name in SWITCHES:
        if str(value).lower() not in ("true", "false"):
            raise ValueError(f"--{name.replace('_', '-')} is a switch; it was given {value!r}")
        return str(value).lower() == "true"
    if not isinstance(value, str) or not value:  # an empty path would be the folder one is in
        raise ValueError(f"--{name} needs a value; it was given {value!r}")
    return value


def _from_file(path: Path) -> dict[str, Any]:
    """The options in a YAML file, by name."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds {type(found).__name__}; expected lines like `beta: 6`")
    return {plain(str(name)): value for name, value in found.items()}


def _admit(own: Mapping[str, Any], written: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """NotTrusted if a file of options names code that is not unweave's, without the user's word."""
    from unweave.trust import NotTrusted, foreign, parts_in, refuse

    if "trust" in written:
        raise NotTrusted(f"{own['config']} says trust: that is a user's word, --trust")
    if own.get("trust") and not (own.get("config") or own.get("resume")):
        raise ValueError("--trust is for what a file names, with --config or --resume; what you type is yours")
    if not own.get("trust"):
        kept = {name: value for name, value in written.items() if name not in typed}
        refuse(own.get("config", ""), foreign(kept.get("method"), parts_in(kept), kept.get("data")))


def _help(own: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """The usage; with a method, every option of it and of the parts and data chosen."""
    from unweave import data, methods

    names = {
        "METHOD": f"{', '.join(methods.names())}; or module:Class of your own",
        "NAME  ": f"{', '.join(data.names())}; a folder of images; an .npy or .npz file; or module:function of your own",
    }
    wrapped = [
        textwrap.fill(f"{k}  {v}", 100, subsequent_indent=" " * 8, break_on_hyphens=False) for k, v in names.items()
    ]
    print(USAGE.format(methods=wrapped[0], data=wrapped[1], usual=USUAL))
    if "method" in own:
        from unweave.cli.options import IMAGES, help_text, offered

        print(help_text(offered(own["method"], own.get("data"), given, (IMAGES,))))
    return 0


def _show(own: Mapping[str, Any], chosen: Mapping[str, Any], options: Mapping[str, Option]) -> int:
    """Print the whole of what would be run, as YAML that `--config` takes."""
    import yaml

    from unweave import data as datasets
    from unweave.runs import train as fit

    parts = _sorted_out(chosen)
    source = datasets.load(own["data"], own.get("root"), **parts["data"])
    spec = fit.choose(own["method"], parts["settings"], source.info)
    fixed = {k: own[k] for k in ("method", "data", "root", "out") if k in own}
    plainly = {k: chosen.get(k, o.default) for k, o in options.items() if _belongs(k) != "settings"}
    resolved = fixed | spec.part_names() | spec.flat() | plainly
    resolved = {k: list(v) if isinstance(v, tuple) else v for k, v in resolved.items()}
    print(yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True), end="")
    return 0


def _sorted_out(chosen: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The options as `fit.train` takes them: of the loop, the settings, the data and the batches."""
    parts: dict[str, dict[str, Any]] = {"loop": {}, "settings": {}, "data": {}, "batches": {}}
    for key, value in chosen.items():
        group = _belongs(key)
        parts[group][key.removeprefix(f"{group}.")] = value
    return parts


def _belongs(key: str) -> str:
    from unweave.runs import train as fit
    from unweave.settings import keywords

    first, dot, _ = key.partition(".")
    return first if dot and first in ("data", "batches") else "loop" if key in keywords(fit.train) else "settings"


def _train(own: Mapping[str, Any], chosen: Mapping[str, Any], options: Mapping[str, Option]) -> int:
    from unweave.runs import train as fit

    parts = _sorted_out(chosen)
    rest = {k: own[k] for k in ("out", "root", "overwrite") if k in own}
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
    if more := [*given, *(own.keys() - {"resume", "trust"})]:
        raise ValueError(f"a resumed run keeps what it was started with; leave out --{more[0]}")
    from unweave.runs import train as fit

    return _watch(lambda progress: fit.resume(own["resume"], progress=progress, trust=own.get("trust", False)))


def _watch(train: Callable[[Progress], Run]) -> int:
    """Train, showing how it goes; say where the run is, or how to go on."""
    from unweave.training.loop import NotFinite

    progress = Progress()
    try:
        run = train(progress)
    except NotFinite as error:
        return complain(f"{error}; they are in {progress.run}", 1)
    except KeyboardInterrupt:
        if progress.run is None:
            return complain("interrupted before the run began; nothing was written", 130)
        return complain(f"interrupted; continue with `unweave train --resume {progress.run}`", 130)
    finally:
        progress.close()
    if records := run.records():
        last = worded(terms(records[-1]), units(records))
        numbers = "" if run.config.resolved is None else f", {run.config.resolved.precision}"
        print(f"{records[-1]['step']:,} steps in {duration(records[-1]['seconds'])}{numbers}: {last}")
    print(run.path)
    return 0
