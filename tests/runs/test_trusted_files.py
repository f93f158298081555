"""What stands in a run folder as text is what was written: altered letters are noticed, and one process writes at a time."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.configs import SMALL, config

import unweave
from unweave.cli import main
from unweave.metrics.score import Score
from unweave.runs import lock
from unweave.runs.errors import NotKept, RunError
from unweave.runs.folder import Folder
from unweave.runs.log import Log
from unweave.runs.run import load_run
from unweave.runs.sealed_json import Altered, marked, sealed, unsealed
from unweave.runs.train import resume
from unweave.training.records import COLUMNS


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 1, 8, 8), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A run with three records and two scores."""
    made = Folder.create(tmp_path / "run", config(beta=4.0))
    for step in (1, 2, 3):
        made.append({"step": step, "kl": 0.5 * step})
    made.keep_scores(
        {"mig": Score(0.5, n=100), "dci": Score(0.25, parts={"gap": np.array([0.1, 0.2])})}
    )
    return made


def test_a_checksum_is_of_names_and_values_in_any_order() -> None:
    assert unsealed(sealed({"b": 1.5, "a": [1, None, "é"]})) == {"a": [1, None, "é"], "b": 1.5}
    assert (
        json.loads(sealed({"a": 1, "crc32": "old"}))["crc32"]
        == json.loads(sealed({"a": 1}))["crc32"]
    )
    for text in (
        sealed({"a": 1}).replace("1,", "2,"),
        '{"a": 1}',
        "[1]",
        "{",
        "[" * 100_000,
        b"\xff",
    ):
        with pytest.raises(Altered):
            unsealed(text)


@pytest.mark.parametrize("name", ["config.json", "log.jsonl", "scores.json"])
def test_every_flipped_bit_is_noticed_or_changes_no_meaning(folder: Folder, name: str) -> None:
    """Never a traceback, never another number: one line that names the file, or exactly what was written."""
    file = folder.path / name
    content = file.read_bytes()
    expected = (
        folder.config,
        list(folder.records()),
        {k: s.to_dict() for k, s in folder.scores().items()},
    )
    rng = np.random.default_rng(0)
    noticed = 0
    for place in rng.integers(len(content), size=150):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        try:
            opened = Folder(folder.path)
            found = (
                opened.config,
                list(opened.records()),
                {k: s.to_dict() for k, s in opened.scores().items()},
            )
        except RunError as error:
            said = str(error)
            noticed += 1
        else:
            said = name
            assert found == expected or (
                name == "log.jsonl" and found[1] == expected[1][: len(found[1])]
            )
        assert name in said
        assert "\n" not in said
    assert noticed > 100


def test_a_torn_last_line_is_forgiven_and_no_other(folder: Folder) -> None:
    log = folder.path / "log.jsonl"
    whole = log.read_text()
    log.write_text(whole + '{"step": 4, "kl')
    assert [record["step"] for record in folder.records()] == [1, 2, 3]
    folder.forget_after(2)
    assert [record["step"] for record in folder.records()] == [1, 2]
    first, second, third = whole.splitlines()
    log.write_text("\n".join([first, second[:-9], third, ""]))
    with pytest.raises(RunError, match=r"line 2 of .*log.jsonl is damaged"):
        list(folder.records())
    with pytest.raises(RunError, match=r"line 2 of .*log.jsonl is damaged"):
        folder.forget_after(3)
    assert log.read_text().splitlines()[2] == third, "nothing was removed"


def test_lines_that_were_removed_moved_or_copied_are_noticed(tmp_path: Path) -> None:
    """Each has a checksum of its own, which still holds."""
    log = Log(tmp_path / "log.jsonl", every=2)
    for step in (2, 4, 6, 7):
        log.append({"step": step, "kl": 0.5 * step})
    lines = log.path.read_text().splitlines(keepends=True)
    a, b, c, d = lines
    for damaged in (
        [b, c, d],
        [a, c, d],
        [a, b, d],
        [b, a, c, d],
        [a, a, b, c, d],
        [a, b, c, d, c],
    ):
        log.path.write_text("".join(damaged))
        with pytest.raises(
            RunError, match=r"line \d of .*log.jsonl is damaged: (its step|lines before it)"
        ):
            list(log.records())
    log.path.write_text("".join(lines))
    assert [record["step"] for record in log.records()] == [2, 4, 6, 7]


def test_the_log_of_a_finished_run_is_whole(folder: Folder) -> None:
    (folder.path / "done").touch()
    with pytest.raises(
        RunError, match=r"log.jsonl ends at step 3 of a run of \d+; restore it from a copy"
    ):
        list(folder.records())


