"""Paired bar chart of two models, one pair for each quantity, as geometry for a template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# All in pixels.
WIDTH = 410
LEFT = 124  # margin for the names
RIGHT = 56  # margin for the values
THICK = 13  # of a bar
GAP = 3  # between the bars of a pair
APART = 15  # between pairs


@dataclass(frozen=True)
class Bar:
    """One bar: its top and length in pixels, the index of its colour, and its value as text."""

    y: float
    length: float
    colour: int
    text: str


@dataclass(frozen=True)
class Bars:
    """The chart: names as (y, name), two bars for each. floors: (y, length), behind the bars."""

    title: str
    names: list[tuple[float, str]]
    bars: list[Bar]
    floors: list[tuple[float, float]]
    width: int
    height: int
    left: int = LEFT
    thick: int = THICK
    pair: int = 2 * THICK + GAP


def bars(
    title: str,
    names: Sequence[str],
    pairs: Sequence[tuple[float, float]],
    texts: Sequence[tuple[str, str]],
    floors: Sequence[float] = (),
) -> Bars:
    """A pair of bars for each name, their lengths proportional to |value|, all on one scale.

    texts: written beside the bars. floors: scores of noise, one for each name, or none at all.
    NaN is not drawn.
    """
    finite = [abs(value) for pair in pairs for value in pair if math.isfinite(value)]
    longest = max(finite, default=0.0) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / longest  # pixels per unit
    step = 2 * THICK + GAP + APART
    tops = [2.0 + i * step for i in range(len(names))]
    drawn: list[Bar] = []
    for top, pair, words in zip(tops, pairs, texts, strict=True):
        for k, (value, text) in enumerate(zip(pair, words, strict=True)):
            drawn.append(Bar(top + k * (THICK + GAP), _length(value, scale), k, text))
    known_floors = [pair for pair in zip(tops, floors, strict=False) if math.isfinite(pair[1])]
    noise = [(top, _length(floor, scale)) for top, floor in known_floors]
    labels = [(top + THICK + GAP / 2, name) for top, name in zip(tops, names, strict=True)]
    return Bars(title, labels, drawn, noise, WIDTH, len(tops) * step - APART + 4)


def _length(value: float, scale: float) -> float:
    """Length of a bar in pixels; 0 where the value is not finite."""
    if not math.isfinite(value):
        return 0.0
    return round(abs(value) * scale, 1)
