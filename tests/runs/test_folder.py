"""The run folder: written atomically, read back bit for bit, and clear about what is wrong with it."""

from __future__ import annotations

import json
import math
import os
import resource
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from tests.configs import config
from tests.contract.proofs import differences, state
from torch import nn

from unweave.files.atomic import WriteError, write
from unweave.methods.base import Method, Player
from unweave.metrics.score import Score
from unweave.runs.errors import RunError
from unweave.runs.folder import FORMAT, Folder
from unweave.runs.sealed_json import marked, sealed
from unweave.training.loop import NotFinite, Training
from unweave.types import Batch, Losses


class Line(Method):
    """A linear layer and a convolution, down the mean square of what they give."""

    def __init__(self, *, outputs: int = 3, lr: float = 0.1, skip: float = float("inf")) -> None:
        super().__init__()
        self.line, self.conv, self.lr, self.skip = (
            nn.Linear(4, outputs),
            nn.Conv2d(2, 2, 3),
            lr,
            skip,
        )
        self.conv.weight.data = self.conv.weight.data.contiguous(memory_format=torch.channels_last)
        self.register_buffer("brief", torch.zeros(2, dtype=torch.bfloat16))
        self.register_buffer("flags", torch.tensor([True, False]))

    def players(self) -> dict[str, Player]:
        optimiser = partial(torch.optim.SGD, momentum=0.9)
        return {
            "a/b": Player(
                self.line, self.lr, optimiser, skip=self.skip
            ),  # a name with the separator of the file in it
            "conv": Player(self.conv, self.lr),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        noisy = self.line(batch.x + torch.randn_like(batch.x)).square().mean()
        yield Losses({"a/b": noisy, "conv": self.conv(torch.rand(1, 2, 4, 4)).square().mean()})


def training(weights: int = 0, **keywords: float) -> Training:
    torch.manual_seed(weights)
    return Training(Line(**keywords), lambda step: Batch(torch.ones(2, 4)))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A run with a checkpoint at step 3."""
    made = Folder.create(tmp_path / "run", config())
    run = training()
    list(run.until(3))
    made.checkpoint(run, seconds=1.5)
    return made


def test_a_checkpoint_brings_back_weights_slots_buffers_and_step(folder: Folder) -> None:
    resumed, unbroken = training(weights=1), training()
    assert folder.restore(resumed) == 1.5
    assert resumed.step == 3
    list(unbroken.until(3))
    assert not differences(state(resumed), state(unbroken))
    slot = resumed.optimisers["conv"].state[resumed.method.conv.weight]["exp_avg"]
    assert slot.is_contiguous(memory_format=torch.channels_last), (
        "the layout of a slot is that of its weight"
    )
    for run in (resumed, unbroken):
        list(run.until(6))
    assert not differences(state(resumed), state(unbroken))


def test_the_log_is_on_the_disk_before_the_checkpoint(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the power could fail with a checkpoint on the disk, and the records before it not."""
    folder.append({"step": 1, "kl": 0.5})
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", lambda file: synced.append(os.fstat(file).st_ino))
    folder.checkpoint(training(), seconds=2.0)
    assert len(synced) == 3, "log, checkpoint, weights"
    assert synced[0] == folder.log.path.stat().st_ino


def test_a_run_without_a_checkpoint_starts_at_the_beginning(tmp_path: Path) -> None:
    run = training()
    assert Folder.create(tmp_path / "run", config()).restore(run) == 0.0
    assert run.step == 0


def test_the_weights_alone_go_into_a_method(folder: Folder) -> None:
    method = training(weights=1).method
    folder.load_weights(method)
    expected = training()
    list(expected.until(3))
    assert not differences(dict(method.state_dict()), dict(expected.method.state_dict()))


def test_skips_are_counted_across_a_resume(tmp_path: Path) -> None:
    """A run that skips every step stops after 100 of them, however often it is interrupted."""
    made, first, second = (
        Folder.create(tmp_path / "run", config()),
        training(skip=1e-12),
        training(skip=1e-12),
    )
    list(first.until(60))
    made.checkpoint(first, seconds=0.0)
    made.restore(second)
    assert second.skipped == {"a/b": 60, "conv": 0}
    with pytest.raises(
        NotFinite, match="step 99: the gradient of player 'a/b' was skipped 100 times in a row"
    ):
        list(second.until(200))


# -- damage


@pytest.mark.parametrize("name", ["weights.safetensors", "state/checkpoint.safetensors"])
@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_file_that_was_cut_off(folder: Folder, name: str, kept: int) -> None:
    path = folder.path / name
    path.write_bytes(path.read_bytes()[:kept])
    assert_damaged(folder, path)


@pytest.mark.parametrize("name", ["weights.safetensors", "state/checkpoint.safetensors"])
def test_a_flipped_bit_anywhere(folder: Folder, name: str) -> None:
    """In the header or in a weight; only padding and the names of the keys of the seal itself may pass, unharmed."""
    path = folder.path / name
    content = path.read_bytes()
    header = int.from_bytes(content[:8], "little") + 8
    places = [
        0,
        5,
        content.index(b"F32") + 1,
        content.index(b"line"),
        header,
        header + 6,
        len(content) - 1,
    ]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        assert_damaged(folder, path)


def assert_damaged(folder: Folder, path: Path) -> None:
    """Reading it raises one line that names the file and leaves the method as it was."""
    run = training(weights=1)
    before = state(run)
    with pytest.raises(RunError, match="damaged") as caught:
        folder.load_weights(run.method) if path.name == "weights.safetensors" else folder.restore(
            run
        )
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not differences(before, state(run))


def test_weights_of_another_method_are_refused_in_one_line(folder: Folder) -> None:
    with pytest.raises(
        RunError, match=r"does not fit the method in config.json.*size mismatch for line.weight"
    ) as caught:
        folder.load_weights(Line(outputs=5))
    assert "\n" not in str(caught.value)
    with pytest.raises(RunError, match=r"does not fit"):
        folder.restore(training(outputs=5))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "is no run folder"),
        ("{", "config.json is damaged"),
        (
            json.dumps({"format": FORMAT + 1, "what": "nobody knows"}),
            r"newer unweave; this one reads format",
        ),
        (json.dumps({"format": "two"}), r"config.json is damaged: format is 'two'; expected int"),
        ("[]", r"config.json is damaged: it holds list, not names with values"),
        ("{}", r"config.json is damaged: config.json has no 'method'"),
        (
            json.dumps({"meth0d": 1}),
            r"config.json is damaged: config.json has 'meth0d', which means nothing here",
        ),
    ],
)
def test_a_folder_that_is_no_run_or_damaged_or_newer(
    tmp_path: Path, config: str | None, message: str
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(RunError, match=message):
        Folder(tmp_path)
    with pytest.raises(RunError, match="does not exist"):
        Folder(tmp_path / "nowhere")


def test_a_run_that_exists_is_not_written_over(folder: Folder) -> None:
    out = r"choose --overwrite \(overwrite=True\) or another --out DIR \(out=DIR\)$"
    words = rf"holds an unfinished run: continue it, --resume {folder.path} \(unweave.resume\), or {out}"
    with pytest.raises(RunError, match=words):
        Folder.create(folder.path, config("another"))
    (folder.path / "done").touch()
    with pytest.raises(RunError, match=rf"holds a finished run: {out}"):
        Folder.create(folder.path, config("another"))
    assert Folder(folder.path).config == config()
    assert json.loads((folder.path / "config.json").read_text())["format"] == FORMAT


def test_a_run_that_stopped_before_its_first_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no weights yet.*resume"):
        Folder.create(tmp_path / "run", config()).load_weights(training().method)


# -- the log


def test_the_log_is_read_up_to_a_line_that_was_cut_off(folder: Folder) -> None:
    for step in (1, 2, 3):
        folder.append({"step": step, "kl": step / 3})
    log = folder.path / "log.jsonl"
    log.write_text(log.read_text()[:-5])
    assert [record["step"] for record in folder.records()] == [1, 2]


def test_the_log_goes_back_to_a_step(folder: Folder) -> None:
    for step in (1, 2, 3):
        folder.append({"step": step, "kl": step / 3})
    before = (folder.path / "log.jsonl").read_text().splitlines()
    folder.forget_after(2)
    assert (folder.path / "log.jsonl").read_text().splitlines() == before[:2]
    folder.append({"step": 3, "kl": 1.0})
    assert (folder.path / "log.jsonl").read_text().splitlines() == before


# -- writing


def test_a_file_appears_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies before the rename leaves the old file whole."""
    path = tmp_path / "file"
    write(path, b"old")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            write(path, b"new")
    assert path.read_bytes() == b"old"
    write(path, b"newer")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"newer"


def test_of_two_writers_of_a_file_one_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes while the first is in the middle: both are whole, the last one stays, and nothing else."""
    path = tmp_path / "page.html"
    threads: list[threading.Thread] = []
    sync = os.fsync

    def meanwhile(handle: int) -> None:
        if not threads:
            threads.append(threading.Thread(target=write, args=(path, b"second")))
            threads[0].start()
            threads[0].join(0.3)
            assert (tmp_path / "page.html.new").read_bytes() == b"first"
        sync(handle)

    monkeypatch.setattr(os, "fsync", meanwhile)
    write(path, b"first")
    threads[0].join()
    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Files of this process may not grow beyond 1 kB, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, small_disk: None) -> None:
    made, run = Folder.create(tmp_path / "run", config()), training()
    run.advance()
    for content in (b"a" * 900, b"b" * 900):
        write(made.path / "weights.safetensors", content)
    with pytest.raises(
        WriteError,
        match=r"could not write .*checkpoint.safetensors: File too large; what was there is kept",
    ):
        made.checkpoint(run, seconds=0.0)
    assert sorted(p.name for p in made.path.rglob("*") if p.is_file()) == [
        "config.json",
        "weights.safetensors",
    ]
    assert (made.path / "weights.safetensors").read_bytes() == b"b" * 900


