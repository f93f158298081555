"""Stream of training batches: a pure function of (seed, step), without a state to save."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import numpy as np
import torch

from unweave.data.base import Dataset
from unweave.data.sampling import changing, options
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
    replacement: options.Replacement = True,
    group_size: options.GroupSize = 4,
    shared: options.Shared = (),
    moving: options.Moving = (),
    changed: options.Changed = 1,
    pairs: options.Pairs = "exact",
    clip_length: options.ClipLength = 8,
    per_class: options.PerClass = 4,
    labels: options.Labels = 100,
    label_kind: options.LabelKind = "perfect",
    label_strength: options.LabelStrength = 0.0,
    observed: options.Observed = (),
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
