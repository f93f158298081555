"""`unweave evaluate`: the numbers of `unweave.evaluate`, as a table and as JSON, from every kind of file."""

import json
from pathlib import Path

import numpy as np
import pytest

from unweave.cli.score_table import table
from unweave.evaluation.evaluate import evaluate
from unweave.evaluation.leaks import leaks_of
from unweave.metrics import Score
from unweave.runs.run import load_run


@pytest.fixture
def files(here: Path) -> dict[str, np.ndarray]:
    """Codes that are noisy copies of the factors, for fitting and for testing, saved as NAME.npy."""
    rng = np.random.default_rng(0)
    found = {}
    for name, n in (("", 400), ("test_", 200)):
        factors = rng.integers(5, size=(n, 3))
        codes = np.column_stack([factors + 0.2 * rng.normal(size=(n, 3)), rng.normal(size=n)])
        found |= {f"{name}codes": codes, f"{name}factors": factors}
    found["log_var"] = np.full((400, 4), -3.0)
    for name, array in found.items():
        np.save(f"{name}.npy", array)
    return found


def test_the_table_and_the_json_hold_the_scores(unweave, files):
    words = (
        "--codes",
        "codes.npy",
        "--factors",
        "factors.npy",
        "--metrics",
        "mig,sap",
        "--json",
        "out.json",
    )
    code, out, err = unweave("evaluate", *words, "--seed", "3")
    scores = evaluate((files["codes"], files["factors"]), ["mig", "sap"], seed=3)
    assert (code, err) == (0, "")
    assert json.loads(Path("out.json").read_text()) == json.loads(
        json.dumps({name: score.to_dict() for name, score in scores.items()})
    )
    rows = [line.split("  ") for line in out.splitlines()]
    assert rows[0][0] == "metric"
    assert str(scores["mig"]) in out
    assert f"{scores['mig'].null:.3f}" in out


def test_test_rows_log_variances_protocol_and_all_metrics(unweave, files):
    words = ("--codes", "codes.npy", "--factors", "factors.npy", "--test_codes", "test_codes.npy")
    words = (
        *words,
        "--test-factors",
        "test_factors.npy",
        "--log-var",
        "log_var.npy",
        "--json",
        "out.json",
    )
    code, _, err = unweave(
        "evaluate", *words, "--metrics", "mig,explicitness", "--protocol", "dlib"
    )
    found = json.loads(Path("out.json").read_text())
    wanted = evaluate(
        (files["codes"], files["factors"]),
        ["mig", "explicitness"],
        test=(files["test_codes"], files["test_factors"]),
        log_var=files["log_var"],
        protocol="dlib",
    )
    assert (code, err) == (0, "")
    assert {k: v["value"] for k, v in found.items()} == {k: s.value for k, s in wanted.items()}
    assert {v["protocol"] for v in found.values()} == {"dlib"}


def test_calibrate_gives_costly_metrics_a_null_floor(unweave, files):
    words = (
        "evaluate",
        "--codes",
        "codes.npy",
        "--factors",
        "factors.npy",
        "--metrics",
        "sap",
        "--json",
        "out.json",
    )
    unweave(*words)
    assert json.loads(Path("out.json").read_text())["sap"]["null"] is None
    unweave(*words, "--calibrate")
    assert json.loads(Path("out.json").read_text())["sap"]["null"] < 0.1


def test_a_run_keeps_its_scores(unweave):
    words = ("train", "tiny:Mine", "--data", "tiny:images", "--steps", "2", "--data.levels", "8")
    run = Path(unweave(*words)[1].splitlines()[-1])
    code, out, err = unweave("evaluate", run, "--metrics", "mig,modularity", "--n", "50")
    kept = json.loads((run / "scores.json").read_text())
    assert (code, err) == (0, "")
    assert sorted(kept.keys() - {"crc32"}) == ["mig", "modularity"]
    assert kept["mig"]["n"] == 50
    assert "mig" in out


def test_a_run_can_be_scored_on_other_data(unweave):
    run = unweave("train", "tiny:Mine", "--data", "tiny:unlabelled", "--steps", "2")[
        1
    ].splitlines()[-1]
    code, _, err = unweave("evaluate", run, "--metrics", "mig")
    assert code == 2
    assert "factors" in err
    assert unweave("evaluate", run, "--metrics", "mig", "--data", "tiny:images")[0] == 0


