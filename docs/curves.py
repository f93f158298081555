"""Draw the curves that a recipe compares, such as the trade-off's: a panel for each measure, a line for each family.

python docs/curves.py trade-off RUNS docs/trade-off.svg

A line goes through the medians over the seeds; dots are the runs. Runs that are not in RUNS are trained.
"""

from __future__ import annotations

import argparse
import statistics
from html import escape
from pathlib import Path

from unweave.report.curves import short, ticks
from unweave.reproduction.listed import read
from unweave.reproduction.recipe import Recipe
from unweave.reproduction.reproduce import measured, trained

# All in pixels.
WIDTH = 460
HEIGHT = 320
LEFT = 62
RIGHT = 18
TOP = 44
BOTTOM = 52
COLOURS = ("#8a857c", "#2f5fa8", "#c0532d")
Points = dict[str, list[list[tuple[float, float]]]]  # of each family: of each arm: of each seed


def main() -> None:
    """Read the arguments and write the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", help="its name, or a file")
    parser.add_argument("runs", help="the folder that `unweave reproduce -o` wrote to")
    parser.add_argument("out", type=Path, help="the SVG to write")
    given = parser.parse_args()
    recipe = read(given.recipe)
    panels = [panel(i, *found) for i, found in enumerate(curves(recipe, given.runs).items())]
    size = f'width="{len(panels) * WIDTH}" height="{HEIGHT}" viewBox="0 0 {len(panels) * WIDTH} {HEIGHT}"'
    style = (
        "text{font:12px system-ui,sans-serif;fill:#3b3833} .title{font-size:14px;font-weight:600}"
    )
    body = "\n".join(panels)
    ground = '<rect width="100%" height="100%" fill="#fbfaf8"/>'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(recipe.claim)}</title>'
    given.out.write_text(f"{text}\n<style>{style}</style>\n{ground}\n{body}\n</svg>\n")


def curves(recipe: Recipe, runs: str) -> dict[tuple[str, str], Points]:
    """The points (along, measure) of each panel (name of the measure, name of what it goes along)."""
    panels: dict[tuple[str, str], Points] = {}
    for check in recipe.checks:
        if check.along is None:
            continue
        points = panels.setdefault((name(check.measure), name(check.along)), {})
        for arms in (check.against, check.over):
            of_arms = []
            for arm in arms:
                of_seeds = [trained(recipe.arms[arm], seed, runs) for seed in recipe.seeds]
                of_arms.append(
                    [(measured(check.along, run), measured(check.measure, run)) for run in of_seeds]
                )
            points[family(arms)] = of_arms
    return panels


def name(how: dict) -> str:
    """The name of a measure at an axis."""
    found = how.get("part") or how.get("score") or how.get("log") or how["call"].rpartition(":")[2]
    return str(found).replace("_", " ")


def family(arms: tuple[str, ...]) -> str:
    """The method that most of the arms are strengths of."""
    return statistics.mode(arm.rpartition("-")[0] or arm for arm in arms)


def panel(place: int, names: tuple[str, str], points: Points) -> str:
    """One panel as SVG, `place` widths from the left."""
    runs = [run for arms in points.values() for seeds in arms for run in seeds]
    axes = [ticks(min(values), max(values)) for values in zip(*runs, strict=True)]

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = ((v - t[0]) / (t[-1] - t[0]) for v, t in zip((x, y), axes, strict=True))
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (
            HEIGHT - TOP - BOTTOM
        )

    drawn = [f'<g transform="translate({place * WIDTH} 0)">', *axis(at, axes, names)]
    for k, (method, arms) in enumerate(points.items()):
        colour = COLOURS[k % len(COLOURS)]
        middles = sorted(
            tuple(statistics.median(v) for v in zip(*seeds, strict=True)) for seeds in arms
        )
        path = " ".join("{:.1f},{:.1f}".format(*at(*middle)) for middle in middles)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        dots = [at(*run) for seeds in arms for run in seeds]
        drawn += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}" fill-opacity=".55"/>'
            for x, y in dots
        ]
        key = LEFT + k * 120
        drawn.append(f'<circle cx="{key + 4}" cy="{TOP - 14}" r="4" fill="{colour}"/>')
        drawn.append(f'<text x="{key + 13}" y="{TOP - 10}">{escape(method)}</text>')
    return "\n".join([*drawn, "</g>"])


def axis(at, axes: list[list[float]], names: tuple[str, str]) -> list[str]:
    """The grid, its numbers and the names of both axes."""
    drawn = []
    across, up = axes
    for tick in up:
        x, y = at(across[0], tick)
        drawn.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#e4e0d8"/>')
        drawn.append(
            f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>'
        )
    for tick in across:
        x, y = at(tick, up[0])
        drawn.append(
            f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{short(tick)}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(
        f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(names[1])}, nats</text>'
    )
    drawn.append(f'<text class="title" x="8" y="18">{escape(names[0])}, nats</text>')
    return drawn


if __name__ == "__main__":
    main()
