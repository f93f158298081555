"""Draw the picture of the README from a run: images, their reconstructions, and latent traversals.

python docs/picture.py RUN docs/picture.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from unweave.report.pictures import pixels
from unweave.report.traversal import Traversal
from unweave.report.views import Views
from unweave.runs.run import load_run

TILE = 72  # pixels, as all sizes
GAP = 4
MARGIN = 28
LABEL = 118
SHOWN = 5  # latents, and images in a row
PAPER = "#fbfaf8"
INK = "#1d1c1a"
SOFT = "#66635d"


def main() -> None:
    """Read the arguments and write the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="the folder of a trained run")
    parser.add_argument("out", type=Path, help="the PNG to write")
    arguments = parser.parse_args()
    draw(Views(load_run(arguments.run))).save(arguments.out, optimize=True)


def draw(views: Views) -> Image.Image:
    """The picture: on the left images above reconstructions, on the right a strip for each of the top latents."""
    images, again = views.reconstructions(2 * SHOWN)
    traversals = views.traversals(SHOWN)
    rows = len(traversals)
    left = SHOWN * (TILE + GAP)
    right = LABEL + len(traversals[0].frames[1]) * (TILE + GAP)
    size = (3 * MARGIN + left + right, 2 * MARGIN + 22 + rows * (TILE + GAP))
    picture = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(picture)
    top = MARGIN + 22
    pen.text(
        (MARGIN, MARGIN - 6), "images, and their reconstructions", SOFT, ImageFont.load_default(15)
    )
    blocks = [images[:SHOWN], again[:SHOWN], images[SHOWN:], again[SHOWN:]]
    extra = (rows - len(blocks)) * (TILE + GAP) / 2  # the blocks stand centred beside the strips
    for i, block in enumerate(blocks):
        paste_row(picture, block, MARGIN, round(top + max(extra, 0) + i * (TILE + GAP)))
    start = 2 * MARGIN + left
    pen.text(
        (start + LABEL, MARGIN - 6),
        "one latent at a time, over quantiles of the prior",
        SOFT,
        ImageFont.load_default(15),
    )
    for i, traversal in enumerate(traversals):
        y = top + i * (TILE + GAP)
        label(pen, traversal, start, y)
        paste_row(picture, traversal.frames[1], start + LABEL, y)
    return picture


def label(pen: ImageDraw.ImageDraw, traversal: Traversal, x: int, y: int) -> None:
    """The name of a latent and its KL."""
    pen.text((x, y + TILE // 2 - 20), traversal.name, INK, ImageFont.load_default(19))
    if traversal.latent is not None and traversal.latent.kl is not None:
        pen.text(
            (x, y + TILE // 2 + 4),
            f"{traversal.latent.kl:.2f} nats",
            SOFT,
            ImageFont.load_default(14),
        )


def paste_row(picture: Image.Image, images: NDArray[np.generic], x: int, y: int) -> None:
    """Images side by side, each in a square tile."""
    for i, image in enumerate(pixels(images)):
        tile = Image.fromarray(image).convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)
        picture.paste(tile, (x + i * (TILE + GAP), y))


if __name__ == "__main__":
    main()