def test_what_is_undefined_is_said_below_the_table():
    scores = {
        "mig": Score(0.4321, error=0.0123, low=0.406, high=0.459, null=0.0104),
        "mcc": Score(0.51),
        "sap": Score(float("nan"), reason="one latent: no runner-up"),
        "dci": Score(float("nan"), reason="one latent: no runner-up"),
    }
    assert table(scores).splitlines() == [
        "metric  score ± standard error  95 % interval   null",
        "mig     0.432 ± 0.012           0.406 to 0.459  0.010",
        "mcc     0.51                    not measured    not measured",
        "sap     nan",
        "dci     nan",
        "",
        "sap, dci: one latent: no runner-up",
    ]


def test_a_floor_of_zero_has_no_sign():
    shown = table({"sap": Score(0.5, null=-1e-5), "mig": Score(-1e-5, null=0.0)})
    assert "-0.0" not in shown
    assert shown.count("0.00") >= 2


@pytest.fixture
def blocky(unweave) -> Path:
    """A run whose codes have two blocks."""
    small = ("--steps", "1", "--encoder", "mlp", "--decoder", "mlp", "--latents", "4")
    code, _, err = unweave("train", "gvae", "--data", "digits", *small, "--batch-size", "8")
    assert (code, err) == (0, "")
    (run,) = Path("runs").iterdir()
    return run


def test_one_block_is_scored_by_name(unweave, blocky):
    code, out, _ = unweave(
        "evaluate", blocky, "--block", "style", "--metrics", "active_latents", "--json", "out.json"
    )
    assert code == 0
    assert "of the block style alone" in out
    assert len(json.loads(Path("out.json").read_text())["active_latents"]["parts"]["active"]) == 2
    code, _, err = unweave("evaluate", blocky, "--block", "stile")
    assert code != 0
    assert "there is no block 'stile'; the blocks of this code are content, style" in err


def test_what_each_block_knows_stands_beside_chance(unweave, blocky):
    words = ("evaluate", blocky, "--leaks", "--n", "300", "--seed", "3", "--json", "out.json")
    code, out, err = unweave(*words)
    assert (code, err) == (0, "")
    found = leaks_of(load_run(blocky), n=300, seed=3)
    assert found.keys() == {"content", "style"}
    content = found["content"]["class"]
    style = found["style"]["class"]
    assert content.chance == style.chance
    assert out.splitlines()[:2] == [
        "factor  content  style  chance",
        f"class   {content.score:.3f}    {style.score:.3f}  {content.chance:.3f}",
    ]
    assert "accuracy of a categorical factor, R2 of any other" in " ".join(out.split())
    assert json.loads(Path("out.json").read_text()) == {
        block: {"class": {"score": leak.score, "chance": leak.chance}}
        for block, leak in (("content", content), ("style", style))
    }
    assert not (blocky / "scores.json").exists(), "a probe is no score of the run"


def test_leaks_are_shown_of_other_data_and_an_undefined_one_is_nan(unweave, blocky):
    _, out, _ = unweave("evaluate", blocky, "--leaks", "--data", "tiny:same")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["factor", "content", "style", "chance"]
    assert lines[1] == ["row", "nan", "nan", "nan"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--metrics", "mig"), "--metrics is of scores, and --leaks gives none: leave out one"),
        (("--block", "style"), "--block is of scores, and --leaks gives none: leave out one"),
        (("--protocol", "dlib"), "--protocol is of scores"),
        (("--calibrate",), "--calibrate is of scores"),
        (("--codes", "codes.npy"), "give a run or arrays, not both"),
        (("--data", "tiny:unlabelled"), "a probe needs the factors or classes of unlabelled"),
        (("--n", "0"), "n is 0; a probe takes 3 rows or more"),
    ],
)
def test_what_leaks_have_no_use_for_is_refused(words, expected, unweave, blocky):
    code, _, err = unweave("evaluate", blocky, "--leaks", *words)
    assert code == 2
    assert expected in err
    assert err.count("\n") == 1


def test_leaks_need_a_run_of_several_blocks(unweave):
    words = ("train", "tiny:Mine", "--data", "tiny:images", "--steps", "2", "--data.levels", "8")
    run = unweave(*words)[1].splitlines()[-1]
    code, _, err = unweave("evaluate", run, "--leaks")
    assert code == 2
    assert "the code of this run is one block, code: there is no other to leak into" in err
    code, _, err = unweave("evaluate", "--leaks", "--codes", "codes.npy")
    assert code == 2
    assert "--leaks is for runs" in err
    run = unweave("train", "tiny:Blind", "--data", "tiny:images", "--steps", "2")[1]
    code, _, err = unweave("evaluate", run.splitlines()[-1], "--leaks")
    assert code == 2
