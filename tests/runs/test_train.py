"""Train and resume, whole runs: killed at a random moment, stopped by NaN, on a full disk, with a part held out."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import unweave.runs.monitor
from unweave.data.images import ImageData
from unweave.data.subsets import split
from unweave.files.atomic import WriteError
from unweave.methods.base import Method, Player
from unweave.runs.config import Resolved
from unweave.runs.errors import RunError
from unweave.runs.monitor import Clock
from unweave.runs.run import Run, load_run
from unweave.runs.train import resume, train
from unweave.training.device import pick_device
from unweave.training.loop import NotFinite
from unweave.training.precision import dtype_of
from unweave.training.records import CLOCKED, COLUMNS
from unweave.types import Batch, Losses, Posterior

SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 16,
    "decoder.width": 16,
    "latents": 3,
    "lr": 1e-3,
    "batch_size": 8,
    "precision": "float32",
    "device": "cpu",
}

CRITIC = {"regulariser.critic.width": 16, "regulariser.critic.depth": 2}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """64 images of 8 x 8 pixels in a file."""
    path = tmp_path / "pictures.npy"
    np.save(path, np.random.default_rng(0).integers(256, size=(64, 1, 8, 8), dtype=np.uint8))
    return path


def opened(path: Path) -> ImageData:
    return ImageData(np.load(path), name="pictures")


def fit(
    data: ImageData, out: Path, method: str | type[Method] = "beta-vae", **settings: Any
) -> Run:
    return train(method, data, out=out, **(SMALL | {"steps": 10, "log_every": 5} | settings))


def log_of(run: Run) -> list[dict[str, Any]]:
    """The log but for what a clock says."""
    return [{k: v for k, v in record.items() if k not in CLOCKED} for record in run.records()]


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    return load_run(run.path).method.state_dict()


def equal(a: Run, b: Run) -> bool:
    return all(torch.equal(v, weights_of(b)[k]) for k, v in weights_of(a).items())


# -- what a run is


def test_a_run_leaves_a_whole_folder(pictures: Path, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    run = fit(opened(pictures), tmp_path, progress=seen.append)
    names = {p.relative_to(run.path).as_posix() for p in run.path.rglob("*") if p.is_file()}
    assert names == {
        "config.json",
        "log.jsonl",
        "weights.safetensors",
        "state/checkpoint.safetensors",
        "done",
        ".lock",
    }
    assert [record["step"] for record in run.records()] == [5, 10]
    assert {*CLOCKED} | {"reconstruction", "kl", "kl per latent", "active"} <= run.records()[
        0
    ].keys()
    assert [record for record in seen if "step" in record and "live" not in record] == run.records()
    images = opened(pictures).take(np.arange(5))
    np.testing.assert_array_equal(run.encode(images), load_run(run.path).encode(images))
    assert run.decode(run.encode(images)).shape == images.shape


def test_the_seed_decides_the_weights(pictures: Path, tmp_path: Path) -> None:
    first, again = (fit(opened(pictures), tmp_path / name, seed=1) for name in ("first", "again"))
    other = fit(opened(pictures), tmp_path / "first", seed=2)
    assert first.path.name == again.path.name != other.path.name
    assert equal(first, again)
    assert log_of(first) == log_of(again)
    assert not equal(first, other)


def test_what_a_caller_draws_or_looks_at_between_steps_changes_nothing(
    pictures: Path, tmp_path: Path
) -> None:
    def look(record: dict[str, Any]) -> None:
        torch.manual_seed(record.get("step", 0))
        if (tmp_path / "looked").exists() and any(
            (tmp_path / "looked").glob("*/weights.safetensors")
        ):
            load_run(next((tmp_path / "looked").iterdir())).sample(3)

    looked = fit(
        opened(pictures), tmp_path / "looked", "factor-vae", progress=look, log_every=1, **CRITIC
    )
    plain = fit(opened(pictures), tmp_path / "plain", "factor-vae", log_every=10, **CRITIC)
    assert equal(looked, plain)


def test_a_part_is_held_out_and_its_bound_logged(pictures: Path, tmp_path: Path) -> None:
    """The held-out images are never trained on: the run does not depend on what they show."""
    data = opened(pictures)
    held = split(data, 0.25, seed=0)[1].base_rows
    changed = data.array.copy()
    changed[held] = 255 - changed[held]
    run = fit(data, tmp_path / "a", holdout=0.25)
    other = fit(ImageData(changed, name="pictures"), tmp_path / "b", holdout=0.25)
    assert len(held) == 16
    assert equal(run, other)
    bounds = [[record["validation elbo"] for record in r.records()] for r in (run, other)]
    assert np.isfinite(bounds).all()
    assert bounds[0] != bounds[1]
    assert "validation elbo" not in fit(data, tmp_path / "c").records()[0]
    assert run.records()[0].keys() - COLUMNS.keys() == {"reconstruction", "kl", "loss/model"}, (
        "all else is a column"
    )


def test_a_method_without_a_bound_is_not_asked_for_one(pictures: Path, tmp_path: Path) -> None:
    assert "validation elbo" not in fit(opened(pictures), tmp_path, "ae", holdout=0.25).records()[0]


# -- a run that exists


def test_a_run_that_exists_is_kept_unless_told(pictures: Path, tmp_path: Path) -> None:
    first = fit(opened(pictures), tmp_path)
    stamp = (first.path / "config.json").stat().st_mtime_ns
    with pytest.raises(RunError, match="holds a finished run"):
        fit(opened(pictures), tmp_path)
    assert (first.path / "config.json").stat().st_mtime_ns == stamp
    assert equal(fit(opened(pictures), tmp_path, overwrite=True), load_run(first.path))
    assert (first.path / "config.json").stat().st_mtime_ns != stamp


class Late(Method):
    """A line whose step `broken` fails, until it is mended."""

    broken = 0

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(64, 2)

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        if step == self.broken:
            raise KeyError("mend me")
        yield Losses({"model": self.line(batch.x.flatten(1)).square().mean()})

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.line(x.flatten(1)))


def test_a_run_that_kept_nothing_is_begun_anew(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice: dict[str, Any] = {"steps": 4, "batch_size": 8, "precision": "float32", "device": "cpu"}
    with pytest.raises(KeyError, match="mend me"):
        train(Late, opened(pictures), out=tmp_path, **choice)
    (begun,) = tmp_path.glob("*/config.json")
    (begun.parent / "notes.txt").write_text("of the user")
    monkeypatch.setattr(Late, "broken", None)
    run = train(Late, opened(pictures), out=tmp_path, **choice)
    assert run.path == begun.parent
    assert run.folder.done
    assert (run.path / "notes.txt").read_text() == "of the user"


def test_one_that_kept_a_checkpoint_is_not(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice: dict[str, Any] = {"steps": 4, "batch_size": 8, "precision": "float32", "device": "cpu"}
    monkeypatch.setattr(Late, "broken", 2)
    for error, words in ((KeyError, "mend me"), (RunError, "holds an unfinished run")):
        with pytest.raises(error, match=words):
            train(Late, opened(pictures), out=tmp_path, **choice)


def test_one_of_which_a_file_is_a_link_is_left_alone(pictures: Path, tmp_path: Path) -> None:
    choice: dict[str, Any] = {"steps": 4, "batch_size": 8, "precision": "float32", "device": "cpu"}
    out = tmp_path / "runs"
    with pytest.raises(KeyError, match="mend me"):
        train(Late, opened(pictures), out=out, **choice)
    (config,) = out.glob("*/config.json")
    config.rename(tmp_path / "elsewhere.json")
    config.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(RunError, match=r"its config.json is a symbolic link"):
        train(Late, opened(pictures), out=out, **choice)
    assert (tmp_path / "elsewhere.json").is_file()


def test_a_finished_run_is_returned_as_it_is(pictures: Path, tmp_path: Path) -> None:
    run = fit(opened(pictures), tmp_path)
    log, again = log_of(run), resume(run.path, data=opened(pictures))
    assert log_of(again) == log
    assert equal(run, again)
    assert equal(run, resume(run, data=opened(pictures)))


def test_nothing_is_written_when_a_word_is_wrong(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    wrong = [
        ({"method": "beta-vea"}, "did you mean 'beta-vae'"),
        ({"latnets": 3}, "did you mean 'latents'"),
        ({"beta": -1.0}, "beta is -1.0; it has to be at least 0"),
        ({"latents": 0}, "latents is 0; it has to be at least 1"),
        ({"steps": 0}, "steps is 0; it has to be at least 1"),
        ({"device": "abacus"}, "device 'abacus' is not available here"),
        ({"batch_options": {"group_sise": 3}}, "did you mean 'group_size'"),
        (
            {"batch_options": {"group_size": 3}},
            "group_size is an option of batches of groups; this method trains on im",
        ),
        (
            {"data.shift": "only:a=0"},
            r"'data.shift' is no setting .*of the data: give data_options=\{'shift': 'only:a=0'\}$",
        ),
        (
            {"data__classes": "a"},
            r"an option of the data: give data_options=\{'classes': 'a'\}$",
        ),
        (
            {"data.size": 8},
            "'data.size' is no setting .*, and pictures has no option 'size', and none",
        ),
        (
            {"batches.group_size": 3},
            r"'batches.group_size' is no setting .* give batch_options=\{'group_size': 3\}$",
        ),
        ({"clip_length": 3}, r"'clip_length' is no setting .* batch_options=\{'clip_length': 3\}$"),
    ]
    for settings, message in wrong:
        with pytest.raises(ValueError, match=message) as caught:
            fit(opened(pictures), out, **settings)
        assert "\n" not in str(caught.value)
    with pytest.raises(
        ValueError, match="pictures has no groups, classes or factors, so it cannot make pairs"
    ):
        train(Pairs, opened(pictures), steps=10, out=out)
    assert not out.exists()


def test_a_run_says_how_many_groups_its_batches_hold(tmp_path: Path) -> None:
    """And an option that only repeats a default gives no other name."""
    images = np.random.default_rng(0).integers(256, size=(24, 1, 8, 8), dtype=np.uint8)
    data, said = ImageData(images, groups=np.arange(24) // 4, name="people"), []
    run = fit(data, tmp_path, "ml-vae", batch_options={"group_size": 3}, progress=said.append)
    assert (
        said[0]["data"]
        == f"{data.about}; a batch is {run.config.loop.batch_size // 3} groups of 3 images"
    )
    again = fit(data, tmp_path / "b", "ml-vae", batch_options={"group_size": 3, "clip_length": 8})
    assert again.path.name == run.path.name


def test_resume_refuses_other_data(pictures: Path, tmp_path: Path) -> None:
    run = fit(opened(pictures), tmp_path)
    with pytest.raises(RunError, match="the data have changed: 63 images"):
        resume(run.path, data=ImageData(np.load(pictures)[1:]))
    with pytest.raises(RunError, match=r"handed in as an object: give data="):
        resume(run.path)


# -- stopped


class Toy(Method):
    """Learns a point; its loss, or a weight, turns into NaN at a step of its own choice."""

    at, where, kind = 7, "loss", "images"

    def __init__(self) -> None:
        super().__init__()
        self.point = torch.nn.Parameter(torch.ones(3))

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.kind})

    def players(self) -> dict[str, Player]:
        return {"model": Player(self.point, 0.1)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        bad = step == self.at
        if bad and self.where == "weights":
            self.point.register_hook(lambda gradient: gradient * torch.nan)
        loss = self.point.square().sum()
        yield Losses(
            {"model": loss},
            {"spread": loss.detach() * (torch.nan if bad and self.where == "loss" else 1)},
        )


class Poisoned(Toy):
    """NaN in a gradient, which no loss shows until the weights are gone."""

    where, at = "weights", 9


class Pairs(Toy):
    """Needs pairs of images."""

    kind = "pairs"


def keep_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every step."""
    monkeypatch.setattr(unweave.runs.monitor, "CHECKPOINT_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (Toy, r"step 7: spread is not finite"),
        (Poisoned, r"step 10: the weights point are not finite"),
    ],
)
def test_nan_stops_the_run_and_the_last_good_weights_are_kept(
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: type[Method],
    message: str,
) -> None:
    keep_often(monkeypatch)
    with pytest.raises(NotFinite, match=message):
        train(method, opened(pictures), steps=10, out=tmp_path, log_every=1, device="cpu")
    (path,) = tmp_path.glob("*/config.json")
    run = load_run(path.parent)
    assert not (path.parent / "done").exists()
    assert bool(run.method.point.isfinite().all())
    last = json.loads((path.parent / "log.jsonl").read_text().splitlines()[-1])["step"]
    assert last in (7, 10)


