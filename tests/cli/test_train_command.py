"""`unweave train`: what is typed becomes a run, and can be written down, repeated and continued."""

import inspect
import io
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from unweave.cli import main
from unweave.cli.progress import Progress
from unweave.cli.typed import split
from unweave.data.sampling.batches import stream
from unweave.methods import METHODS
from unweave.methods.resolve import resolve
from unweave.methods.spec import Spec
from unweave.settings import keywords
from unweave.settings.locate import locate
from unweave.types import DataInfo

MLP = ("--encoder", "mlp", "--decoder", "mlp", "--encoder.width", "16", "--decoder.width", "16")
TINY = ("--data", "tiny:images", "--steps", "3", "--batch-size", "8")


def config_of(out: str) -> dict:
    return json.loads((Path(out.splitlines()[-1]) / "config.json").read_text())


def test_a_run_is_trained_and_its_folder_is_the_last_line(unweave):
    code, out, err = unweave("train", "beta-vae", *TINY, *MLP, "--beta", "6")
    run = Path(out.splitlines()[-1])
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "data: 4 x 4 dots"
    assert (run / "done").exists()
    assert config_of(out)["method"]["settings"]["regulariser.beta"] == 6.0
    assert config_of(out)["loop"]["steps"] == 3


def test_every_kind_of_option_reaches_the_run(unweave):
    words = (
        "--regulariser",
        "density-ratio",
        "--regulariser.gamma",
        "35",
        "--critic-lr",
        "1e-3",
        "--critic.width=8",
    )
    words = (*words, "--regulariser.batches", "same", "--data.levels", "5", "--pooling", "mean")
    words = (
        *words,
        "--shared",
        "row,column",
        "--group_size",
        "3",
        "--holdout",
        "0.1",
        "--out",
        "elsewhere",
    )
    words = tuple(w.replace("--critic.width", "--regulariser.critic.width") for w in words)
    code, out, err = unweave("train", "vae", *TINY, *MLP, *words)
    assert (code, err) == (0, "")
    config = config_of(out)
    assert out.splitlines()[-1].startswith("elsewhere/")
    assert config["method"]["parts"]["regulariser"] == "density-ratio"
    assert config["method"]["settings"]["regulariser.gamma"] == 35.0
    assert config["method"]["settings"]["regulariser.critic_lr"] == 1e-3
    assert config["method"]["settings"]["regulariser.critic.width"] == 8
    assert config["data"]["options"] == {"levels": 5, "shift": "", "classes": ""}
    assert config["batches"]["shared"] == ["row", "column"]
    assert config["batches"]["group_size"] == 3
    assert config["loop"]["holdout"] == 0.1
    log = (Path(out.splitlines()[-1]) / "log.jsonl").read_text()
    assert "validation elbo" in log


def test_dashes_underscores_and_equals_signs_are_the_same():
    forms = (("--batch-size", "8"), ("--batch_size", "8"), ("--batch-size=8",), ("--batch_size=8",))
    assert all(split(("vae", *form)) == {"method": "vae", "batch_size": "8"} for form in forms)
    assert split(("--regulariser__beta", "-1")) == {"regulariser.beta": "-1"}
    assert split(("--overwrite", "vae")) == {"overwrite": True, "method": "vae"}


