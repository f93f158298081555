"""Prefetch of batches from a file larger than memory: training does not wait for the disk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.pages import Pages
from unweave.data.sampling.single import Drawn

Rows = NDArray[np.int64]
PREFETCHED = 2  # steps, since one can be shorter than the disk takes for a batch


class Prefetch:
    """Draw (step -> rows) with prefetch of the pages of the steps that follow.

    The draw is a function of the step, so the result does not depend on earlier calls. Draws of
    later steps are kept until their step.

    Args:
        draw: from the step to its rows. pages: of the file. places: from rows to places in the
            file.
    """

    def __init__(
        self, draw: Callable[[int], Drawn], pages: Pages, places: Callable[[Rows], Rows]
    ) -> None:
        self.draw = draw
        self.pages = pages
        self.places = places
        self.known: dict[int, Drawn] = {}

    def __call__(self, step: int) -> Drawn:
        """The draw of a step."""
        if not self.pages.asking:
            self.known.clear()
            return self.draw(step)
        # draws that are still ahead are kept, missing ones made and their rows prefetched
        wanted = range(step, step + PREFETCHED + 1)
        self.known = {s: drawn for s, drawn in self.known.items() if s in wanted}
        for s in wanted:
            if s not in self.known:
                self.known[s] = self.draw(s)
                self.pages.prefetch(self.places(self.known[s].rows))
        return self.known.pop(step)  # not kept, since the caller may write into it
