"""Heat map of a matrix of latents by factors, as coloured cells for a template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# All in pixels.
CELL = 46  # width of a cell
TALL = 26  # height of a cell
LABEL = 64  # least width of the names of rows
HEAD = 78  # height of the names of columns
LETTER = 7  # approximate width of a letter in the names of rows

# Nine colours of matplotlib's viridis (van der Walt and Smith, 2015, CC0), which is close to linear
# between them: (9, 3), rgb.
VIRIDIS = np.array(
    [
        (68, 1, 84),
        (71, 44, 122),
        (59, 81, 139),
        (44, 113, 142),
        (33, 144, 141),
        (39, 173, 129),
        (92, 200, 99),
        (170, 220, 50),
        (253, 231, 37),
    ],
    dtype=float,
)


@dataclass(frozen=True)
class Cell:
    """One entry: position in pixels, fill, a colour of text that contrasts, text and tooltip."""

    x: float
    y: float
    fill: str
    ink: str
    text: str
    title: str


@dataclass(frozen=True)
class Heatmap:
    """A heat map ready to draw: rows as (y, name), columns as (x, name)."""

    title: str
    unit: str
    about: str
    rows: list[tuple[float, str]]
    columns: list[tuple[float, str]]
    cells: list[Cell]
    scale: list[str]
    top: str
    width: int
    height: int
    cell: int = CELL
    tall: int = TALL
    label: int = LABEL


def heatmap(
    title: str,
    matrix: NDArray[np.floating],
    rows: Sequence[str],
    columns: Sequence[str],
    unit: str,
    about: str = "",
    top: float | None = None,
) -> Heatmap:
    """The heat map of a matrix (D, K) of values from 0 up; NaN is left blank.

    top: value of the brightest colour, the largest entry if None.
    """
    label = max([LABEL, *(LETTER * len(row) + 14 for row in rows)])
    if top is None:
        top = _largest(matrix)
    cells = []
    for i, row in enumerate(rows):
        for k, column in enumerate(columns):
            value = float(matrix[i, k])
            tooltip = "not defined"
            text = "–"
            if math.isfinite(value):
                tooltip = f"{value:z.3g} {unit}"
                text = _brief(value, top)
            fill, ink = colour(value / top)
            x = float(label + k * CELL)
            y = float(HEAD + i * TALL)
            cells.append(Cell(x, y, fill, ink, text, f"{row}, {column}: {tooltip}"))
    return Heatmap(
        title,
        unit,
        about,
        [(float(HEAD + i * TALL), name) for i, name in enumerate(rows)],
        [(label + (k + 0.5) * CELL, name) for k, name in enumerate(columns)],
        cells,
        [colour(float(t))[0] for t in np.linspace(0, 1, 9)],
        f"{top:z.3g}",
        label + CELL * len(columns) + 40,
        HEAD + TALL * len(rows) + 4,
        label=label,
    )


def _largest(matrix: NDArray[np.floating]) -> float:
    """The largest finite entry; 1 if none is above 0."""
    finite = matrix[np.isfinite(matrix)]
    if finite.size and finite.max() > 0:
        return float(finite.max())
    return 1.0


def colour(t: float) -> tuple[str, str]:
    """The viridis colour of t in [0, 1], and black or white, whichever has more contrast on it.

    NaN has no fill.

    >>> colour(0.0), colour(1.0)
    (('#440154', '#fff'), ('#fde725', '#000'))
    """
    if not math.isfinite(t):
        return "none", "currentColor"
    # Linear between the two nearest of the nine colours: rgb (3,), 0 to 255.
    place = min(max(t, 0.0), 1.0) * (len(VIRIDIS) - 1)
    low = min(int(place), len(VIRIDIS) - 2)
    rgb = VIRIDIS[low] + (place - low) * (VIRIDIS[low + 1] - VIRIDIS[low])
    # Relative luminance of sRGB (WCAG 2); above .179 black has the higher contrast.
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    fill = "#" + "".join(f"{round(c):02x}" for c in rgb)
    if luminance > 0.179:
        return fill, "#000"
    return fill, "#fff"


def _brief(value: float, top: float) -> str:
    """A value with as many decimals as fit into a cell: .42, 1.3, 12."""
    decimals = 0
    if top < 10:
        decimals = 2
    elif top < 100:
        decimals = 1
    text = f"{value:z.{decimals}f}"
    if text.startswith("0."):
        return text[1:]
    if text.startswith("-0."):
        return text.replace("-0.", "−.")
    return text