def test_a_full_disk_stops_the_log_with_one_line(tmp_path: Path, small_disk: None) -> None:
    made = Folder.create(tmp_path / "run", config())
    made.append({"step": 1, "kl per latent": [0.25] * 150})
    with pytest.raises(
        WriteError, match=r"could not write .*log.jsonl: File too large; resume when it can"
    ):
        made.append({"step": 2, "kl per latent": [0.25] * 150})
    assert [record["step"] for record in made.records()] == [1]


# -- the name


def test_a_runs_name_is_method_data_hash_seed() -> None:
    def name(seed: int, **settings: float) -> str:
        return config("my.file:Beta VAE", "data/my images", seed=seed, **settings).run_name()

    assert name(7, beta=4.0, gamma=3) == name(7, gamma=3, beta=4.0)
    words = name(7, beta=4.0).split("-")
    assert [*words[:2], words[3]] == ["my.file.Beta_VAE", "my_images", "7"]
    assert name(7, beta=4.0).split("-")[2] == name(8, beta=4.0).split("-")[2]
    assert name(7, beta=4.0) != name(7, beta=5.0)


# -- scores


def test_scores_are_kept_beside_those_that_are_there(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "run", config())
    assert folder.scores() == {}
    written = {"mig": {"value": 0.1}, "sap": {"value": 0.2, "from the future": 1}}
    marks = {name: marked(plain, folder.run + name) for name, plain in written.items()}
    (folder.path / "scores.json").write_text(sealed(marks, folder.run))
    folder.keep_scores({"mig": Score(0.5), "dci": Score(math.nan, reason="one latent")})
    assert {name: str(score) for name, score in folder.scores().items()} == {
        "mig": "0.50",
        "sap": "0.20",
        "dci": "nan (one latent)",
    }
    assert json.loads((folder.path / "scores.json").read_text())["sap"] == marks["sap"]


def test_damaged_scores_are_named(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "run", config())
    (folder.path / "scores.json").write_text('{"mig": {"val')
    with pytest.raises(RunError, match=r"scores.json is damaged: .*; remove it, and score again"):
        folder.scores()
