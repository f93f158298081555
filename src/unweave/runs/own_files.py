"""The files of a run that unweave writes, by name; none of them is written through a link."""

from __future__ import annotations

from pathlib import Path

from unweave.runs.errors import RunError

CONFIG = "config.json"
NEXT = "config.json.next"  # of the run that is about to replace the one here
LOG = "log.jsonl"
WEIGHTS = "weights.safetensors"
CHECKPOINT = "state/checkpoint.safetensors"
SCORES = "scores.json"
ORIGIN = "origin.json"
DONE = "done"
# of a run that is replaced, in the order of removal
STALE = (CHECKPOINT, DONE, WEIGHTS, LOG, SCORES, ORIGIN)
OWN = (CONFIG, NEXT, "state", *STALE)  # what unweave writes


def refuse_links(path: Path) -> None:
    """RunError if a file of a run, or its folder `state`, is a symbolic link to another place.

    The run folder itself may be one. Whoever opens a folder to write into it calls this first.
    """
    if found := [name for name in OWN if (path / name).is_symlink()]:
        raise RunError(
            f"{path} is not written to: its {found[0]} is a symbolic link; "
            "put there what it links to, or remove it"
        )


def remove_links(path: Path) -> None:
    """Remove the files of a run that are links, `state` first: nothing is removed through it."""
    for name in ("state", *OWN):
        if (path / name).is_symlink():
            (path / name).unlink()
