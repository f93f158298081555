"""What a page says in place of a section that has no content."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from unweave.methods.base import NotAvailable

T = TypeVar("T")


class Absent(Exception):
    """Raised where a section has no content; the message is the reason, shown on the page."""


def able(make: Callable[[], T]) -> T:
    """The result of `make`; raises Absent with the method's own reason if it is not available."""
    try:
        return make()
    except NotAvailable as reason:
        raise Absent(f"{str(reason).rstrip('.')}.") from reason
