"""Style statistics of the sources: `python tools/style.py [FOLDER]`.

Lines of functions (median, 90 %, largest), comments in 100 lines of code, share of lines over 100
characters, and in 1,000 lines of code: assignments that pack several values (`a, b = x, y`), and
conditional expressions; nested ones; imports between the packages.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

import numpy as np


def main(root: Path) -> None:
    """Print the figures of all Python files below a folder."""
    lengths: list[int] = []
    code = long = comments = packed = ternaries = nested = 0
    rooms: set[tuple[str, str]] = set()
    for path in sorted(root.rglob("*.py")):
        text = path.read_text()
        tree = ast.parse(text)
        lines = [line for line in text.splitlines() if line.strip()]
        code += len(lines)
        long += sum(len(line) > 100 for line in lines)
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += sum(
            token.type == tokenize.COMMENT and "noqa" not in token.string for token in tokens
        )
        own = path.relative_to(root).parts[0].removesuffix(".py")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths.append(_statements(node))
            packed += isinstance(node, ast.Assign) and _is_packed(node)
            if isinstance(node, ast.IfExp):
                ternaries += 1
                nested += any(isinstance(part, ast.IfExp) for part in (node.body, node.orelse))
            rooms |= {(own, other) for other in _imported(node) if other != own}
    middle, most = np.percentile(lengths, [50, 90])
    print(f"functions, lines: median {middle:.0f}, 90 % {most:.0f}, largest {max(lengths)}")
    print(
        f"lines {code:,}, comments {100 * comments / code:.1f} in 100, over 100 characters {100 * long / code:.1f} %"
    )
    print(
        f"in 1,000 lines: packed assignments {1000 * packed / code:.1f}, ternaries {1000 * ternaries / code:.1f}"
    )
    print(
        f"nested ternaries {nested}; rooms {len({a for a, _ in rooms})}, imports between them {len(rooms)}"
    )


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    doc = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    after = (first.end_lineno or 0) if doc else function.lineno
    return max((function.end_lineno or 0) - after, 1)


def _is_packed(node: ast.Assign) -> bool:
    return isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)


def _imported(node: ast.AST) -> list[str]:
    names: list[str] = []
    if isinstance(node, ast.ImportFrom) and node.module == "unweave":
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unweave."):
        names = [(node.module or "").split(".")[1]]
    elif isinstance(node, ast.Import):
        names = [a.name.split(".")[1] for a in node.names if a.name.startswith("unweave.")]
    return names


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "src/unweave"))
