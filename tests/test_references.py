"""Each paper that a docstring cites stands in references.bib, once."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIELD = re.compile(r"^  (\w+) = \{+(.+?)\}+,$", re.M)
CITED = re.compile(r"([A-Z][\w'-]+)(?: et al\.| and [A-Z][\w'-]+)?,? \(?((?:19|20)\d\d)\b[^-]")
PAPERS = [
    dict(FIELD.findall(entry)) for entry in (ROOT / "references.bib").read_text().split("\n@")[1:]
]
NOT_NAMES = {"In", "Since", "Of", "The", "Copyright", "JMLR"}


def citations(text: str) -> set[tuple[str, str]]:
    """(surname, year) of every paper cited in a text as "Surname (year)", "A and B, year" or "A et al., year"."""
    return {(name, year) for name, year in CITED.findall(text) if name not in NOT_NAMES}


def stands(name: str, year: str) -> bool:
    """Whether a paper of that year has an author of that surname."""
    return any(
        paper["year"] == year and re.search(rf"\b{name}\b", paper["author"]) for paper in PAPERS
    )


def test_citations_are_found() -> None:
    text = 'As in Kim and Mnih (2018, eq. 2); Chen et al., 2016; Hosoya, 2019, eq. 6. "Up to 2018" cites nothing.'
    assert citations(text) == {("Kim", "2018"), ("Chen", "2016"), ("Hosoya", "2019")}
    assert stands("Kim", "2018")
    assert not stands("Kim", "1918")


def test_every_paper_cited_is_in_the_references() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name} {year}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for name, year in sorted(citations(path.read_text()))
        if not stands(name, year)
    ]
    assert not missing, "add to references.bib:\n" + "\n".join(missing)


def test_each_paper_stands_once() -> None:
    titles = [paper["title"].lower() for paper in PAPERS]
    assert len(titles) == (ROOT / "references.bib").read_text().count("\n@")
    assert sorted(set(titles)) == sorted(titles)
