"""Reading of exactly as many bytes as a header promises; a false one costs no memory."""

from __future__ import annotations

from io import BufferedIOBase

STEP = 1 << 20


def exactly(stream: BufferedIOBase, size: int) -> bytearray:
    """The rest of `stream`, which has to be `size` bytes: ValueError if there are fewer or more.

    Read in steps of a megabyte, so that a false header costs no more memory than the file has
    bytes.
    """
    body = bytearray()
    while len(body) <= size:  # one byte more than promised is enough to see that there are more
        part = stream.read(min(STEP, size + 1 - len(body)))
        if not part:
            break
        body += part
    if len(body) != size:
        found = f"only {len(body):,}"
        if len(body) > size:
            found = "more"
        raise ValueError(f"its header promises {size:,} bytes; it holds {found}")
    return body
