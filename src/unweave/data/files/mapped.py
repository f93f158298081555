"""Memory-mapped cache of a file of images: unpacked once, so that afterwards any image is one disk access."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.npy import map_npy
from unweave.files import cache

log = logging.getLogger(__name__)
Chunks = Callable[[], Iterator[NDArray[np.uint8]]]


def mapped(
    source: Path, shape: tuple[int, int, int, int], chunks: Chunks, *, variant: str = "", beside: bool = True
) -> tuple[NDArray[np.uint8], str]:
    """The images of `source`, uint8 of `shape` (N, C, H, W), memory-mapped, and where they are in a line.

    `chunks()` reads them, in order, a part at a time. They are written to SOURCE.images.npy by an
    atomic write, with the time stamp of `source`: when that changes, they are read again. If that
    folder cannot be written or is full, or if the file is not the user's own (`beside` false), they
    go to the user's cache; if that fails too, they stay in memory. `source` may be a folder;
    `variant` is a part of the name, for a source that is unpacked in several ways. ValueError if
    the chunks do not add up to `shape`.
    """
    here = source.with_name(f"{source.name}{variant}.images.npy")
    targets = [here, _cached(here)] if beside else [_cached(here)]
    for target in targets:
        kept = _kept(source, target, shape)
        if kept is not None:
            return kept, str(source)
    for target in targets:
        log.info("unpacking %s, once, to %s", source, target)
        try:
            _write(source, target, shape, chunks)
        except OSError as error:
            log.warning("%s cannot be written: %s", target, error.strerror or error)
        else:
            return map_npy(target), str(source)
    images = np.empty(shape, dtype=np.uint8)
    _fill(images, chunks)
    return images, f"{source}, in memory"


def _cached(path: Path) -> Path:
    """The place in the user's cache for a file at `path`, different for equal names in different folders."""
    folder = hashlib.blake2b(str(path.parent.resolve()).encode(), digest_size=8).hexdigest()
    return cache() / folder / path.name


def _kept(source: Path, target: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """The images in `target`, if they were unpacked from `source` as it is now; else None."""
    if not target.is_file() or target.stat().st_mtime_ns != source.stat().st_mtime_ns:
        return None
    try:
        images = map_npy(target)
    except (ValueError, OSError):
        return None
    if images.shape != shape or images.dtype != np.uint8 or not images.flags.c_contiguous:
        return None
    return images


def _write(source: Path, target: Path, shape: tuple[int, ...], chunks: Chunks) -> None:
    """Atomic write of an .npy file, with the time stamp and the read and write permissions of `source`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for chunk in _checked(chunks, shape):
                file.write(np.ascontiguousarray(chunk).data)
        time = source.stat().st_mtime_ns
        os.utime(name, ns=(time, time))
        os.chmod(name, source.stat().st_mode & 0o666)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


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
            raise ValueError(f"it holds {chunk.dtype} images {chunk.shape[1:]}; expected uint8 {shape}")
        yield chunk
    if done != shape[0]:
        raise ValueError(f"it holds {done} images; expected {shape[0]}")
