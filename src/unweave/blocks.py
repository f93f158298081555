"""Blocks of columns of a code, with their kinds and shapes, for losses, metrics and reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("gaussian", "one-hot", "point", "noise")


@dataclass(frozen=True)
class Block:
    """A block of columns of a code.

    columns: a slice of step 1 within the code. shape: of the block if it is a feature map, e.g.
        (8, 4, 4) as (C, H, W), flattened in this order; None for a row of columns.
    scored: whether metrics use it; a block that is not scored is still in reports. Noise is never
        scored.
    kind: "gaussian": every column has a mean and a log variance (a point if the posterior has no
        variance at all); "one-hot": one categorical latent, whose mean is the probabilities of its
        columns; "point": deterministic, beside columns that are not; "noise": not inferred, encode
        gives 0.
    prior: of a one-hot, its probabilities, (columns,), which sum to 1; uniform if None.
    """

    columns: slice
    shape: tuple[int, ...] | None = None
    scored: bool = True
    kind: str = "gaussian"
    prior: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a block's kind is {self.kind!r}; expected one of {', '.join(KINDS)}")
        if self.prior is not None:
            self._check_prior(self.prior)
        if self.kind == "noise":
            object.__setattr__(self, "scored", False)

    def _check_prior(self, prior: tuple[float, ...]) -> None:
        if self.kind != "one-hot":
            raise ValueError(f"a prior is of a one-hot block; this one is {self.kind}")
        if not (min(prior) > 0 and math.isclose(sum(prior), 1, rel_tol=1e-6)):
            raise ValueError(
                f"the prior of a one-hot is {prior}; expected probabilities above 0 whose sum is 1"
            )

    def places(self, width: int) -> range:
        """The numbers of the columns in a code of this width.

        ValueError if shape or prior do not fit.
        """
        found = range(width)[self.columns]
        if self.shape is not None and math.prod(self.shape) != len(found):
            expected = math.prod(self.shape)
            raise ValueError(
                f"a block of shape {self.shape} has {expected} columns, not {len(found)}"
            )
        if self.prior is not None and len(self.prior) != len(found):
            raise ValueError(
                f"a prior of {len(self.prior)} probabilities is of as many columns, "
                f"not {len(found)}"
            )
        return found

    def latents(self, width: int) -> int:
        """Number of latents: 1 for a one-hot, 0 for noise, one for each column otherwise."""
        columns = len(self.places(width))
        return {"one-hot": 1, "noise": 0}.get(self.kind, columns)


def as_blocks(given: Mapping[str, Block | slice]) -> dict[str, Block]:
    """All blocks as `Block`.

    A plain slice is Gaussian, except for two names: "class" is a one-hot, "noise" is noise.
    """
    by_name = {"class": "one-hot", "noise": "noise"}
    found: dict[str, Block] = {}
    for name, block in given.items():
        if not isinstance(block, Block):
            block = Block(block, kind=by_name.get(name, "gaussian"))
        found[name] = block
    return found


def refuse_unfit(blocks: Mapping[str, Block], width: int) -> None:
    """ValueError for a block with columns that a code (n, width) lacks, or another block has."""
    owners: dict[int, str] = {}
    for name, block in blocks.items():
        last = (block.columns.stop or 0) - 1
        if last >= width:
            first = block.columns.start or 0
            raise ValueError(
                f"the block {name!r} has columns from {first} to {last}; "
                f"a code of encode has {width}"
            )
        for column in block.places(width):
            if column in owners:
                raise ValueError(
                    f"the block {name!r} shares column {column} with the block {owners[column]!r}"
                )
            owners[column] = name


def named(blocks: Mapping[str, Block], name: str) -> Block:
    """The block of this name. ValueError with all names if there is none."""
    if name not in blocks:
        raise ValueError(
            f"there is no block {name!r}; the blocks of this code are {', '.join(blocks)}"
        )
    return blocks[name]
