"""A run knows the contents of its data: others of the same number and shape are not taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.configs import SMALL

import unweave
from unweave.cli import main
from unweave.data import fingerprint
from unweave.runs.errors import OtherData
from unweave.runs.train import resume


@pytest.fixture
def run(tmp_path: Path) -> unweave.Run:
    """A run of a file of images, which have been swapped since."""
    rng = np.random.default_rng(0)
    file = tmp_path / "images.npz"
    images = rng.integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    factors = np.stack([np.arange(40) % 4, np.arange(40) // 10], 1)
    np.savez(file, images=images, factors=factors)
    trained = unweave.train("vae", file, steps=2, batch_size=8, out=tmp_path / "runs", **SMALL)
    np.savez(file, images=images[::-1], factors=factors)
    return trained


def test_other_contents_are_refused_in_one_line(
    run: unweave.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (run.path / "done").unlink()
    with pytest.raises(
        OtherData,
        match=r"the data have changed: the contents of .* are not those that this run was trained on; a run goes on",
    ):
        resume(run.path)
    with pytest.raises(
        OtherData, match=r"--other-data \(other_data=True of load_run\) takes them all the same"
    ):
        unweave.evaluate(unweave.load_run(run.path), "mig")
    with pytest.raises(OtherData):
        unweave.report.write(run.path, run.path.parent / "page.html")
    assert main(["evaluate", str(run.path), "--metrics", "mig"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (run.path.parent / "page.html").exists()


def test_what_was_allowed_is_said_in_the_scores_and_on_the_page(run: unweave.Run) -> None:
    page = run.path.parent / "page.html"
    assert main(["evaluate", str(run.path), "--metrics", "mig", "--other-data"]) == 0
    assert main(["report", str(run.path), "-o", str(page), "--other-data"]) == 0
    assert (
        "other contents than those that the run was trained on" in run.folder.scores()["mig"].reason
    )
    assert "other than those that it was trained on" in page.read_text()


def test_the_same_contents_are_the_same_data_wherever_they_lie(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "a.npy", images)
    run = unweave.train(
        "vae", tmp_path / "a.npy", steps=2, batch_size=8, out=tmp_path / "runs", **SMALL
    )
    assert not run.data_differ
    again = unweave.load_run(run.path)
    assert not again.data_differ
    assert resume(run.path, data=images).path == run.path
    with pytest.raises(OtherData):
        resume(run.path, data=255 - images)


def test_of_large_data_every_row_is_compared_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two rows are exchanged that no sample holds: seen with --whole-fingerprint alone."""
    monkeypatch.setattr(fingerprint, "WHOLE", 100)  # bytes
    file = tmp_path / "images.npy"
    images = np.random.default_rng(0).integers(0, 256, (1000, 1, 8, 8), dtype=np.uint8)
    np.save(file, images)
    small = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    how = ["train", "vae", f"--data={file}", "--steps=2", "--batch-size=8", *small]
    assert main([*how, f"--out={tmp_path / 'sampled'}"]) == 0
    assert main([*how, f"--out={tmp_path / 'whole'}", "--whole-fingerprint"]) == 0
    (sampled,) = (tmp_path / "sampled").iterdir()
    (whole,) = (tmp_path / "whole").iterdir()
    assert not unweave.load_run(whole).data_differ
    images[[1, 2]] = images[[2, 1]]
    np.save(file, images)
    assert not unweave.load_run(sampled).data_differ
    capsys.readouterr()
    assert main(["train", f"--resume={whole}"]) == 2
    assert "the data have changed" in capsys.readouterr().err
