"""The pages of methods, metrics and recipes are what the docstrings, signatures, declarations and recipes say today."""

import runpy
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_pages_are_current():
    pages = runpy.run_path(str(DOCS / "pages.py"))["pages"]()
    old = [
        str(file.relative_to(DOCS))
        for file, text in pages.items()
        if not file.exists() or file.read_text() != text
    ]
    left = {f for folder in ("methods", "metrics") for f in (DOCS / folder).glob("*.md")} - set(
        pages
    )
    assert not old, f"run python docs/pages.py: {old}"
    assert not left, f"pages of what is gone: {left}"


def test_the_page_of_choosing_is_current():
    module = runpy.run_path(str(DOCS / "choosing.py"))
    assert module["PAGE"].read_text() == module["page"](), "run python docs/choosing.py"


def test_the_page_of_estimators_says_what_they_give_today():
    module = runpy.run_path(str(DOCS / "estimators.py"))
    text = (DOCS / "estimators.md").read_text()
    for batch, ((weighted, _), (stratified, error)) in (
        (batch, list(module["estimates"](0.5, batch, 16384 // batch))) for batch in (64, 256)
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(f"| 0.5 | {batch} |")]
        told = [float(cell.split(" ± ")[0]) for cell in line.strip("| ").split(" | ")[2:]]
        assert told[:2] == pytest.approx(
            [float(weighted[0]), float(stratified[0])], abs=4 * float(error[0]) + 0.01
        )
        assert told[3:5] == pytest.approx(
            [float(weighted[1]), float(stratified[1])], abs=4 * float(error[1]) + 0.01
        )
    assert module["truth"](0.5) == pytest.approx((5.8158, 1.1157), abs=1e-3)


def test_the_table_of_sparse_factors_says_what_they_give_today():
    module = runpy.run_path(str(DOCS / "estimators.py"))
    lines = (DOCS / "estimators.md").read_text().splitlines()
    told = [line.strip("| ").split(" | ") for line in lines if line.startswith("| 183 | 1,000 |")]
    assert [row[2] for row in told] == list(module["KNOWN"])
    for _, _, known, *values in told:
        rng = np.random.default_rng([183, 1000])
        found = np.mean([module["of_a_table"](known, 183, 1000, rng) for _ in range(8)], 0)
        assert [float(value) for value in values] == pytest.approx(list(found), abs=0.006)
    none = [float(value) for value in told[0][3:]]
    assert none[1] > 0.9, "plug-in information of noise"
    assert abs(none[4]) < 0.03, "the library's own"


def test_the_page_of_bounds_says_what_they_give_today():
    module = runpy.run_path(str(DOCS / "bounds.py"))
    lines = (DOCS / "bounds.md").read_text().splitlines()
    cells = [
        (information, rows) for information in module["INFORMATION"] for rows in module["BATCHES"]
    ]
    for information, rows in cells[::2]:  # those of small batches, with the best critic
        line = module["line"](information, rows, list(module["best"](information, rows).values()))
        stated = next(found for found in lines if found.startswith(f"| {information:g} | {rows} |"))
        values, today = (
            [float(cell.split(" ± ")[0]) for cell in text.strip("| ").split(" | ")[3:]]
            for text in (stated, line)
        )
        assert today == pytest.approx(values, abs=0.011)


def test_the_page_of_the_house_is_drawn_from_the_code_of_today():
    assert (DOCS / "house.md").read_text() == runpy.run_path(str(DOCS / "house.py"))["page"](), (
        "run make docs"
    )


def test_the_page_of_the_house_refuses_a_way_that_is_not_there():
    defined = runpy.run_path(str(DOCS / "house.py"))["defined"]
    with pytest.raises(ValueError, match=r"has no Training\.retreat"):
        defined(DOCS.parent / "src/unweave/training/loop.py", "Training.retreat")
