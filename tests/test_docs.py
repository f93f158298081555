"""The pages of methods, metrics and recipes are what the docstrings, signatures, declarations and recipes say today."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_pages_are_current():
    pages = runpy.run_path(str(DOCS / "pages.py"))["pages"]()
    old = [str(file.relative_to(DOCS)) for file, text in pages.items() if not file.exists() or file.read_text() != text]
    left = {f for folder in ("methods", "metrics") for f in (DOCS / folder).glob("*.md")} - set(pages)
    assert not old, f"run python docs/pages.py: {old}"
    assert not left, f"pages of what is gone: {left}"


def test_the_page_of_estimators_says_what_they_give_today():
    module = runpy.run_path(str(DOCS / "estimators.py"))
    text = (DOCS / "estimators.md").read_text()
    for batch, ((weighted, _), (stratified, error)) in (
        (batch, list(module["estimates"](0.5, batch, 16384 // batch))) for batch in (64, 256)
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(f"| 0.5 | {batch} |")]
        told = [float(cell.split(" ± ")[0]) for cell in line.strip("| ").split(" | ")[2:]]
        assert told[:2] == pytest.approx([float(weighted[0]), float(stratified[0])], abs=4 * float(error[0]) + 0.01)
        assert told[3:5] == pytest.approx([float(weighted[1]), float(stratified[1])], abs=4 * float(error[1]) + 0.01)
    assert module["truth"](0.5) == pytest.approx((5.8158, 1.1157), abs=1e-3)