def test_nan_in_the_data_stops_at_the_first_step(tmp_path: Path) -> None:
    rows = np.zeros((16, 4), dtype=np.float32)
    rows[:, 2] = np.nan
    with pytest.raises(NotFinite, match=r"step 0: .*reconstruction.* is not finite"):
        fit(ImageData(rows, name="rows"), tmp_path, likelihood="gaussian")


def test_a_full_disk_stops_with_one_line_and_the_run_goes_on_from_there(
    pictures: Path, tmp_path: Path
) -> None:
    def no_room_left(record: dict[str, Any]) -> None:
        if record.get("step") == 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(WriteError, match="File too large"):
            fit(opened(pictures), tmp_path / "full", progress=no_room_left)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (path,) = (tmp_path / "full").iterdir()
    assert not [p for p in path.rglob("*") if p.suffix == ".new"]
    run, unbroken = resume(path, data=opened(pictures)), fit(opened(pictures), tmp_path / "whole")
    assert equal(run, unbroken)
    assert log_of(run) == log_of(unbroken)


@pytest.mark.parametrize("log_every", [1, 5])
def test_a_run_that_died_before_its_first_checkpoint_starts_again(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_every: int
) -> None:
    def dies(record: dict[str, Any]) -> None:
        if record.get("step") == log_every:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Clock, "due", lambda self: False)
        with pytest.raises(KeyboardInterrupt):
            fit(opened(pictures), tmp_path / "a", progress=dies, log_every=log_every)
    (path,) = (tmp_path / "a").iterdir()
    with pytest.raises(RunError, match="no weights yet"):
        load_run(path)
    run, unbroken = (
        resume(path, data=opened(pictures)),
        fit(opened(pictures), tmp_path / "b", log_every=log_every),
    )
    assert log_of(run) == log_of(unbroken)
    assert equal(run, unbroken)


