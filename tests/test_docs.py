"""The pages of methods and metrics are what the docstrings, signatures and declarations say today."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_pages_are_current():
    pages = runpy.run_path(str(DOCS / "pages.py"))["pages"]()
    old = [str(file.relative_to(DOCS)) for file, text in pages.items() if not file.exists() or file.read_text() != text]
    left = {f for folder in ("methods", "metrics") for f in (DOCS / folder).glob("*.md")} - set(pages)
    assert not old, f"run python docs/pages.py: {old}"
    assert not left, f"pages of what is gone: {left}"
