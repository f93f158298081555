import html
import re
from html.parser import HTMLParser

import pytest
from markupsafe import Markup

import unweave.report
from unweave import evaluate
from unweave.metrics.base import Score
from unweave.report import page


def test_one_file_that_fetches_nothing(run, tmp_path):
    out = unweave.report.write([run], tmp_path / "deep" / "report.html")
    text = out.read_text()
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["report.html"]
    links = re.findall(r'(?:src|href)="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert "http" not in re.sub(r"data:[^\"]*", "", text)
    assert "@import" not in text


def test_every_anchor_of_the_menu_exists_and_ids_are_unique(run):
    text = page.render([run, run])
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in re.findall(r'href="(#[^"]*)"', text)} <= set(ids)


class Balanced(HTMLParser):
    """Every tag that is opened is closed, in order."""

    void = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed(run):
    parser = Balanced()
    parser.feed(page.render([run, run]))
    assert parser.open == []
    assert {"svg", "img", "table", "canvas"} <= set(parser.seen)


def test_all_sections_of_a_vae_are_there(run):
    text = html.unescape(page.render([run]))
    for words in (
        "beta-vae on squares",
        "Images held out of training",
        "Samples of the prior",
        "What each latent knows",
    ):
        assert words in text
    for words in (
        "regulariser.beta",
        "size (3), x (4), grey (10)",
        "KL of each latent",
        "validation elbo",
        "torch",
        "no scores yet",
    ):
        assert words in text


def test_scores_are_shown_with_their_floors(again):
    run = again(seed=0)
    scores = evaluate(
        (run.encode(run.data.take(range(12))), run.data.factors.factors_at(range(12))),
        ["modularity"],
    )
    run.folder.keep_scores(
        {"mig": Score(0.46, error=0.0123, low=0.4, high=0.5, null=0.02, n=12)} | scores
    )
    text = page.render([run])
    assert "0.460 ± 0.012" in text
    assert "noise scores: 0.020" in text
    assert "no scores yet" not in text


def test_what_most_scores_say_is_said_once(again):
    run = again(seed=0)
    kept = {
        name: Score(0.5, n=12, reason="latents 3 say nothing; of " + name)
        for name in ("mig", "sap")
    }
    run.folder.keep_scores(kept)
    text = page.render([run])
    assert text.count("say nothing") == 1
    assert "of mig" in text
    assert "Latents 3 say nothing." in text


@pytest.mark.parametrize(
    ("can", "said", "absent"),
    [
        ({"encodes": False}, "Known has no encoder.", "Images from"),
        ({"prior": False}, "Known has no prior.", "dreams up"),
    ],
)
def test_what_a_method_cannot_do_is_said_in_its_place(known_run, can, said, absent):
    text = page.render([known_run(**can)])
    assert said in text
    assert absent not in text


def test_a_deterministic_code_is_sorted_by_spread(known_run):
    assert "widest spread" in page.render([known_run()])


def test_text_from_users_stays_text(known_run, classes):
    run = known_run(classes, folder="<b>bold<b>")
    text = page.render([run, run])
    assert "<script>alert" not in text
    assert "<b>bold" not in text
    assert "a & b <i>" not in text
    assert "&lt;b&gt;bold" in text
    assert "plain, &lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_several_runs_are_compared(again):
    runs = [again(0), again(1), again(0, "vae")]
    for run, value in zip(runs, (0.1, 0.3, 0.4), strict=True):
        run.folder.keep_scores({"mig": Score(value)})
    text = page.render(runs)
    assert "3 runs compared" in text
    assert re.search(r'<span class="best">0.40</span>', text)
    assert re.search(r'<td class="differs">vae</td>', text)
    assert text.count('<article class="run" id="run-') == 3


def test_nothing_is_written_when_a_run_is_damaged(run, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    with pytest.raises(ValueError, match=r"broken is no run folder"):
        unweave.report.write([run, broken], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
    with pytest.raises(ValueError, match="at least one run"):
        unweave.report.write([], tmp_path / "report.html")


def test_a_folder_gets_a_report_html(run, tmp_path):
    assert unweave.report.write(run, tmp_path) == tmp_path / "report.html"


def test_hidden_characters_are_shown_and_markup_is_not():
    template = page.environment().from_string("{{ text }}{{ ours }}")
    text = template.render(text="a\x1b[31m\u202e<b>\n", ours=Markup("<i>\n</i>"))
    assert text == "a\\x1b[31m\\u202e&lt;b&gt;\n<i>\n</i>"
