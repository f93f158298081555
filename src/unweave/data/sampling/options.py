"""Which options of a batch go with which kind of it, and how many things a batch of so many images holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

USED: dict[str, tuple[str, ...]] = {
    "images": ("replacement",),
    "groups": ("group_size", "shared"),
    "pairs": ("changed", "pairs"),
    "triplets": ("shared",),
    "clips": ("clip_length", "shared"),
    "views": ("moving",),
    "classes": ("per_class",),
    "labels": ("labels", "label_kind", "label_strength", "observed"),
}


def refuse_unused(needs: Iterable[str], given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """ValueError for an option that differs from its default and says nothing about the batches of these needs.

    needs: as of `stream`. Accepted, such an option would give the same run another name.
    """
    kinds = set(needs) or {"images"}
    kinds |= set() if kinds - {"labels"} else {"images"}
    for name in (name for name, value in given.items() if value != defaults[name]):
        of = [kind for kind, names in USED.items() if name in names]
        if not kinds & set(of):
            taken, rest = " and ".join(sorted(kinds)), ", ".join(n for kind in sorted(kinds) for n in USED[kind])
            raise ValueError(
                f"{name} is an option of batches of {' or '.join(of)}; this method trains on {taken}, with {rest}"
            )
    if given["label_strength"] and given["label_kind"] not in ("binned", "noisy"):
        raise ValueError(f"label_strength is of labels that are binned or noisy; they are {given['label_kind']}")


def grouped(needs: Iterable[str], batch_size: int, options: Mapping[str, Any]) -> str | None:
    """What a batch of so many images holds, where they belong together: batch_size counts images.

    >>> grouped({"pairs"}, 64, {}), grouped({"groups", "labels"}, 64, {"group_size": 4}), grouped({"images"}, 64, {})
    ('32 pairs of 2 images', '16 groups of 4 images', None)
    """
    members = {
        "groups": options.get("group_size", 1),
        "pairs": 2,
        "triplets": 3,
        "clips": options.get("clip_length", 1),
        "views": 2,
    }
    for kind in set(needs) & set(members):
        return f"{batch_size // members[kind]} {kind} of {members[kind]} images"
    return None
