"""Two columns of codes as a cloud of points, coloured by a factor, with their histograms on the edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.report.heatmap import colour

SIDE, EDGE, LABEL = 300, 34, 26  # of the plot, of a histogram, for the names of the axes
SHADES = 16  # colours
DARKEST = 0.25  # of the map: what is darker is lost on a dark page
BINS = 24


@dataclass(frozen=True)
class Scatter:
    """A cloud ready to draw: an SVG path of dots for each shade, a path for each histogram, the names of the axes."""

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
    """Codes (N, 2) between limits (2, 2), rows low and high; the first `shown` as dots, all in the histograms.

    shade: (N,), what colours the dots, by its rank.
    """
    place = (codes - limits[0]) / (limits[1] - limits[0])
    ranks = shade.argsort().argsort() * SHADES // len(shade)
    x, y = LABEL + place[:, 0] * SIDE, EDGE + 4 + (1 - place[:, 1]) * SIDE
    inside = ((place >= 0) & (place <= 1)).all(1)
    drawn = np.flatnonzero(inside[:shown])
    dots = []
    for k in range(SHADES):
        path = "".join(f"M{x[i]:.0f} {y[i]:.0f}h0" for i in drawn if ranks[i] == k)
        dots.append((colour(DARKEST + (1 - DARKEST) * k / (SHADES - 1))[0], path))
    heights = [np.histogram(column, BINS, (0, 1))[0] for column in place.T]
    tall = [EDGE * counts / max(counts.max(), 1) for counts in heights]
    wide = SIDE / BINS
    above = "".join(f"M{LABEL + i * wide:.1f} {EDGE}v{-h:.1f}h{wide:.1f}v{h:.1f}z" for i, h in enumerate(tall[0]))
    beside = "".join(
        f"M{LABEL + SIDE + 4} {EDGE + 4 + SIDE - i * wide:.1f}h{h:.1f}v{-wide:.1f}h{-h:.1f}z"
        for i, h in enumerate(tall[1])
    )
    return Scatter(title, [d for d in dots if d[1]], above, beside, *axes)
