"""The demos: the recipe's first seed, trained, measured and shown; a second call uses what is there."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from unweave.cli import demo as command
from unweave.demos import impossibility, main_job, twin_factors, twin_model
from unweave.demos.twin_factors import factors_and_twin, limit
from unweave.demos.twin_model import CentredViews, TwinViews, shares
from unweave.demos.twin_rows import rows_of_factors
from unweave.reproduction import listed
from unweave.reproduction.recipe import Arm
from unweave.runs.run import load_run

ARM = {
    "method": "beta-tcvae",
    "data": "digits",
    "steps": 2,
    "batch_size": 8,
    "settings": {"latents": 3},
}


def tiny(monkeypatch, demo, **changed):
    recipe = SimpleNamespace(arms={"method": Arm(**(ARM | changed))}, seeds=(4, 5))
    monkeypatch.setattr(demo, "read", lambda name: recipe)


def test_the_demo_trains_once_scores_and_writes_its_page(tmp_path, monkeypatch):
    tiny(monkeypatch, main_job)
    page = main_job.demo(tmp_path / "runs", page=tmp_path / "page.html")
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.endswith("-4")
    assert (run / "scores.json").exists()
    assert "digits" in page.read_text()
    trained_at = (run / "log.jsonl").stat().st_mtime_ns
    main_job.demo(tmp_path / "runs", page=page)
    assert (run / "log.jsonl").stat().st_mtime_ns == trained_at


@pytest.mark.parametrize("name", ["demo", "factor-vae"])
def test_the_recipes_of_the_demos_ship_with_a_method_and_seeds(name):
    recipe = listed.read(name)
    assert recipe.arms["method"]
    assert recipe.seeds


@pytest.mark.parametrize(
    ("words", "which", "page"),
    [
        ([], "main_job", "report.html"),
        (["impossibility", "-o", "there"], "impossibility", "impossibility.html"),
    ],
)
def test_the_command_runs_the_demo_that_is_named(monkeypatch, capsys, words, which, page):
    called = []
    for demo in (main_job, impossibility):
        monkeypatch.setattr(
            demo,
            "demo",
            lambda out, *, name=demo.__name__, page, **_: called.append((name, out)) or Path(page),
        )
    assert command.run(words) == 0
    assert called == [(f"unweave.demos.{which}", "there" if words else "runs")]
    assert capsys.readouterr().out.strip() == page


# -- impossibility


@pytest.fixture(scope="module")
def factors():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twin_factors, "SCORED", 1_500)
        return factors_and_twin(seed=3)


@pytest.fixture(scope="module")
def shown(tmp_path_factory, factors):
    """The demo of a tiny run, twice: the run's folder, the page, the lines, and when the log was written each time."""
    folder = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch:
        settings = {"latents": 3, "lr": 0.01, "beta": 0.1}  # all three latents in use
        tiny(patch, impossibility, method="beta-vae", steps=60, batch_size=32, settings=settings)
        for name, value in {
            "LIKELY": 40,
            "SAMPLES": 20,
            "BOUNDS": 3,
            "DRAWN": 50,
            "SCORED": 300,
        }.items():
            patch.setattr(twin_model, name, value)
        patch.setattr(twin_model, "DEFAULT", ("mig", "dci"))
        patch.setattr(impossibility, "factors_and_twin", lambda: factors)
        written, lines = [], []
        for _ in range(2):
            lines.clear()
            page = impossibility.demo(
                folder / "runs", page=folder / "deep" / "twins.html", tell=lines.append
            )
            (run,) = (folder / "runs").iterdir()
            written.append((run / "log.jsonl").stat().st_mtime_ns)
    return run, page.read_text(), lines, written


def test_the_twin_is_shown_on_a_page_that_fetches_nothing_and_a_second_call_trains_nothing(shown):
    run, text, _, written = shown
    assert run.name.endswith("-4")
    assert written[0] == written[1]
    links = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert all(link.startswith(("data:", "#")) for link in links)
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    for words in (
        "Two models no image can tell apart",
        run.name,
        "log p(x)",
        "mig",
        "the model: z0 from low",
        "its twin: z0 from low",
    ):
        assert words in text


