"""Batches of one step, the facts of the data that they come from, and images in [0, 1]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def to_unit(x: Tensor) -> Tensor:
    """Images (B, C, H, W) or (B, M, C, H, W) as float32 in [0, 1]: bytes are divided by 255.

    Vectors, (B, F) or (B, M, F), are never divided. For arrays see `data.convert.scale.to_unit`.
    """
    if x.dtype == torch.uint8 and x.ndim > 3:
        return x.float().div_(255)
    return x.float()


@dataclass(frozen=True)
class Batch:
    """A batch of one step, as a method's `needs` requires.

    x: images (B, C, H, W) in [0, 1], or (B, M, C, H, W) for groups of M (group, pair, triplet,
        clip, views); vectors (B, F) where the data are vectors.
    index: numbers of these rows among the training rows, (B,) or (B, M), from 0 to `DataInfo.n` -
        1: rows of the view, after a shift and without held-out rows. For training only: `encode`
        has images and no index, so a method with a code for each row has to define the code of any
        other image.
    y: classes, (B,) or (B, M), int64.
    v: factors as indices from 0, (B, K) float32 (float64 for numbers that float32 does not
        represent); NaN where one is missing.
    changed: which factors differ within a pair, (B, K) bool, for methods that use it.
    labelled: the labelled batch beside the main one, if `needs` has "labels"; its index numbers the
        same rows.

    Fields in the batches of `unweave.train`, and their leading shape:

    | needs | rows | index | y | v | changed |
    |---|---|---|---|---|---|
    | images | (B,) | always | classes | never | never |
    | groups | (B, M) | always | classes | never | never |
    | pairs | (B, 2) | always | classes | never | grid |
    | triplets | (B, 3) | always | always | never | never |
    | clips | (B, M) | always | classes | never | never |
    | views | (B, 2) | always | always | never | never |
    | classes | (B,) | always | always | never | never |
    | labels: `labelled` | (B,) | always | classes | factors | never |

    classes: of data with classes. factors: of data whose factors are known. grid: of data with a
    grid of factors. The y of triplets and of classes is the class by which they were sampled, that
    of views the number of the thing.
    """

    x: Tensor
    index: Tensor | None = None
    y: Tensor | None = None
    v: Tensor | None = None
    changed: Tensor | None = None
    labelled: Batch | None = None


@dataclass(frozen=True)
class DataInfo:
    """Facts of a data set, passed to a method's constructor as keywords of these names.

    n: number of training images, which `Batch.index` numbers. shape: (C, H, W), or (F,) for
    vectors.
    classes: number of classes, 0 if there are none.
    factor_names, factor_sizes: of the K factors, empty if none are known. binary: whether every
    pixel is 0 or 1.
    low, high: the range of x: [0, 1] for pixels, the smallest and largest entry for vectors.
    labels: number of labelled images of the run, 0 where the method's `needs` have no "labels".

    ValueError for a shape that no image has.
    """

    n: int
    shape: tuple[int, ...]
    classes: int = 0
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()
    binary: bool = False
    low: float = 0.0
    high: float = 1.0
    labels: int = 0

    def __post_init__(self) -> None:
        entries = math.prod(self.shape)
        if min(self.shape, default=1) < 1 or entries >= 2**31:
            raise ValueError(
                f"shape is {self.shape}; sides are 1 or more, and one image has less than 2^31 numbers"
            )