def test_a_last_line_without_its_end_has_to_follow_the_one_before(tmp_path: Path) -> None:
    """It is no torn one: its checksum holds."""
    log = Log(tmp_path / "log.jsonl", every=2)
    for step in (2, 4, 6):
        log.append({"step": step, "kl": 0.5 * step})
    a, b, c = log.path.read_text().splitlines(keepends=True)
    log.path.write_text(a + b + c.rstrip())
    assert [record["step"] for record in log.records()] == [2, 4, 6]
    for damaged in (a + b + b.rstrip(), a + c.rstrip()):
        log.path.write_text(damaged)
        with pytest.raises(
            RunError, match=r"line \d of .*log.jsonl is damaged: (its|lines before)"
        ):
            list(log.records())


@pytest.mark.parametrize("lost", [1, 20, 300])
def test_a_run_whose_log_ends_before_its_checkpoint_is_not_resumed(
    pictures: np.ndarray, tmp_path: Path, lost: int
) -> None:
    """It would go on, and be refused at its end for the lines that are missing."""
    run = unweave.train("vae", pictures, steps=4, batch_size=8, log_every=1, out=tmp_path, **SMALL)
    (run.path / "done").unlink()
    log = run.path / "log.jsonl"
    whole = log.read_bytes()
    left = whole[: -lost - 1]
    log.write_bytes(left)
    with pytest.raises(RunError, match=r"log.jsonl ends at step \d, .* checkpoint .* of step 4"):
        resume(run.path, data=pictures)
    assert log.read_bytes() == left
    assert not (run.path / "done").exists()
    log.write_bytes(whole)
    assert [record["step"] for record in resume(run.path, data=pictures).records()] == [1, 2, 3, 4]


NO_NUMBERS = [{name: ["x"]} for name in COLUMNS]  # what a record of every column cannot hold
WRONG_VALUES = (*NO_NUMBERS, {"step": "1"}, {"step": 1.0}, {"kl": "1"}, {"kl": [1]}, {"kl": None}, {"units": ["nats"]},
                {"units": {"kl": 1}}, {"kl per latent": 1}, {"kl per latent": []}, {"kl per latent": {"a": 1.0}},
                {"kl per latent": {"01": 1.0}}, {"kl per latent": ["1"]}, {"kl per block": {"a": 1}},
                {"kl per block": {"a": {"kl": 1.0}}}, {"seconds": float("nan")}, {"seconds": -1.0})  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_VALUES, ids=str)
@pytest.mark.parametrize("with_checksums", [True, False])
def test_a_value_of_another_type_in_the_log_is_named(
    wrong: dict[str, Any], with_checksums: bool, tmp_path: Path
) -> None:
    log = Log(tmp_path / "log.jsonl", with_checksums=with_checksums)
    log.append({"step": 1} | wrong)
    (name,) = wrong
    with pytest.raises(
        RunError, match=f"line 1 of .*log.jsonl is damaged: {name}.* is .*; expected"
    ):
        list(log.records())


@pytest.mark.parametrize(
    "wrong",
    [{"value": "high"}, {"value": True}, {"n": 1.5}, {"reason": 3}, {"parts": [1]}, {"kinds": [1]}, {"kinds": "ordered"},
     {"matrix": "x"}, {"low": [1]}],
    ids=str,
)  # fmt: skip
def test_a_value_of_another_type_in_a_score_is_named(wrong: dict[str, Any], folder: Folder) -> None:
    score = Score(0.5).to_dict() | wrong
    scores = {"mig": marked(score, folder.run + "mig")}
    (folder.path / "scores.json").write_text(sealed(scores, folder.run))
    with pytest.raises(RunError, match=r"scores.json is damaged: mig is no score"):
        folder.scores()