def test_the_demo_leaves_the_scores_of_the_run_alone(shown):
    assert not (shown[0] / "scores.json").exists()


def test_the_table_tells_model_and_twin_side_by_side(shown):
    run, _, lines, _ = shown
    assert lines[0] == f"{run.name} and its twin:"
    (likelihood,) = [line for line in lines if "log p(x)" in line]
    gap, error = map(
        float, re.search(r"difference (\S+) ± (\S+),", likelihood.replace("−", "-")).groups()
    )
    assert abs(gap) < 4 * error + 0.01
    (mig,) = [line for line in lines[: len(lines) // 2] if " mig " in line]
    assert len(re.findall(r"−?\d\.\d+", mig)) >= 2


@pytest.fixture(scope="module")
def pair(shown):
    views = CentredViews(load_run(shown[0]))
    return views, TwinViews(views)


def test_model_and_twin_start_from_the_same_image_and_decode_it_alike(pair):
    (images, codes, _), (others, turned, _) = (views.start for views in pair)
    np.testing.assert_array_equal(images, others)
    assert np.abs(codes - turned).max() > 1e-3
    np.testing.assert_allclose(pair[0].run.decode(codes), pair[1].run.decode(turned), atol=1e-5)
    assert np.linalg.norm(codes) == pytest.approx(
        np.linalg.norm(pair[0].codes, axis=1).min(), rel=1e-5
    )


def test_both_likelihoods_agree_and_are_above_their_bounds(pair, monkeypatch):
    monkeypatch.setattr(twin_model, "scores", lambda views: {})
    found = twin_model.measure(*pair)
    assert found.apart < 1e-5
    gap = found.model.log_p - found.twin.log_p
    assert np.abs(gap).mean() > 0.01, "each has random numbers of its own"
    assert abs(gap.mean()) < 4 * gap.std() / len(gap) ** 0.5
    for side in (found.model, found.twin):
        assert (side.log_p - side.bound).mean() > 0


def test_latents_in_use_are_mixed_most_and_none_is_left_out(pair, monkeypatch):
    views = pair[0]
    latents = [twin_model.Latent(k, f"z{k}", 0.0, 0.0, k in (1, 2, 5)) for k in (5, 2, 1, 0, 3, 4)]
    monkeypatch.setitem(views.__dict__, "latents", latents)
    found = shares(views)
    assert sum(found) == pytest.approx(1)
    assert found[1] == pytest.approx(0.3 * 0.96)
    assert found[2] == found[5] == pytest.approx(0.35 * 0.96)
    assert found[0] == found[3] == found[4] == pytest.approx(0.04 / 3)


@pytest.mark.parametrize("used", [(), (1,), (0, 1, 2)])
def test_where_fewer_than_two_latents_or_all_are_in_use_all_are_mixed(pair, monkeypatch, used):
    latents = [twin_model.Latent(k, f"z{k}", 0.0, 0.0, k in used) for k in range(3)]
    monkeypatch.setitem(pair[0].__dict__, "latents", latents)
    assert shares(pair[0]) == pytest.approx([0.3, 0.35, 0.35])


def test_the_twin_of_the_factors_has_their_distribution_and_none_of_their_scores(factors):
    codes, twin = factors
    assert max(codes.apart, twin.apart) < limit(len(codes.values)) * 1.2  # of two columns each
    gap = twin.log_prior - codes.log_prior
    assert abs(gap.mean()) < 4 * gap.std() / len(gap) ** 0.5
    for name in ("total_correlation", "dhsic"):
        for side in (codes, twin):
            assert side.scores[name].value < 0.002, name
    for name in ("mig", "dci", "modularity"):
        assert codes.scores[name].value > 0.8, name
        assert twin.scores[name].value < 0.1, name
    assert twin.scores["explicitness"].value > 0.9  # a turn hides nothing
    assert [row.name for row in rows_of_factors(codes, twin)][:3] == [
        "off the marginals",
        "log p(z), nats",
        "mig",
    ]
