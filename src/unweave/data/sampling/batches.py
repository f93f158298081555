"""Stream of training batches: a pure function of (seed, step), without a state to save."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import numpy as np
import torch

from unweave.data.base import Dataset
from unweave.data.sampling import changing
from unweave.data.sampling.belonging import classes, groups, triplets, views
from unweave.data.sampling.moving import clips
from unweave.data.sampling.pixels import Pixels
from unweave.data.sampling.single import Drawn, images
from unweave.data.shifts.labels import labelled
from unweave.seeds import fold
from unweave.settings import Setting, nearest
from unweave.types import Batch, to_unit

Stream = Callable[[int], Batch]


def stream(
    data: Dataset,
    needs: Iterable[str],
    *,
    batch_size: Annotated[
        int, Setting("images in a batch, however they are grouped: 64 are 32 pairs", low=1)
    ] = 64,
    seed: int = 0,
    device: torch.device | str = "cpu",
    replacement: Annotated[
        bool, Setting("single images drawn independently; else every one once an epoch")
    ] = True,
    group_size: Annotated[int, Setting("rows in a group", low=1)] = 4,
    shared: Annotated[
        tuple[str, ...],
        Setting("factors equal in a group, triplet or clip; the first unless named"),
    ] = (),
    moving: Annotated[
        tuple[str, ...], Setting("factors that differ between views; the last unless named")
    ] = (),
    changed: Annotated[
        int, Setting("factors that differ in a pair; 0 for a random number", low=0)
    ] = 1,
    pairs: Annotated[
        Literal["exact", "dlib"], Setting("how pairs are drawn; dlib as disentanglement_lib does")
    ] = "exact",
    clip_length: Annotated[int, Setting("frames in a clip", low=2)] = 8,
    per_class: Annotated[int, Setting("at least so many images of each class", low=2)] = 4,
    labels: Annotated[int, Setting("labelled images, fixed by the seed; 0 for all", low=0)] = 100,
    label_kind: Annotated[
        Literal["perfect", "binned", "noisy", "permuted"], Setting("how good labels are")
    ] = "perfect",
    label_strength: Annotated[
        float, Setting("bins, or the probability of noise; 0: 5 bins, 0.1", low=0)
    ] = 0.0,
    observed: Annotated[
        tuple[str, ...],
        Setting("the labelled factors, or those whose values are classes; all unless named"),
    ] = (),
) -> Stream:
    """A function from the step to its batch, images float32 in [0, 1] on `device`.

    Equal steps give equal batches.

    needs: one of images, groups, pairs, triplets, clips, views, classes (images if none); and
    "labels". ValueError if the data set cannot make such batches, with the reason.
    """
    kinds = {
        "images": lambda: images(data, batch_size, seed, replacement=replacement),
        "groups": lambda: groups(data, batch_size, group_size=group_size, shared=shared),
        "pairs": lambda: changing.pairs(data, batch_size, changed=changed, sampler=pairs),
        "triplets": lambda: triplets(data, batch_size, shared=shared),
        "clips": lambda: clips(data, batch_size, length=clip_length, shared=shared),
        "views": lambda: views(data, batch_size, moving=moving),
        "classes": lambda: classes(data, batch_size, per_class=per_class, observed=observed),
    }
    if isinstance(needs, str):
        raise ValueError(
            f"needs is the word {needs!r}; expected a set of words, "
            f"such as frozenset({{{needs!r}}})"
        )
    kind, *more = sorted(set(needs) - {"labels"}) or ["images"]
    if more or kind not in kinds:
        wrong = next((word for word in (kind, *more) if word not in kinds), "")
        hint = f"; {nearest(wrong, (*kinds, 'labels'))}" if wrong else ""
        raise ValueError(
            f"the needs of a method are one of {', '.join(kinds)}, and labels; "
            f"given {sorted(needs)}{hint}"
        )
    rows = kinds[kind]()  # from (generator, step) to the rows of a batch
    pixels = Pixels(data, device)
    beside = None
    if "labels" in set(needs):
        table = labelled(
            data, seed, count=labels, kind=label_kind, observed=observed, strength=label_strength
        )
        beside = _beside(data, pixels, table, batch_size, seed)

    drawn_at = pixels.prefetched(
        lambda step: rows(np.random.default_rng(fold(seed, step, "batch")), step)
    )

    def at(step: int) -> Batch:
        drawn = drawn_at(step)
        y = drawn.y
        if y is None and data.y is not None:
            y = data.y[drawn.rows]
        return Batch(
            to_unit(pixels(drawn.rows)),
            pixels.tensor(drawn.rows),
            pixels.column(y),
            changed=pixels.column(drawn.changed),
            labelled=None if beside is None else beside(step),
        )

    return at


def _beside(
    data: Dataset, pixels: Pixels, table: tuple[Any, Any], batch_size: int, seed: int
) -> Stream:
    """The stream of labelled batches: rows drawn with replacement from the labelled ones.

    table: rows (n,) and their labels (n, K), or None for data with classes and no factors.
    """
    rows, v = table
    y = None
    if data.y is not None:
        y = data.y[rows]

    def draw_at(step: int) -> Drawn:
        rng = np.random.default_rng(fold(seed, step, "labels"))
        return Drawn(rng.integers(len(rows), size=batch_size))

    drawn_at = pixels.prefetched(draw_at, rows)

    def at(step: int) -> Batch:
        i = drawn_at(step).rows
        index = pixels.tensor(rows[i])
        return Batch(to_unit(pixels(rows[i])), index, pixels.column(y, i), pixels.column(v, i))

    return at
