"""`unweave choose DATA`: the methods that fit the data, what each needs, and its nearest recipe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from unweave.cli.parser import Parser
from unweave.text import visible

ABOUT = """Read the data, and say which methods can be trained on them: by what they need besides
images, and with the recipe that shows what to expect. Any option of the data set may follow, e.g.
--classes shape or --size 32."""


def run(arguments: Sequence[str]) -> int:
    """Print the methods that fit, by what they need, then the others with the reason."""
    parser = Parser("choose", ABOUT)
    parser.add_argument("data", help="a data set, a folder, a file, module:function")
    parser.add_argument("--root", help="the folder of published files")
    known, rest = parser.parse_known_args(list(arguments))

    from unweave.cli.opened import opened
    from unweave.data.overview.describe import described
    from unweave.runs.fitting import KINDS, fits

    data = opened(known.data, known.root, rest, "choose")
    print("\n".join(map(visible, described(data, known.data))))
    found = fits(data)
    for kind, what in KINDS.items():
        fitting = [fit.method for fit in found if fit.kind == kind and not fit.reason]
        if fitting:
            print(f"\n{what}")
            print("\n".join(_lines(fitting, known.data)))
    unfit = sorted((fit for fit in found if fit.reason), key=lambda fit: fit.reason)
    if unfit:
        print("\nnot on these data")
    for reason, fits_of_reason in groupby(unfit, key=lambda fit: fit.reason):
        names = ", ".join(fit.method for fit in fits_of_reason)
        print(visible(f"  {names}: {reason}"))
    return 0


def _lines(fitting: Sequence[str], data: str) -> list[str]:
    """A line for each method: its name, what it is, and its recipe."""
    from unweave.methods import METHODS
    from unweave.reproduction.listed import nearest_recipe

    width = max(map(len, fitting))
    lines = []
    for name in fitting:
        line = f"  {name:<{width}}  {METHODS[name].about}"
        if recipe := nearest_recipe(name, data):
            line += f" (unweave reproduce {recipe})"
        lines.append(line)
    return lines
