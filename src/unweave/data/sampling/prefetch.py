"""Rows of a file larger than memory, asked of the disk some steps before they are read, so that training does not wait."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.pages import Pages
from unweave.data.sampling.single import Drawn

Rows = NDArray[np.int64]
AHEAD = 2  # steps: one can be shorter than what the disk takes for a batch


class Ahead:
    """A draw, step -> rows, that also asks for the pages of the steps that follow; `places` are the rows in the file.

    The draw is a function of the step, so the answer is the same whatever was asked before. What was drawn ahead is
    kept until its step comes.
    """

    def __init__(self, draw: Callable[[int], Drawn], pages: Pages, places: Callable[[Rows], Rows]) -> None:
        self.draw, self.pages, self.places = draw, pages, places
        self.known: dict[int, Drawn] = {}

    def __call__(self, step: int) -> Drawn:
        """What the step draws."""
        if not self.pages.asking:
            self.known.clear()
            return self.draw(step)
        wanted = range(step, step + AHEAD + 1)
        self.known = {s: drawn for s, drawn in self.known.items() if s in wanted}
        for s in wanted:
            if s not in self.known:
                self.known[s] = self.draw(s)
                self.pages.ask(self.places(self.known[s].rows))
        return self.known.pop(step)  # whoever gets it may write into it
