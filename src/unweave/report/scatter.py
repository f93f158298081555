"""Scatter plot of two columns of codes, coloured by a factor, with marginal histograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.report.heatmap import colour

SIDE = 300  # pixels, of the plot
EDGE = 34  # height of a histogram
LABEL = 26  # margin for the names of the axes
SHADES = 16  # colours
DARKEST = 0.25  # position in the colour map; darker colours cannot be seen on a dark page
BINS = 24  # of a histogram


@dataclass(frozen=True)
class Scatter:
    """A scatter plot ready to draw.

    dots: (colour, SVG path of its dots). above, beside: paths of the histograms. across, up: names
    of the axes. Sizes in pixels.
    """

    title: str
    dots: list[tuple[str, str]]
    above: str
    beside: str
    across: str
    up: str
    side: int = SIDE
    edge: int = EDGE
    width: int = LABEL + SIDE + EDGE + 4
    height: int = EDGE + 4 + SIDE + LABEL
    label: int = LABEL


def scatter(
    title: str,
    codes: NDArray[np.floating],
    shade: NDArray[np.floating],
    limits: NDArray[np.floating],
    axes: tuple[str, str],
    shown: int = 900,
) -> Scatter:
    """Codes (N, 2) within limits (2, 2), rows low and high.

    The first `shown` codes are drawn as dots; the histograms count all of them. shade: (N,), values
    whose ranks colour the dots.
    """
    place = (codes - limits[0]) / (limits[1] - limits[0])  # (N, 2), 0 to 1 within the limits
    across, up = axes
    dots = _dots(place, shade, shown)
    return Scatter(title, dots, _above(place[:, 0]), _beside(place[:, 1]), across, up)


def _dots(
    place: NDArray[np.floating], shade: NDArray[np.floating], shown: int
) -> list[tuple[str, str]]:
    """(colour, SVG path) of the dots within the plot, for each colour that is used."""
    ranks = shade.argsort().argsort() * SHADES // len(shade)  # (N,), 0 to SHADES - 1
    x = LABEL + place[:, 0] * SIDE
    y = EDGE + 4 + (1 - place[:, 1]) * SIDE
    inside = ((place[:shown] >= 0) & (place[:shown] <= 1)).all(1)  # (shown,)
    drawn = np.flatnonzero(inside)
    dots = []
    for k in range(SHADES):
        path = "".join(f"M{x[i]:.0f} {y[i]:.0f}h0" for i in drawn[ranks[drawn] == k])
        fill = colour(DARKEST + (1 - DARKEST) * k / (SHADES - 1))[0]
        if path:
            dots.append((fill, path))
    return dots


def _above(place: NDArray[np.floating]) -> str:
    """SVG path of the histogram above the plot, of places (N,)."""
    wide = SIDE / BINS
    bars = enumerate(_heights(place))
    return "".join(f"M{LABEL + i * wide:.1f} {EDGE}v{-h:.1f}h{wide:.1f}v{h:.1f}z" for i, h in bars)


def _beside(place: NDArray[np.floating]) -> str:
    """SVG path of the histogram at the right of the plot, of places (N,), from the bottom up."""
    left = LABEL + SIDE + 4
    bottom = EDGE + 4 + SIDE
    wide = SIDE / BINS
    bars = enumerate(_heights(place))
    return "".join(
        f"M{left} {bottom - i * wide:.1f}h{h:.1f}v{-wide:.1f}h{-h:.1f}z" for i, h in bars
    )


def _heights(place: NDArray[np.floating]) -> NDArray[np.floating]:
    """Heights of the bars (BINS,) in pixels, the largest EDGE."""
    counts = np.histogram(place, BINS, (0, 1))[0]
    return EDGE * counts / max(counts.max(), 1)