CHILD = """
import sys
import numpy as np
from tests.runs.test_train import LONG, fit, opened
from pathlib import Path
fit(opened(Path(sys.argv[1])), Path(sys.argv[2]), "factor-vae", **LONG)
"""

LONG: dict[str, Any] = {"steps": 300, "log_every": 20, "holdout": 0.1, "seed": 3} | CRITIC


def killed_child(pictures: Path, out: Path) -> Path:
    """Train in a process of its own and kill it at a random moment after its first checkpoint."""
    root = Path(__file__).parents[2]
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(pictures), str(out)], cwd=root)
    try:
        wait_for(lambda: any(out.glob("*/weights.safetensors")), child)
        time.sleep(random.uniform(0, 0.4))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    (path,) = out.iterdir()
    return path


def wait_for(happened: Callable[[], bool], child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert child.poll() is None, "the child ended by itself"
        assert time.monotonic() < deadline, "the child never wrote a checkpoint"
        time.sleep(0.005)


def test_killed_at_a_random_moment_it_ends_as_if_it_had_not_been(
    pictures: Path, tmp_path: Path
) -> None:
    path = killed_child(pictures, tmp_path / "killed")
    at = len((path / "log.jsonl").read_text().splitlines())
    seen: list[dict[str, Any]] = []
    run = resume(path, data=opened(pictures), progress=seen.append)
    (resumed,) = [record["resumed"] for record in seen if "resumed" in record]
    assert 0 < resumed <= 300
    unbroken = fit(opened(pictures), tmp_path / "unbroken", "factor-vae", **LONG)
    assert equal(run, unbroken), f"killed after {at} lines of the log, resumed at step {resumed}"
    assert log_of(run) == log_of(unbroken), (
        f"killed after {at} lines of the log, resumed at step {resumed}"
    )
    assert [record["step"] for record in run.records()] == list(range(20, 301, 20))
    assert all(
        a["seconds"] <= b["seconds"] for a, b in zip(run.records(), run.records()[1:], strict=False)
    )


# -- the clock, the device, the precision


def test_checkpoints_come_often_at_first_and_every_20_seconds_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One step a second for ten minutes: no kill loses more than 20 s, and an hour holds no more than 200."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock, kept = Clock(before=0.0, step=0), []
    for second in range(1, 601):
        now = 100.0 + second
        if clock.due():
            clock.kept()
            kept.append(second)
    gaps = np.diff([0, *kept])
    assert kept[0] == 1
    assert gaps.max() <= 20
    assert len(kept) < 50


def test_the_clock_leaves_out_the_time_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = Clock(before=30.0, step=100)
    now = 5002.0
    assert clock.read(150, batch_size=8) == {"seconds": 32.0, "images_per_s": 200.0}


def test_auto_takes_the_accelerator_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("meta")
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: gpu)
    assert pick_device("auto") == gpu
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")
    assert pick_device("cpu") == torch.device("cpu")