@pytest.mark.parametrize("method", METHODS)
def test_help_shows_every_keyword_of_the_method_the_loop_and_the_batches(
    unweave, method, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = unweave("train", method, "--help", "--data", "tiny:images")
    spec = resolve(method, {}, DataInfo(1, (1, 64, 64)))
    known = [*spec.places(), *spec.words(), "steps", "seed", "holdout", "data.levels"]
    known += [
        f"batches.{name}"
        for name, word in keywords(stream).items()
        if word.setting and name != "batch_size"
    ]
    assert code == 0
    shown = [
        line.split()[0].rstrip(",") for line in out.splitlines() if line.strip().startswith("--")
    ]
    assert not {f"--{name.replace('_', '-')}" for name in known} - set(shown)


def test_help_shows_type_default_range_and_search_law(unweave, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    _, out, _ = unweave("train", "beta-vae", "--help")
    beta = keywords(locate("unweave.methods.regularisers.beta:Beta"))["beta"]
    shown = " ".join(out.split())
    assert (
        f"--regulariser.beta X, --beta X {beta.setting.about}; at least 0; a study tries 1, 2"
        in shown
    )
    assert f"(type: float, default: {beta.default})" in shown


def test_the_dry_run_can_be_fed_back_and_changed(unweave, here):
    words = (
        *TINY,
        *MLP,
        "--critic-lr",
        "1e-3",
        "--replacement=false",
        "--regulariser.critic.width",
        "8",
    )
    code, text, _ = unweave("train", "factor-vae", *words, "--dry-run")
    assert code == 0
    assert not (here / "runs").exists()
    resolved = yaml.safe_load(text)
    assert resolved["method"] == "factor-vae"
    assert (
        resolved["regulariser.gamma"]
        == inspect.signature(locate("unweave.methods.regularisers.density_ratio:DensityRatio"))
        .parameters["gamma"]
        .default
    )
    (here / "run.yaml").write_text(text)
    assert unweave("train", "--trust", "--config", "run.yaml", "--dry-run")[1] == text
    _, direct, _ = unweave("train", "factor-vae", *words)
    code, _, err = unweave("train", "--trust", "--config", "run.yaml")
    assert (code, "holds a finished run" in err) == (2, True)  # the same run, so the same name
    _, out, _ = unweave("train", "--trust", "--config", "run.yaml", "--gamma", "20", "--overwrite")
    assert config_of(out)["method"]["settings"]["regulariser.gamma"] == 20.0
    assert (
        config_of(direct)["method"]["settings"]["regulariser.gamma"]
        == resolved["regulariser.gamma"]
    )
    assert config_of(direct)["batches"]["replacement"] is False


def test_an_option_that_the_batches_do_not_use_is_refused_in_one_line(unweave, here):
    """It was accepted, did nothing, and gave the run another name."""
    code, _, err = unweave("train", "vae", *TINY, *MLP, "--group-size", "3")
    assert code == 2
    assert (
        "group_size is an option of batches of groups; this method trains on images, with replacement"
        in err
    )
    assert len(err.strip().splitlines()) == 1
    assert not (here / "runs").exists()


def test_a_file_may_use_short_names_dashes_and_exponents(unweave, here):
    (here / "run.yaml").write_text(
        "method: beta-vae\ndata: tiny:images\nbatch-size: 4\nbeta: 1e1\noverwrite: true\n"
    )
    code, out, _ = unweave("train", "--trust", "--config", "run.yaml", "--dry-run")
    found = yaml.safe_load(out)
    assert code == 0
    assert (found["batch_size"], found["regulariser.beta"]) == (4, 10.0)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("decoder: mpl", "there is no decoder 'mpl'; did you mean 'mlp'?"),
        ("regulariser: {beta: 3}", "the regulariser is {'beta': 3}; expected a name"),
        ("overwrite: on", "--overwrite is a switch; it was given 'on'"),
        ("out:", "--out needs a value; it was given None"),
        ("device: gpu", "device 'gpu' is not available here"),
        ("shared: [row]", "shared is an option of batches of groups"),
        ("data.shift: upwards", "there is no shift 'upwards'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_the_file_also_where_it_is_found_later(
    unweave, here, written, said
):
    (here / "run.yaml").write_text(f"method: vae\ndata: tiny:images\nsteps: 1\n{written}\n")
    code, out, err = unweave("train", "--trust", "--config", "run.yaml")
    assert (code, out) == (2, "")
    assert err.startswith(f"unweave: {said}")
    assert err.endswith(" (with the options in run.yaml)\n")
    assert not (here / "runs").exists()


def test_without_data_any_composition_is_of_dsprites(unweave):
    parts = {
        "regulariser": "density-ratio",
        "regulariser.gamma": 35.0,
        "pooling": "adaptive",
        "supervision": "xent",
    }
    words = [word for name, value in parts.items() for word in (f"--{name}", str(value))]
    code, out, _ = unweave("train", "vae", *words, "--supervision.weight", "4", "--dry-run")
    assert code == 0
    assert {
        "method": "vae",
        "data": "dsprites",
        **parts,
        "supervision.weight": 4.0,
    }.items() <= yaml.safe_load(out).items()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_of_few_letters_ends_no_training(here, monkeypatch, encoding):
    """Its end was an error, exit code 2, for the letters of the path that it prints."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding))
    words = ["train", "vae", "--data", "digits", *MLP, "--steps", "1", "--out", "日本é"]
    assert main(words) == 0
    sys.stdout.flush()
    assert (
        written.getvalue()
        .decode(encoding)
        .splitlines()[-1]
        .startswith(
            {"ascii": r"\u65e5\u672c\xe9/vae", "latin-1": r"\u65e5\u672cé/vae"}.get(
                encoding, "日本é/vae"
            )
        )
    )
    written.truncate(0)
    assert main([*words, "--dry-run"]) == 0
    sys.stdout.flush()
    assert yaml.safe_load(written.getvalue().decode(encoding).strip("\0"))["out"] == "日本é"


def test_a_part_can_be_taken_away(unweave):
    code, out, _ = unweave("train", "vae", *TINY, "--pooling", "none", "--dry-run")
    assert code == 0
    assert "pooling" not in yaml.safe_load(out)


def test_overwrite_replaces_a_run(unweave):
    for more in ((), ("--overwrite",), ("--overwrite=true",)):
        assert unweave("train", "tiny:Mine", *TINY, *more)[0] == 0
    assert unweave("train", "tiny:Mine", *TINY, "--overwrite", "false")[0] == 2


def test_an_interrupted_run_says_how_to_go_on_and_does(unweave, monkeypatch):
    def interrupt(self, record):
        call(self, record)
        if record.get("step") == 3:
            raise KeyboardInterrupt

    call = Progress.__call__
    words = ("train", "tiny:Mine", "--data", "tiny:images", "--steps", "6", "--log-every", "1")
    with monkeypatch.context() as patched:
        patched.setattr(Progress, "__call__", interrupt)
        code, out, err = unweave(*words)
    path = err.split("--resume ")[1].rstrip("`\n")
    assert (code, err) == (
        130,
        f"unweave: interrupted; continue with `unweave train --resume {path}`\n",
    )
    code, out, err = unweave("train", "--resume", path)
    assert (code, err) == (0, "")
    assert out.splitlines()[1] in (
        "resumed at step 1",
        "resumed at step 2",
    )  # the last checkpoint before step 3
    assert out.splitlines()[-1] == path
    steps = [
        json.loads(line)["step"] for line in (Path(path) / "log.jsonl").read_text().splitlines()
    ]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_an_interrupt_before_the_run_leaves_nothing(unweave, here, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Spec, "make", interrupt)
    code, _, err = unweave("train", "tiny:Mine", *TINY)
    assert not (here / "runs").exists()
    assert (code, err) == (130, "unweave: interrupted before the run began; nothing was written\n")


def test_a_strangers_method_data_set_and_metric_need_no_registration(unweave):
    code, out, err = unweave("train", "tiny:Mine", *TINY, "--strength", "2", "--levels", "3")
    run = out.splitlines()[-1]
    assert (code, err) == (0, "")
    assert config_of(out)["method"] == {
        "name": "tiny:Mine",
        "parts": {},
        "settings": {"strength": 2.0, "breaks_at": 1000},
        "modules": [],
    }
    code, out, err = unweave("evaluate", run, "--metrics", "tiny:rows")
    assert (code, err) == (0, "")
    assert json.loads((Path(run) / "scores.json").read_text())["tiny:rows"]["value"] == 0.009


def test_training_that_breaks_down_says_where_and_keeps_the_last_good_weights(unweave):
    code, _out, err = unweave("train", "tiny:Mine", *TINY, "--breaks-at", "2")
    assert code == 1
    assert "Traceback" not in err
    assert err.startswith("unweave: step 2: loss/model is not finite")
    assert (Path(err.split()[-1]) / "weights.safetensors").exists()


def test_a_folder_whose_name_begins_with_dashes(unweave):
    code, out, _ = unweave("train", "tiny:Mine", *TINY, "--out=--x")
    path = out.splitlines()[-1]
    assert (code, path[:5]) == (0, "./--x")
    assert unweave("evaluate", path, "--metrics", "active_latents")[0] == 0
    code, _, err = unweave("train", "tiny:Mine", *TINY, "--out", "--x")
    assert (code, err.count("\n")) == (2, 1)
    assert (
        "--out needs a value; it was given none; one that begins with -- is written ./--NAME" in err
    )
    code, _, err = unweave("evaluate", path.removeprefix("./"))
    assert (code, err.count("\n")) == (2, 1)
    assert "as a path it is ./--x/" in err


def test_an_argument_that_is_no_text_is_refused(unweave):
    code, _, err = unweave("train", "tiny:Mine", *TINY, "--out", "bad\udcff")
    assert (code, err) == (
        2,
        "unweave: an argument is b'bad\\xff', which is no UTF-8 text: rename the folder or file\n",
    )


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 7.45 GiB for an array"),
        RuntimeError(
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 bytes.\nframe"
        ),
        RuntimeError("Storage size calculation overflowed with sizes=[2147483647, 2147483647]"),
    ],
)
def test_out_of_memory_is_one_line(unweave, monkeypatch, error):
    def run(words):
        raise error

    monkeypatch.setattr("unweave.cli.listing.run", run)
    code, _, err = unweave("list")
    assert (code, err.count("\n")) == (2, 1)
    assert re.match(r"unweave: out of memory( \((7.45 GiB|80 bytes) more\))?: a smaller batch", err)


@pytest.mark.parametrize(
    "option", ["--latents", "--encoder.width", "--encoder.depth", "--data.size"]
)
@pytest.mark.parametrize("number", [2**31, 10**18, 10**30])
def test_a_number_too_large_for_any_memory_is_refused_in_one_line(unweave, option, number):
    code, _, err = unweave(
        "train", "vae", "--data", "digits", "--encoder", "mlp", "--steps", "1", option, number
    )
    assert (code, err.count("\n")) == (2, 1)
    assert "whole numbers end at 2,147,483,647" in err
