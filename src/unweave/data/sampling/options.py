"""Options of each kind of batch, refusal of those without effect, and the number of groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from unweave.settings import Setting

Replacement = Annotated[
    bool, Setting("single images drawn independently; else every one once an epoch")
]
GroupSize = Annotated[int, Setting("rows in a group", low=1)]
Shared = Annotated[
    tuple[str, ...], Setting("factors equal in a group, triplet or clip; the first unless named")
]
Moving = Annotated[
    tuple[str, ...], Setting("factors that differ between views; the last unless named")
]
Changed = Annotated[int, Setting("factors that differ in a pair; 0 for a random number", low=0)]
Pairs = Annotated[
    Literal["exact", "dlib"], Setting("how pairs are drawn; dlib as disentanglement_lib does")
]
ClipLength = Annotated[int, Setting("frames in a clip", low=2)]
PerClass = Annotated[int, Setting("at least so many images of each class", low=2)]
Labels = Annotated[int, Setting("labelled images, fixed by the seed; 0 for all", low=0)]
LabelKind = Annotated[
    Literal["perfect", "binned", "noisy", "permuted"], Setting("how good labels are")
]
LabelStrength = Annotated[
    float, Setting("bins, or the probability of noise; 0: 5 bins, 0.1", low=0)
]
Observed = Annotated[
    tuple[str, ...],
    Setting("the labelled factors, or those whose values are classes; all unless named"),
]


@dataclass(frozen=True)
class BatchConfig:
    """How batches are drawn: the options of `batches.stream` but for those of the loop."""

    replacement: Replacement = True
    group_size: GroupSize = 4
    shared: Shared = ()
    moving: Moving = ()
    changed: Changed = 1
    pairs: Pairs = "exact"
    clip_length: ClipLength = 8
    per_class: PerClass = 4
    labels: Labels = 100
    label_kind: LabelKind = "perfect"
    label_strength: LabelStrength = 0.0
    observed: Observed = ()


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


def refuse_unused(needs: Iterable[str], given: BatchConfig) -> None:
    """ValueError for an option, not at its default, that has no effect on batches of these needs.

    needs: as of `stream`. Such an option would give an identical run another name.
    """
    kinds = set(needs)
    if not kinds - {"labels"}:
        kinds.add("images")
    for name, value in asdict(given).items():
        of = [kind for kind, names in USED.items() if name in names]
        if value == getattr(BatchConfig, name) or kinds & set(of):
            continue
        taken = " and ".join(sorted(kinds))
        rest = ", ".join(option for kind in sorted(kinds) for option in USED[kind])
        raise ValueError(
            f"{name} is an option of batches of {' or '.join(of)}; "
            f"this method trains on {taken}, with {rest}"
        )
    if given.label_strength and given.label_kind not in ("binned", "noisy"):
        raise ValueError(
            f"label_strength is of labels that are binned or noisy; they are {given.label_kind}"
        )


def grouped(needs: Iterable[str], batch_size: int, options: BatchConfig) -> str | None:
    """How many groups, pairs, triplets, clips or views a batch of so many images has, in words.

    >>> needs = {"groups", "labels"}
    >>> grouped({"pairs"}, 64, BatchConfig()), grouped(needs, 64, BatchConfig(group_size=4))
    ('32 pairs of 2 images', '16 groups of 4 images')
    """
    members = {
        "groups": options.group_size,
        "pairs": 2,
        "triplets": 3,
        "clips": options.clip_length,
        "views": 2,
    }
    for kind in set(needs) & set(members):
        return f"{batch_size // members[kind]} {kind} of {members[kind]} images"
    return None