def test_a_run_in_bfloat16_resumes_bit_identical(pictures: Path, tmp_path: Path) -> None:
    settings = {"precision": "bf16", "encoder": "conv64", "decoder": "conv64"}
    wide = (
        {k: v for k, v in SMALL.items() if not k.endswith(".width")}
        | settings
        | {"steps": 6, "log_every": 2}
    )

    def dies(record: dict[str, Any]) -> None:
        if record.get("step") == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("vae", opened(pictures), out=tmp_path / "a", progress=dies, **wide)
    (path,) = (tmp_path / "a").iterdir()
    run, unbroken = (
        resume(path, data=opened(pictures)),
        train("vae", opened(pictures), out=tmp_path / "b", **wide),
    )
    assert equal(run, unbroken)
    assert log_of(run) == log_of(unbroken)


def test_a_config_says_what_auto_stood_for_and_a_resumed_run_keeps_it(
    pictures: Path, tmp_path: Path
) -> None:
    run = fit(opened(pictures), tmp_path, steps=2, precision="auto")
    found = run.config.resolved
    assert found == Resolved(
        "cpu", "bf16" if dtype_of("auto", torch.device("cpu")) is torch.bfloat16 else "float32"
    )
    assert len(run.config.versions["commit"] or "0" * 40) == 40


@pytest.mark.parametrize("name", ["meta", "mps:7", "xla", "privateuseone", "no such", "", "\0"])
def test_a_device_that_computes_nothing_here_is_refused_in_a_short_line(name: str) -> None:
    """torch makes tensors on "meta", without numbers in them, and says the others in 2,500 letters."""
    with pytest.raises(ValueError, match="is not available here") as caught:
        pick_device(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
