"""A matrix of latents by factors as coloured cells, geometry that a template draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELL, LABEL, HEAD = 46, 64, 78
TALL = 26  # height of a cell
LETTER = 7  # width of a letter, about, of the names of rows

# viridis of matplotlib (van der Walt and Smith, 2015, CC0), nine of its colours; between them it is close to linear
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
    """One entry: where, its fill, the ink that can be read on it, its text and tooltip."""

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
    """A matrix (D, K) from 0 up; the brightest colour is `top`, its largest entry if None. NaN is left blank."""
    label = max([LABEL, *(LETTER * len(row) + 14 for row in rows)])
    finite = matrix[np.isfinite(matrix)]
    if top is None:
        top = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    cells = []
    for i, row in enumerate(rows):
        for k, column in enumerate(columns):
            value = float(matrix[i, k])
            told = f"{row}, {column}: " + (f"{value:z.3g} {unit}" if math.isfinite(value) else "not defined")
            fill, ink = colour(value / top)
            text = _brief(value, top) if math.isfinite(value) else "–"
            cells.append(Cell(float(label + k * CELL), float(HEAD + i * TALL), fill, ink, text, told))
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


def colour(t: float) -> tuple[str, str]:
    """The viridis colour of t in [0, 1] and the ink, black or white, with more contrast on it; no fill for NaN.

    >>> colour(0.0), colour(1.0)
    (('#440154', '#fff'), ('#fde725', '#000'))
    """
    if not math.isfinite(t):
        return "none", "currentColor"
    place = min(max(t, 0.0), 1.0) * (len(VIRIDIS) - 1)
    low = min(int(place), len(VIRIDIS) - 2)
    rgb = VIRIDIS[low] + (place - low) * (VIRIDIS[low + 1] - VIRIDIS[low])
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]  # WCAG 2; above .179 black has the higher contrast
    return "#" + "".join(f"{round(c):02x}" for c in rgb), "#000" if luminance > 0.179 else "#fff"


def _brief(value: float, top: float) -> str:
    """A value with the decimals that tell it from its neighbours: .42, 1.3, 12."""
    decimals = 2 if top < 10 else 1 if top < 100 else 0
    text = f"{value:z.{decimals}f}"
    return text[1:] if text.startswith("0.") else text.replace("-0.", "−.") if text.startswith("-0.") else text
