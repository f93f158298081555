"""Two models side by side, a pair of bars for each quantity, as geometry that a template draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, LEFT, RIGHT = 410, 124, 56
THICK, GAP, APART = 13, 3, 15  # of a bar, between a pair's bars, between pairs


@dataclass(frozen=True)
class Bar:
    """One bar, in pixels from the left edge of the plot; its colour by place, its value as text."""

    y: float
    length: float
    colour: int
    text: str


@dataclass(frozen=True)
class Bars:
    """The picture: names as (y, name), two bars for each. floors: of a pair, as (y, length), behind its bars."""

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
    """Pairs of values, one for each name, whose bars are as long as the values are far from 0, all on one scale.

    texts: what stands beside the bars. floors: what noise has, one for each name if given. NaN is not drawn.
    """
    finite = [abs(value) for pair in pairs for value in pair if math.isfinite(value)]
    scale = (WIDTH - LEFT - RIGHT) / (max(finite, default=0.0) or 1.0)
    step = 2 * THICK + GAP + APART
    tops = [2.0 + i * step for i in range(len(names))]
    drawn = [
        Bar(top + k * (THICK + GAP), _length(value, scale), k, text)
        for top, pair, words in zip(tops, pairs, texts, strict=True)
        for k, (value, text) in enumerate(zip(pair, words, strict=True))
    ]
    noise = [(top, _length(floor, scale)) for top, floor in zip(tops, floors, strict=False) if math.isfinite(floor)]
    told = [(top + THICK + GAP / 2, name) for top, name in zip(tops, names, strict=True)]
    return Bars(title, told, drawn, noise, WIDTH, len(tops) * step - APART + 4)


def _length(value: float, scale: float) -> float:
    return round(abs(value) * scale, 1) if math.isfinite(value) else 0.0
