"""The demo: the recipe's first seed, trained, scored and shown; a second call uses what is there."""

from unweave import reproduce
from unweave.demos import main_job

ARM = {"method": "beta-tcvae", "data": "digits", "steps": 2, "batch_size": 8, "settings": {"latents": 3}}


def test_the_demo_trains_once_scores_and_writes_its_page(tmp_path, monkeypatch):
    monkeypatch.setattr(main_job, "read", lambda name: {"arms": {"method": ARM}, "seeds": [4, 5]})
    page = main_job.demo(tmp_path / "runs", page=tmp_path / "page.html")
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.endswith("-4")
    assert (run / "scores.json").exists()
    assert "digits" in page.read_text()
    trained_at = (run / "log.jsonl").stat().st_mtime_ns
    main_job.demo(tmp_path / "runs", page=page)
    assert (run / "log.jsonl").stat().st_mtime_ns == trained_at


def test_the_recipe_of_the_demo_is_one_that_ships():
    assert "demo" in reproduce.recipes()
