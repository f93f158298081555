"""Options of each kind of batch, refusal of those without effect, and the number of groups."""

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
    "classes": ("per_class", "observed"),
    "labels": ("labels", "label_kind", "label_strength", "observed"),
}


def refuse_unused(
    needs: Iterable[str], given: Mapping[str, Any], defaults: Mapping[str, Any]
) -> None:
    """ValueError for an option, not at its default, that has no effect on batches of these needs.

    needs: as of `stream`. Such an option would give an identical run another name.
    """
    kinds = set(needs)
    if not kinds - {"labels"}:
        kinds.add("images")
    for name, value in given.items():
        of = [kind for kind, names in USED.items() if name in names]
        if value == defaults[name] or kinds & set(of):
            continue
        taken = " and ".join(sorted(kinds))
        rest = ", ".join(option for kind in sorted(kinds) for option in USED[kind])
        raise ValueError(
            f"{name} is an option of batches of {' or '.join(of)}; "
            f"this method trains on {taken}, with {rest}"
        )
    if given["label_strength"] and given["label_kind"] not in ("binned", "noisy"):
        raise ValueError(
            f"label_strength is of labels that are binned or noisy; they are {given['label_kind']}"
        )


def grouped(needs: Iterable[str], batch_size: int, options: Mapping[str, Any]) -> str | None:
    """How many groups, pairs, triplets, clips or views a batch of so many images has, in words.

    >>> needs = {"groups", "labels"}
    >>> grouped({"pairs"}, 64, {}), grouped(needs, 64, {"group_size": 4})
    ('32 pairs of 2 images', '16 groups of 4 images')
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