def test_a_score_that_was_removed_is_noticed(folder: Folder) -> None:
    scores = json.loads((folder.path / "scores.json").read_text())
    del scores["mig"]
    (folder.path / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(RunError, match=r"scores.json is damaged: its checksum differs"):
        folder.scores()
    del scores["crc32"]
    (folder.path / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(RunError, match=r"scores.json is damaged: it has no checksum"):
        folder.scores()


def test_lines_and_scores_of_another_run_are_noticed(folder: Folder, tmp_path: Path) -> None:
    """Their checksums hold, in their own run."""
    other = Folder.create(tmp_path / "other", config(beta=5.0))
    for step in (1, 2, 3):
        other.append({"step": step, "kl": 0.7 * step})
    other.keep_scores({"mig": Score(0.6), "dci": Score(0.3)})
    mine = folder.log.path.read_text().splitlines(keepends=True)
    theirs = other.log.path.read_text().splitlines(keepends=True)
    folder.log.path.write_text("".join([mine[0], theirs[1], mine[2]]))
    with pytest.raises(RunError, match=r"line 2 of .*log.jsonl is damaged: its checksum differs"):
        list(folder.records())
    (folder.path / "scores.json").write_bytes((other.path / "scores.json").read_bytes())
    with pytest.raises(RunError, match=r"scores.json is damaged: its checksum differs"):
        folder.scores()


def test_the_log_of_an_earlier_version_is_read_without_checksums(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "kl": 2.5}\n{"step": 2}\n')
    assert list(Log(tmp_path / "log.jsonl", with_checksums=False).records()) == [
        {"step": 1, "kl": 2.5},
        {"step": 2},
    ]


def test_equal_runs_have_equal_files_of_weights(pictures: np.ndarray, tmp_path: Path) -> None:
    runs = [
        unweave.train("vae", pictures, steps=3, batch_size=8, out=tmp_path / name, **SMALL)
        for name in "ab"
    ]
    first, second = ((run.path / "weights.safetensors").read_bytes() for run in runs)
    assert first == second


def test_a_run_in_progress_has_one_writer(pictures: np.ndarray, tmp_path: Path) -> None:
    how = {"steps": 3, "batch_size": 8, "out": tmp_path, **SMALL}
    run = unweave.train("vae", pictures, **how)
    (run.path / "done").unlink()
    before = {file.name: file.read_bytes() for file in run.path.iterdir() if file.is_file()}
    with lock.writing(run.path):
        for again in (
            lambda: resume(run.path, data=pictures),
            lambda: unweave.train("vae", pictures, overwrite=True, **how),
        ):
            with pytest.raises(RunError, match="is being trained by another process"):
                again()
    assert {file.name: file.read_bytes() for file in run.path.iterdir() if file.is_file()} == before
    resume(run.path, data=pictures)


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from unweave.runs import lock\n"
    code += f"lock.writing(Path({str(tmp_path)!r})).__enter__(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    with lock.writing(tmp_path):
        pass


def test_overwriting_removes_what_unweave_wrote_and_nothing_else(
    pictures: np.ndarray, tmp_path: Path
) -> None:
    how = {"steps": 3, "batch_size": 8, "out": tmp_path, **SMALL}
    run = unweave.train("vae", pictures, **how)
    (run.path / "notes.txt").write_text("mine")
    run.folder.keep_scores({"mig": Score(0.5)})
    again = unweave.train("vae", pictures, overwrite=True, **how)
    assert (again.path / "notes.txt").read_text() == "mine"
    assert again.folder.scores() == {}
    assert [record["step"] for record in again.records()] == [3]


@pytest.mark.parametrize("survived", range(7))
def test_a_kill_anywhere_in_an_overwrite_leaves_a_run_that_resumes_as_the_new_one(
    survived: int, pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of files were removed: a whole old run until then, and the new one by resuming it."""
    how = {"steps": 3, "batch_size": 8, **SMALL}
    run = unweave.train("vae", pictures, out=tmp_path, **how)
    others = 255 - pictures
    expected = unweave.train("vae", others, out=tmp_path / "expected", **how)
    with monkeypatch.context() as patched:
        dies_after(survived, patched)
        with pytest.raises(KeyboardInterrupt):
            unweave.train("vae", others, out=tmp_path, overwrite=True, **how)
    assert Folder(run.path).config.data.fingerprint == run.config.data.fingerprint
    again = resume(run.path, data=others)
    assert np.array_equal(again.encode(others), expected.encode(others))
    assert again.config.data.fingerprint == expected.config.data.fingerprint
    assert [record["step"] for record in again.records()] == [3]
    assert not (run.path / "config.json.next").exists()


def dies_after(acts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die after so many removals of a run's files and arrivals of its config."""
    done = 0
    replace = os.replace
    unlink = Path.unlink

    def act() -> None:
        nonlocal done
        if done == acts:
            raise KeyboardInterrupt
        done += 1

    def removed(path: Path, missing_ok: bool = False) -> None:
        if not path.name.startswith((".", "config.json.next")):
            act()
        unlink(path, missing_ok=missing_ok)

    def replaced(source: Path, target: Path) -> None:
        if Path(target).name == "config.json":
            act()
        replace(source, target)

    monkeypatch.setattr(Path, "unlink", removed)
    monkeypatch.setattr(os, "replace", replaced)


def test_scores_that_cannot_be_kept_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes of scoring are not lost to a damaged file, a read-only folder or a full disk."""
    run = unweave.train("vae", "digits", steps=2, batch_size=8, out=tmp_path, **SMALL)
    (run.path / "scores.json").write_text("{")
    with pytest.raises(NotKept, match=r"scores are not kept: .*scores.json is damaged") as caught:
        unweave.evaluate(run, "active_latents")
    assert caught.value.scores.keys() == {"active_latents"}
    (run.path / "scores.json").unlink()

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("unweave.runs.scores_file.write", refuse)
    words = [
        "evaluate",
        str(run.path),
        "--metrics",
        "active_latents",
        "--json",
        str(tmp_path / "scores"),
    ]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert re.search(r"^active_latents +[\d.]+", out, re.MULTILINE)
    line = f"unweave: the scores are not kept: could not write {run.path}/scores.json: Read-only file system"
    assert err.startswith(line)  # its end is the line of `refuse`, which is no code of unweave's
    assert err.count("\n") == 1
    assert (tmp_path / "scores").is_file()


def test_a_path_that_is_no_text_is_refused_before_training(
    pictures: np.ndarray, tmp_path: Path
) -> None:
    """The library of the weights takes paths as text, and would call the run damaged after it."""
    how = {"steps": 1, "batch_size": 8, **SMALL}
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))
    bad.mkdir()
    np.save(bad / "a.npy", pictures)
    for given in (
        {"data": pictures, "out": bad},
        {"data": bad / "a.npy"},
        {"data": "digits", "root": bad},
    ):
        with pytest.raises(ValueError, match=r"is b'.*bad\\xff.*', which is no UTF-8 text"):
            unweave.train("vae", **{"out": tmp_path / "runs", **how, **given})
    assert [path.name for path in bad.iterdir()] == ["a.npy"]
    run = unweave.train("vae", pictures, out=tmp_path / "runs", **how)
    shutil.copytree(run.path, bad / "run")
    with pytest.raises(ValueError, match=r"the path of the run folder is b'.*no UTF-8 text"):
        load_run(bad / "run")


def test_weights_that_may_not_be_read_are_not_called_damaged(
    pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = unweave.train("vae", pictures, steps=1, batch_size=8, out=tmp_path, **SMALL)
    weights = run.path / "weights.safetensors"
    opened = Path.open

    def refuse(path: Path, *how: Any, **more: Any) -> Any:
        if path == weights:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)  # the mode of a file does not bind root
    with pytest.raises(PermissionError):
        load_run(run.path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to RLIMIT_AS")
@pytest.mark.parametrize("room", [1, 2, 3])
def test_weights_that_no_memory_can_hold_raise_an_error(room: int) -> None:
    """The serialiser ends the process at an allocation that fails, with a traceback of its own."""
    program = f"""
import resource, torch
from unweave.runs.checkpoint import _sealed
weights = {{"a": torch.zeros(25_000_000)}}
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {room} * 95_000_000, -1))
try:
    _sealed(weights, "")
except MemoryError:
    print("caught")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "caught\n", "")


class OfDoubles(torch.nn.Linear):
    """An encoder with numbers of a type that safetensors has no name for."""

    def __init__(self) -> None:
        super().__init__(64, 4)
        self.register_buffer("phase", torch.zeros(1, dtype=torch.complex128))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.flatten(1))


def test_weights_that_no_file_can_hold_end_a_training_in_one_line(
    pictures: np.ndarray, tmp_path: Path
) -> None:
    settings = {name: value for name, value in SMALL.items() if "encoder" not in name}
    with pytest.raises(RunError, match=r"cannot be written as safetensors \(torch.complex128\)"):
        unweave.train(
            "vae", pictures, steps=1, batch_size=8, out=tmp_path, encoder=OfDoubles(), **settings
        )


@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
def test_a_text_that_no_path_can_be_is_named(
    text: str, pictures: np.ndarray, tmp_path: Path
) -> None:
    """From YAML or Python; a command line holds neither."""
    for given in ({"out": text}, {"root": text}):
        (name,) = given
        with pytest.raises(ValueError, match=rf"{name} is '.*(\\ud800|a\\x00b)', (which|in which)"):
            unweave.train("vae", pictures, **{"out": tmp_path, **given}, steps=1, **SMALL)
