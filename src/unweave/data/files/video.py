"""Frames of a video file, by PyAV: the extra `video`, which includes FFmpeg's decoders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from unweave.data.files.containers import container
from unweave.data.files.photo import LARGEST, Colour

SUFFIXES = {".mp4", ".avi", ".mov", ".mkv", ".webm"}
GREY = ("gray", "mono", "ya")
CODEC = {"max_pixels": str(LARGEST), "err_detect": "crccheck+bitstream+buffer"}


def frames(file: Path) -> Iterator[tuple[Image.Image, Colour]]:
    """The frames of a video in order, upright, with the colour of each; one at a time is in memory.

    ValueError, naming the file, if it is no video, has no frame, is cut off, or if a frame is
    damaged or too large. ImportError if the extra is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError(f"reading {file.name} takes av: pip install 'unweave[video]'") from error
    count = 0
    try:
        kind, length = container(file)
        if not kind:
            raise ValueError("it is none of MP4, QuickTime, AVI, Matroska and WebM")
        there = file.stat().st_size
        if length > there:
            raise ValueError(
                f"it is cut off: its header promises {length:,} bytes; it holds {there:,}"
            )
        with av.open(str(file.absolute()), format=kind, options=CODEC) as opened:
            for frame in _decoded(opened):
                count += 1
                yield _upright(frame)
        if not count:
            raise ValueError("it holds no frame")
    except (av.FFmpegError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"{file} is not a video that can be read: {reason}, at frame {count}"
        ) from error


def _decoded(opened: Any) -> Iterator[Any]:
    """The frames of the best stream of an open container.

    ValueError if one is damaged or too large.
    """
    stream = opened.streams.best("video")
    if stream is None or stream.codec_context is None:
        raise ValueError("it has no stream of pictures")
    stream.codec_context.options = CODEC
    stream.thread_type = "AUTO"
    for frame in opened.decode(stream):
        if frame.is_corrupt:
            raise ValueError("a frame is damaged")
        if frame.width * frame.height > LARGEST:
            raise ValueError(
                f"a frame has {frame.width} x {frame.height} pixels, too many to decode"
            )
        yield frame


def _upright(frame: Any) -> tuple[Image.Image, Colour]:
    """The frame as a picture, rotated by the camera's tag, and its colour."""
    colour: Colour = "rgb"
    form = "rgb24"
    if frame.format.name.startswith(GREY):
        colour = "grey"
        form = "gray"
    if any(part.is_alpha for part in frame.format.components):
        form = "rgba"
    pixels = frame.to_ndarray(format=form)  # (H, W) or (H, W, channels)
    image = Image.fromarray(pixels).rotate(frame.rotation, expand=True)
    return image, colour
