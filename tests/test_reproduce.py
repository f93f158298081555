"""Recipes: read, trained, measured, judged."""

import pytest
import yaml

from unweave import reproduce

TINY = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8, "latents": 2}
ARM = {"method": "beta-vae", "steps": 2, "batch_size": 8, "log_every": 1, "settings": TINY}


@pytest.fixture
def recipe(tmp_path, tiny_images):
    def write(**changes):
        text = {
            "claim": "it runs", "source": "none", "minutes": 0, "machine": "any", "seeds": [0, 1],
            "arms": {"method": ARM | {"data": str(tiny_images)}},
            "measure": {"log": "reconstruction"}, "expect": {"at_most": 1e6},
        }  # fmt: skip
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(text | changes))
        return str(path)

    return write


def test_every_recipe_of_ours_says_all_that_it_has_to():
    for name in reproduce.recipes():
        recipe = reproduce.read(name)
        assert {"claim", "source", "minutes", "machine", "seeds", "arms", "measure", "expect"} <= recipe.keys(), name
        assert "method" in recipe["arms"], name
        assert len(recipe["seeds"]) >= 3, name


def test_a_recipe_holds_or_fails_and_says_so(recipe, tmp_path):
    told: list[str] = []
    assert reproduce.reproduce(recipe(), tmp_path / "runs", told.append)
    assert sum("seed" in line for line in told) == 2
    assert not reproduce.reproduce(recipe(expect={"at_least": 1e6}), tmp_path / "runs", told.append)
    assert any("FAILS" in line for line in told)


def test_finished_runs_are_used_as_they_are(recipe, tmp_path):
    path = recipe()
    reproduce.reproduce(path, tmp_path / "runs", lambda _: None)
    logs = {f: f.stat().st_mtime_ns for f in (tmp_path / "runs").glob("*/log.jsonl")}
    reproduce.reproduce(path, tmp_path / "runs", lambda _: None)
    assert len(logs) == 2
    assert logs == {f: f.stat().st_mtime_ns for f in (tmp_path / "runs").glob("*/log.jsonl")}


@pytest.mark.parametrize(
    ("expect", "method", "ablation", "verdicts"),
    [
        ({"median": 0.3, "tolerance": 0.05}, [0.2, 0.33, 0.34], [0.1, 0.2, 0.24], [True, True]),
        ({"median": 0.3, "tolerance": 0.05}, [0.2, 0.36, 0.37], [0.1, 0.26, 0.2], [False, False]),
        ({"at_least": 0.3, "tolerance": 0.1}, [0.3, 0.3, 0.1], [0.1, 0.1, 0.19], [True, True]),
        ({"at_most": 0.3}, [0.2, 0.4, 0.1], [0.31, 0.4, 0.5], [True, True]),
        ({"at_most": 0.3}, [0.2, 0.4, 0.5], [0.3, 0.4, 0.5], [False, False]),
        ({"at_least": 0.3, "of": "best", "tolerance": 0.1}, [0.1, 0.31, 0.2], [0.1, 0.1, 0.19], [True, True]),
        ({"at_least": 0.3, "of": "best", "tolerance": 0.1}, [0.1, 0.29, 0.2], [0.1, 0.21, 0.1], [False, False]),
        ({"at_least": 0.3, "of": "mean"}, [0.1, 0.2, 0.65], [0.0, 0.1, 0.2], [True, True]),
    ],
)
def test_the_verdict_is_of_the_median_and_the_ablation_fails_in_every_seed(expect, method, ablation, verdicts):
    found = [holds for holds, _ in reproduce.judge(expect, {"method": method, "ablation": ablation})]
    assert found == verdicts


def test_unknown_recipes_are_named_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'demo'"):
        reproduce.read("dmeo")
