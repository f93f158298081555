"""What the columns of a code are: blocks of columns with facts, which losses, metrics and pages read alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("gaussian", "one-hot", "point", "noise")


@dataclass(frozen=True)
class Block:
    """Some columns of a code that belong together.

    columns: a slice of step 1 that ends at, or before, the last column. shape: of the block where it is a map, e.g.
        (8, 4, 4) as (C, H, W), flattened in this order; None for a plain row of columns.
    scored: whether metrics see it; a block that is not is shown all the same. Noise is never scored.
    kind: "gaussian": every column has a mean and a log variance (where a posterior has no variance at all, a point);
        "one-hot": all columns together say one of their number, a mean is its probabilities, and it is one latent;
        "point": deterministic beside others that are not; "noise": not inferred, encode gives 0.
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
        if self.prior is not None and self.kind != "one-hot":
            raise ValueError(f"a prior is of a one-hot block; this one is {self.kind}")
        if self.prior is not None and not (min(self.prior) > 0 and math.isclose(sum(self.prior), 1, rel_tol=1e-6)):
            raise ValueError(f"the prior of a one-hot is {self.prior}; expected probabilities above 0 whose sum is 1")
        if self.kind == "noise":
            object.__setattr__(self, "scored", False)

    def places(self, width: int) -> range:
        """The columns, by number, in a code of this width. ValueError if the shape or the prior has another number."""
        found = range(width)[self.columns]
        if self.shape is not None and math.prod(self.shape) != len(found):
            raise ValueError(f"a block of shape {self.shape} has {math.prod(self.shape)} columns, not {len(found)}")
        if self.prior is not None and len(self.prior) != len(found):
            raise ValueError(f"a prior of {len(self.prior)} probabilities is of as many columns, not {len(found)}")
        return found

    def latents(self, width: int) -> int:
        """How many latents it holds: 1 for a one-hot, 0 for noise, one for each column of any other."""
        return {"one-hot": 1, "noise": 0}.get(self.kind, len(self.places(width)))


def as_blocks(given: Mapping[str, Block | slice]) -> dict[str, Block]:
    """Every block with its facts. A plain slice is Gaussian, but for two names: "class" is a one-hot, "noise" is noise."""
    by_name = {"class": "one-hot", "noise": "noise"}
    return {
        name: block if isinstance(block, Block) else Block(block, kind=by_name.get(name, "gaussian"))
        for name, block in given.items()
    }


def named(blocks: Mapping[str, Block], name: str) -> Block:
    """The block of this name. ValueError with the names there are if there is none."""
    if name not in blocks:
        raise ValueError(f"there is no block {name!r}; the blocks of this code are {', '.join(blocks)}")
    return blocks[name]
