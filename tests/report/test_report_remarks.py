"""A number that cannot be has its reason beside it, and no other number has one."""

import shutil

import pytest
from tests.configs import config

from unweave.report import write
from unweave.report.remarks import remarks
from unweave.runs.run import load_run


def estimated(estimator):
    settings = {"latents": 10} | ({"regulariser.estimator": estimator} if estimator else {})
    return config("beta-tcvae", n=20_000, **settings)


def test_a_weighted_total_correlation_below_0_says_by_how_much_it_may_be_short():
    """(D - 1) log N = 9 log 20,000 = 89.1."""
    found = remarks(
        [{"total correlation": 3.0}, {"total correlation": -34.5}], estimated("weighted")
    )
    assert list(found) == ["total correlation"]
    assert "up to (D - 1) log N = 89 nats below the truth" in found["total correlation"]


@pytest.mark.parametrize(("estimator", "word"), [("stratified", "one batch"), (None, "critic")])
def test_other_estimates_have_other_reasons(estimator, word):
    assert word in remarks([{"total correlation": -0.2}], estimated(estimator))["total correlation"]


@pytest.mark.parametrize(
    ("estimator", "word"), [("weighted", "log(N M)"), ("stratified", "one sample")]
)
def test_an_information_above_the_kl_has_its_reason(estimator, word):
    found = remarks([{"mutual information": 13.7, "kl": 7.0}], estimated(estimator))
    assert word in found["mutual information"]


def test_what_is_in_its_range_has_none():
    record = {"total correlation": 0.5, "mutual information": 6.0, "kl": 7.0}
    assert remarks([{"total correlation": -1.0}, record], estimated("weighted")) == {}
    assert remarks([], estimated(None)) == {}


def test_the_page_shows_it_beside_the_curve(run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(run.path, folder)
    copy = load_run(folder)
    for step, value in ((13, -1.5), (14, -2.5)):
        copy.folder.append({"step": step, "total correlation": value})
    page = write([copy], tmp_path / "page.html").read_text()
    assert "Below 0, where no total correlation is: it is a critic" in page
