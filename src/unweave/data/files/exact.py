"""Exactly as many bytes as a header promises, without trusting it for the memory it asks for."""

from __future__ import annotations

from io import BufferedIOBase

STEP = 1 << 20


def exactly(stream: BufferedIOBase, size: int) -> bytearray:
    """The rest of `stream`, which has to be `size` bytes: ValueError if there are fewer or more.

    Read in steps of a megabyte, so that a header that lies costs no more memory than the file has bytes.
    """
    body = bytearray()
    while len(body) <= size and (part := stream.read(min(STEP, size + 1 - len(body)))):
        body += part
    if len(body) != size:
        held = "more" if len(body) > size else f"only {len(body):,}"
        raise ValueError(f"its header promises {size:,} bytes; it holds {held}")
    return body
