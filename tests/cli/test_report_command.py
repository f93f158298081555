"""`unweave report`, `demo` and `reproduce` hand over what was typed; what they do is tested where it stands."""

from pathlib import Path


def test_the_report_of_runs_is_written_where_it_was_asked_for(unweave):
    words = ("train", "tiny:Mine", "--data", "tiny:images", "--steps", "2")
    runs = [unweave(*words, "--seed", seed)[1].splitlines()[-1] for seed in "01"]
    code, out, err = unweave("report", *runs, "-o", "both.html")
    assert (code, out, err) == (0, "both.html\n", "")
    assert Path("both.html").read_text().lstrip().lower().startswith("<!doctype html>")


def test_demo_hands_over_where_to_write(unweave, monkeypatch):
    seen = {}

    def demo(out, *, progress, page):
        seen.update(out=out, page=page, progress=progress)
        return Path(page)

    monkeypatch.setattr("unweave.demos.main_job.demo", demo)
    assert unweave("demo", "--out", "here", "--page", "p.html") == (0, "p.html\n", "")
    assert (seen["out"], seen["page"]) == ("here", "p.html")


def test_reproduce_fails_if_the_number_was_not_reached(unweave, monkeypatch):
    for reached in (True, False):
        monkeypatch.setattr(
            "unweave.reproduction.reproduce.reproduce", lambda *_, reached=reached, **__: reached
        )
        assert unweave("reproduce", "demo")[0] == (not reached)
