"""Bad input: one clear line on stderr, exit code 2, no traceback, nothing half-written."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DATA = ("--data", "tiny:images")
MLP = ("--encoder", "mlp", "--decoder", "mlp", "--encoder.width", "8", "--decoder.width", "8")

WRONG = {
    "unknown command": (("trian",), "no command 'trian'", "did you mean 'train'?"),
    "unknown method": (
        ("train", "beta-vea", *DATA),
        "no method 'beta-vea'",
        "did you mean 'beta-vae'?",
    ),
    "unknown data set": (
        ("train", "vae", "--data", "dsprite"),
        "'dsprite'",
        "did you mean 'dsprites'?",
    ),
    "unknown option": (
        ("train", "beta-vae", *DATA, "--btea", "6"),
        "no option '--btea'",
        "did you mean '--beta'?",
    ),
    "unknown option of a part": (
        ("train", "vae", *DATA, "--regulariser.gama", "1"),
        "no option '--regulariser.gama'",
        "",
    ),
    "unknown data option": (
        ("train", "vae", *DATA, "--data.level", "3"),
        "did you mean '--data.levels'?",
        "",
    ),
    "unknown part": (
        ("train", "vae", *DATA, "--regulariser", "densty-ratio"),
        "did you mean 'density-ratio'?",
        "",
    ),
    "unknown module": (("train", "nowhere:Method", *DATA), "there is no module 'nowhere'", ""),
    "unknown class": (("train", "tiny:Mime", *DATA), "did you mean 'Mine'?", ""),
    "unknown data function": (
        ("train", "vae", "--data", "tiny:image"),
        "did you mean 'images'?",
        "",
    ),
    "ambiguous option": (
        ("train", "vae", *DATA, *MLP, "--width", "6"),
        "--encoder.width or --decoder.width",
        "whole",
    ),
    "beta below 0": (("train", "beta-vae", *DATA, "--beta", "-1"), "beta is -1.0", "at least 0"),
    "no latents": (("train", "vae", *DATA, "--latents", "0"), "latents is 0", "at least 1"),
    "no steps": (("train", "vae", *DATA, "--steps", "0"), "steps is 0", "at least 1"),
    "data option out of range": (
        ("train", "vae", *DATA, "--data.levels", "1"),
        "levels is 1",
        "at least 2",
    ),
    "batch option out of range": (
        ("train", "vae", *DATA, "--group-size", "0"),
        "group_size is 0",
        "at least 1",
    ),
    "text for a number": (
        ("train", "beta-vae", *DATA, "--beta", "six"),
        "beta is 'six'",
        "expected float",
    ),
    "a fraction of steps": (
        ("train", "vae", *DATA, "--steps", "2.5"),
        "steps is '2.5'",
        "expected int",
    ),
    "not a choice": (
        ("train", "vae", *DATA, "--precision", "bf61"),
        "precision is 'bf61'",
        "did you mean 'bf16'?",
    ),
    "not yes or no": (
        ("train", "vae", *DATA, "--replacement", "maybe"),
        "replacement is 'maybe'",
        "expected bool",
    ),
    "an option twice": (
        ("train", "vae", *DATA, "--steps", "2", "--steps", "3"),
        "--steps is given twice",
        "",
    ),
    "by two names": (
        ("train", "vae", *DATA, "--beta", "2", "--regulariser.beta", "3"),
        "is given twice",
        "",
    ),
    "no value": (("train", "beta-vae", *DATA, "--beta"), "--regulariser.beta needs a value", ""),
    "a word too many": (("train", "vae", "ae", *DATA), "'ae' is one word too many", "'vae'"),
    "no method": (("train", *DATA), "which method?", "unweave list methods"),
    "data without a name": (("train", "vae", "--data"), "--data needs a value", ""),
    "data of an empty name": (("train", "vae", "--data", ""), "--data needs a value", ""),
    "no config file": (("train", "--config", "run.yaml"), "run.yaml", "No such file"),
    "no run": (("train", "--resume", "runs/none"), "runs/none does not exist", ""),
    "resume with more": (
        ("train", "--resume", "runs/none", "--steps", "9"),
        "leave out --steps",
        "",
    ),
    "method without pairs": (
        ("train", "vae", "--data", "tiny:unlabelled", "--pooling", "mean"),
        "unlabelled",
        "group",
    ),
    "too many held out": (
        ("train", "vae", *DATA, "--holdout", "0.95"),
        "holdout is 0.95",
        "at most 0.9",
    ),
    "device": (
        ("train", "vae", *DATA, "--device", "quantum"),
        "device 'quantum' is not available",
        "",
    ),
    "evaluate nothing": (("evaluate",), "give a run, or --codes", ""),
    "evaluate what is no run": (("evaluate", "."), ". is no run folder", ""),
    "evaluate option": (
        ("evaluate", "--metrcs", "mig"),
        "no option --metrcs",
        "did you mean '--metrics'?",
    ),
    "evaluate seed": (("evaluate", "--seed", "one"), "invalid int value: 'one'", ""),
    "list what": (("list", "modules"), "invalid choice: 'modules'", "metrics"),
    "a seed below 0": (("reproduce", "demo", "--seeds", "3", "-1"), "--seeds", "at least 0"),
    "reproduce": (("reproduce", "demmo"), "demmo", "did you mean 'demo'?"),
    "report on nothing": (("report", "nowhere"), "nowhere does not exist", ""),
}


def is_one_line(err: str) -> bool:
    return err.startswith("unweave: ") and err.count("\n") == 1 and err.endswith("\n")


@pytest.mark.parametrize("case", WRONG)
def test_one_line_says_what_is_wrong(unweave, here, case):
    words, *expected = WRONG[case]
    before = sorted(here.rglob("*.*"))
    code, _out, err = unweave(*words)
    assert (code, is_one_line(err)) == (2, True), err
    assert all(part in err for part in expected), err
    assert [p for p in sorted(here.rglob("*.*")) if "__pycache__" not in str(p)] == before


def test_an_error_of_a_strangers_method_is_said_in_a_line_too(unweave):
    code, _, err = unweave("train", "tiny:Wrong", *DATA)
    assert (code, err) == (
        2,
        "unweave: expected something else (tiny.py, line 55, in Wrong.losses, step 0)\n",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beta: [", "is no YAML"),
        ("beta", "expected lines like"),
        ("method: vae\ndata: tiny:images\nbtea: 6", "did you mean '--beta'?"),
        ("method: beta-vae\ndata: tiny:images\nbeta: six", "beta is 'six'; expected float"),
        ("method: 3\ndata: tiny:images", "--method needs a value; it was given 3"),
        ("method: vae\ndata: tiny:images\noverwrite: perhaps", "--overwrite is a switch"),
        (
            "method: vae\nconfig: other.yaml",
            "run.yaml says config, which is said on the command line alone",
        ),
        ("resume: runs/other", "run.yaml says resume, which is said on the command line alone"),
        (
            "method: vae\nbatch-size: 4\nbatch_size: 8",
            "run.yaml says batch_size twice, the second time as 'batch_size'",
        ),
        ("method: vae\nbeta: 4\nbeta: 8", "run.yaml, line 3: the key 'beta' is there twice"),
        ("method: beta-vae\ndata: tiny:images\nbeta: .inf", "beta is inf; it has to be finite"),
        ("method: beta-vae\ndata: tiny:images\nbeta: .nan", "beta is nan; it has to be at least 0"),
        ("method: beta-vae\ndata: tiny:images\nsteps: .inf", "steps is inf; expected int"),
        ("method: beta-vae\ndata: tiny:images\nbeta: [1, 2]", "beta is [1, 2]; expected float"),
        (
            "method: beta-vae\ndata: {name: dsprites}",
            "--data needs a value; it was given {'name': 'dsprites'}",
        ),
    ],
)
def test_a_bad_file_of_options(unweave, here, text, expected):
    (here / "run.yaml").write_text(text)
    code, _, err = unweave("train", "--trust", "--config", "run.yaml")
    assert (code, is_one_line(err)) == (2, True)
    assert expected in err


@pytest.mark.parametrize(
    "text", ["beta: six", "beta: [1, 2]", "beta: yes", "btea: 6", "beta: .nan", "latents: 0"]
)
def test_a_bad_value_in_a_file_of_options_is_said_with_the_file(unweave, here, text):
    (here / "run.yaml").write_text(f"method: beta-vae\ndata: tiny:images\n{text}")
    code, _, err = unweave("train", "--trust", "--config", "run.yaml")
    assert (code, is_one_line(err)) == (2, True)
    assert err.startswith("unweave: run.yaml: ")


@pytest.fixture
def run(unweave) -> Path:
    """A finished run of a few steps."""
    return Path(unweave("train", "tiny:Mine", *DATA, "--steps", "2")[1].splitlines()[-1])


def test_a_run_that_exists_is_left_alone(unweave, run):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, _, err = unweave("train", "tiny:Mine", *DATA, "--steps", "2")
    assert (code, is_one_line(err)) == (2, True)
    assert f"{run} holds a finished run" in err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", ["evaluate", "report"])
def test_a_run_without_weights_is_incomplete(unweave, run, command):
    (run / "weights.safetensors").unlink()
    code, _, err = unweave(command, run)
    assert (code, is_one_line(err)) == (2, True)
    assert "has no weights yet" in err
    assert "resume it" in err


@pytest.mark.parametrize("command", [("evaluate",), ("report",), ("train", "--resume")])
def test_a_run_of_a_newer_version(unweave, run, command):
    config = json.loads((run / "config.json").read_text()) | {"format": 99}
    (run / "config.json").write_text(json.dumps(config))
    code, _, err = unweave(*command, run)
    assert (code, is_one_line(err)) == (2, True)
    assert "was written by a newer unweave" in err


@pytest.mark.parametrize("command", [("evaluate",), ("report",), ("train", "--resume")])
def test_a_config_that_is_cut_off(unweave, run, command):
    (run / "config.json").write_bytes((run / "config.json").read_bytes()[:40])
    code, _, err = unweave(*command, run)
    assert (code, is_one_line(err)) == (2, True)
    assert "config.json is damaged" in err


@pytest.mark.parametrize("command", ["evaluate", "report"])
def test_weights_that_are_cut_off(unweave, run, command):
    weights = run / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-20])
    code, _, err = unweave(command, run)
    assert (code, is_one_line(err)) == (2, True)
    assert f"{weights} is damaged or cut off" in err


def test_a_checkpoint_that_is_cut_off(unweave, run):
    (run / "done").unlink()
    checkpoint = run / "state" / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-20])
    code, _, err = unweave("train", "--resume", run)
    assert (code, is_one_line(err)) == (2, True)
    assert f"{checkpoint} is damaged or cut off" in err


def test_a_method_that_cannot_encode_is_not_scored(unweave):
    run = unweave("train", "tiny:Blind", *DATA, "--steps", "2")[1].splitlines()[-1]
    code, _, err = unweave("evaluate", run)
    assert (code, is_one_line(err)) == (2, True)
    assert "cannot be scored: Blind sees nothing" in err


@pytest.mark.parametrize("limit", [200, 20_000])
def test_a_full_disk_leaves_no_half_written_file(here, limit):
    """The limit of a file's size stands for the disk: 200 bytes stop config.json, 20,000 the weights."""
    words = [
        "64" if word == "8" else word for word in ("train", "vae", *DATA, *MLP, "--steps", "2")
    ]
    command = f"import sys; from unweave.cli import main; sys.exit(main({words}))"
    done = subprocess.run(
        [sys.executable, "-c", command],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert (done.returncode, is_one_line(done.stderr)) == (2, True), done.stderr
    assert "File too large" in done.stderr
    files = [path.name for path in here.rglob("runs/**/*") if path.is_file()]
    assert sorted(files) == (
        [] if limit == 200 else [".lock", "config.json", "log.jsonl", "origin.json"]
    )
    assert len(list(here.glob("runs/*"))) == (limit != 200)


def test_codes_that_cannot_be_scored(unweave, here):
    codes, factors = (
        np.random.default_rng(0).normal(size=(50, 3)),
        np.arange(100).reshape(50, 2) % 5,
    )
    np.save("codes.npy", codes)
    np.save("factors.npy", factors)
    np.save("short.npy", factors[:40])
    np.save("nan.npy", np.where(np.arange(3) == 1, np.nan, codes))
    Path("words.csv").write_text("shape\n" + "square\nheart\n" * 25)
    np.save("objects.npy", np.array([{}]), allow_pickle=True)
    for more, expected in (
        (("--codes", "codes.npy", "--factors", "short.npy"), "40"),
        (("--codes", "nan.npy", "--factors", "factors.npy"), "NaN"),
        (("--codes", "codes.npy", "--factors", "words.csv"), "unique"),
        (
            ("--codes", "codes.npy", "--factors", "none.npy"),
            "there is no file none.npy to read factors from",
        ),
        (
            ("--codes", "objects.npy", "--factors", "factors.npy"),
            "objects.npy is no array of numbers",
        ),
        (
            ("--codes", "tiny.py", "--factors", "factors.npy"),
            "codes are read from .npy, .npz, .csv, .parquet files",
        ),
        (
            ("--codes", "codes.npy", "--factors", "factors.npy", "--metrics", "mgi"),
            "did you mean mig?",
        ),
        (
            ("--codes", "codes.npy", "--factors", "factors.npy", "--test-codes", "codes.npy"),
            "go together",
        ),
        (("--codes", "codes.npy", "--factors", "factors.npy", "--protocol", "dlb"), "dlb"),
        (
            ("--codes", "codes.npy", "--factors", "factors.npy", "--data", "dsprites"),
            "--data is for runs",
        ),
        (("somewhere", "--codes", "codes.npy"), "not both"),
        (("--codes", "codes.npy"), "factors"),
    ):
        code, _, err = unweave("evaluate", *more)
        assert (code, is_one_line(err)) == (2, True), err
        assert expected in err
