"""Memory-mapped copies of images: unpacked once, after which any image is one disk access."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.npy import map_npy
from unweave.data.files.part import remove_dead, writing
from unweave.data.files.state import state_of
from unweave.files.places import cached

log = logging.getLogger(__name__)
SWITCH = "UNWEAVE_COPIES"
SUFFIX = ".images.npy"
Shape = tuple[int, int, int, int]
Chunks = Callable[[], Iterator[NDArray[np.uint8]]]


def mapped(
    source: Path,
    shape: Shape,
    chunks: Chunks,
    *,
    made_of: Sequence[Path | str] = (),
    known: Sequence[str] = (),
    variant: str = "",
    beside: bool = True,
) -> tuple[NDArray[np.uint8], str]:
    """The images of `source`, uint8 of `shape` (N, C, H, W), memory-mapped, and where they are.

    `chunks()` reads them, in order, a part at a time. They are written to SOURCE.images.npy, whole
    or not at all, and end in the state of the files that they were made of (see
    `unweave.data.files.state`): when that changes, they are read again. If that folder cannot be
    written or is full, or if the file is not the user's own (`beside` false), they go to the user's
    cache; if that fails too, or if $UNWEAVE_COPIES is off, they stay in memory.

    source: a file, or a folder; made_of: the files of a folder, or those that a table names. known:
    what is `stated` of each of them, if it was read.
    variant: a part of the copy's name, for a source that is unpacked in several ways. ValueError if
    the chunks do not add up to `shape`.
    """
    files: Sequence[Path | str] = made_of or [source]
    if kept_at_all():
        state = state_of(files, known)
        home = Path(os.path.abspath(source))  # "." has no name
        for target in _targets(home.with_name(f"{home.name}{variant}{SUFFIX}"), beside):
            try:
                return _copy(source, target, shape, chunks, state), str(source)
            except OSError as error:
                log.warning("%s cannot be written: %s", target, error.strerror or error)
    images = np.empty(shape, dtype=np.uint8)
    _fill(images, chunks)
    return images, f"{source}, in memory"


def kept_at_all() -> bool:
    """Whether copies are made: $UNWEAVE_COPIES is "on" or not set.

    ValueError if it is neither on nor off.
    """
    said = os.environ.get(SWITCH) or "on"
    if said not in ("on", "off"):
        raise ValueError(f"${SWITCH} is {said!r}; expected on or off")
    return said == "on"


def _targets(here: Path, beside: bool) -> Iterator[Path]:
    """The places for a copy, the best one first; the cache is looked for only if it is needed."""
    if beside:
        yield here
    try:
        yield cached(here)
    except OSError as error:
        log.warning("there is no cache: %s", error)


def _copy(
    source: Path, target: Path, shape: Shape, chunks: Chunks, state: str
) -> NDArray[np.uint8]:
    """The images in `target`, made if it is not current. OSError if it cannot be made."""
    remove_dead(target.parent, f"*{SUFFIX}")
    kept = _kept(target, shape, state)
    if kept is not None:
        return kept
    target.parent.mkdir(parents=True, exist_ok=True)
    with writing(target) as part:
        kept = _kept(target, shape, state)  # by another process, for which this one has waited
        if kept is not None:
            return kept
        _refuse_full(target.parent, int(np.prod(shape)))
        log.warning("unpacking %s, once, to %s", source, target)
        _write(part, shape, chunks, state)
        os.chmod(part, source.stat().st_mode & 0o666)
        os.replace(part, target)
    return map_npy(target)


def _kept(target: Path, shape: Shape, state: str) -> NDArray[np.uint8] | None:
    """The images in `target`, if they were unpacked from files in this state; else None."""
    try:
        images = map_npy(target)
        with target.open("rb") as file:
            file.seek(-len(state), os.SEEK_END)
            same = file.read() == state.encode()
            whole = file.tell() == images.offset + images.nbytes + len(state)
    except (ValueError, OSError):
        return None
    fits = images.shape == shape and images.dtype == np.uint8 and images.flags.c_contiguous
    if not (same and whole and fits):
        return None
    return images


def _refuse_full(folder: Path, size: int) -> None:
    """OSError if a disk has no room for `size` bytes: better at once than after gigabytes."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(f"it takes {size:,} bytes, and {free:,} are free")


def _write(part: Path, shape: Shape, chunks: Chunks, state: str) -> None:
    """Write an .npy file of the images, and after them the state, which no reader looks at."""
    with part.open("xb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in _checked(chunks, shape):
            file.write(np.ascontiguousarray(chunk).data)
        file.write(state.encode())


def _fill(images: NDArray[np.uint8], chunks: Chunks) -> None:
    done = 0
    for chunk in _checked(chunks, images.shape):
        images[done : done + len(chunk)] = chunk
        done += len(chunk)


def _checked(chunks: Chunks, shape: tuple[int, ...]) -> Iterator[NDArray[np.uint8]]:
    """The chunks; ValueError if they do not add up to `shape`."""
    done = 0
    for chunk in chunks():
        done += len(chunk)
        if chunk.dtype != np.uint8 or chunk.shape[1:] != shape[1:] or done > shape[0]:
            raise ValueError(
                f"it holds {chunk.dtype} images {chunk.shape[1:]}; expected uint8 {shape}"
            )
        yield chunk
    if done != shape[0]:
        raise ValueError(f"it holds {done} images; expected {shape[0]}")
