"""What is too much to draw is thinned; what stands out stays, and the page says so."""

import html

import numpy as np
from tests.configs import config

from unweave.metrics.base import Score
from unweave.report import compare, curves, page
from unweave.report.curves import LINES, Series
from unweave.report.strips import strips
from unweave.report.thinning import extremes


def series(values, name="a"):
    return Series(name, np.arange(len(values), dtype=float), np.array(values, float))


def test_a_long_log_is_drawn_small_with_its_single_spike():
    values = np.random.default_rng(0).normal(size=100_000)
    values[54_321] = 99
    drawn = curves.chart("t", "u", [series(values)])
    assert len(drawn.lines[0].raw) + len(drawn.lines[0].smooth) < 20_000
    top = min(float(point.split(" ")[1]) for point in drawn.lines[0].raw[1:].split("L"))
    scale = drawn.y_ticks
    assert top < scale[-2][0], "the spike is above the last tick but one"
    assert "of up to 100,000 records" in drawn.thinned


def test_a_short_log_is_drawn_whole_and_nothing_is_said():
    drawn = curves.chart("t", "u", [series(np.arange(200) % 7)])
    assert drawn.lines[0].raw.count("L") == 199
    assert drawn.thinned == ""


def test_a_long_gap_stays_a_gap():
    y = np.ones(10_000)
    y[3_000:6_000] = np.nan
    drawn = extremes(np.arange(10_000.0), y, 100)
    assert np.isnan(y[drawn]).any()
    assert np.isfinite(y[drawn]).any()


def test_of_many_lines_those_that_end_lowest_and_highest_are_drawn():
    many = [series([0, i], f"run {i}") for i in np.random.default_rng(0).permutation(1000)]
    drawn = curves.chart("t", "u", many)
    names = {line.name for line in drawn.lines}
    assert len(names) == LINES
    assert {"run 0", "run 999"} <= names
    assert f"{LINES} of 1,000 lines" in drawn.thinned


def test_of_many_groups_the_best_of_each_metric_is_shown():
    rng = np.random.default_rng(0)
    configs = [config("beta-vae", beta=float(i)) for i in range(300)]
    scores = [{"mig": Score(x), "sap": Score(y)} for x, y in rng.random((300, 2)).tolist()]
    groups = compare.groups(configs)
    shown = compare.shown(groups, scores)
    assert len(shown) <= compare.GROUPS + 2
    for name in ("mig", "sap"):
        assert max(range(300), key=lambda i, name=name: scores[i][name].value) in shown
    plot = strips(groups, [f"run {i}" for i in range(300)], scores)
    assert plot.height < 200
    titles = [mark.title for mark in plot.strips[0].marks]
    more = sum(
        int(title.split("and ")[1].split(" ")[0]) for title in titles if "more here" in title
    )
    assert len(titles) + more == 300


def test_a_comparison_of_many_runs_has_the_sections_of_the_first_and_says_so(run, monkeypatch):
    monkeypatch.setattr(page, "WHOLE", 2)
    monkeypatch.setattr(page, "DETAILED", 1)
    monkeypatch.setattr(page, "LISTED", 2)
    text = html.unescape(page.render([run, run, run]))
    assert "3 runs compared" in text
    assert 'id="run-0"' in text
    assert "run-1" not in text
    assert "The sections of the first 1 runs follow" in text
    assert "The first 2 of 3 runs" in text


def test_the_data_that_many_runs_share_is_opened_once(run, known_run):
    other = known_run()
    found = page._one_of_each_data([run, run, other, run])
    assert len(found) == 2
    assert other in found
