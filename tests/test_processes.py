"""Estimators and runs in threads, after a fork, in pickles and in the processes of joblib."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_val_score

import unweave
from unweave import Disentangler
from unweave.data.images import ImageData
from unweave.runs.errors import RunError

SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder__width": 4,
    "decoder__width": 4,
    "latents": 2,
}
X = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
MODEL = Disentangler("vae", steps=5, batch_size=8, device="cpu", precision="float32", **SMALL)


@pytest.fixture(scope="module")
def fitted() -> Disentangler:
    return Disentangler(**MODEL.get_params()).fit(X)


def test_a_pickle_needs_no_run_folder(fitted: Disentangler, tmp_path: Path) -> None:
    """It is read in another process, in which the folder of the run is not there, and neither are the data."""
    assert not fitted.run_.path.exists()
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "x.npy", X)
    program = (
        "import pickle, numpy as np; m = pickle.load(open('model.pickle', 'rb'));"
        "np.save('z.npy', m.transform(np.load('x.npy')))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), fitted.transform(X))


def test_a_pickle_holds_the_weights_and_not_the_data() -> None:
    many = np.zeros((50_000, 5), np.float32) + np.arange(5)
    model = Disentangler(**MODEL.get_params()).fit(many)
    pickled = pickle.dumps(model)
    assert len(pickled) < many.nbytes / 10
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(
        again.inverse_transform(np.zeros((3, 2))), model.inverse_transform(np.zeros((3, 2)))
    )
    assert again.score(X) == model.score(X)
    with pytest.raises(RunError, match="give data="):
        _ = again.run_.data
    assert len(model.run_.data) == 50_000


def test_folds_in_two_processes_score_as_in_one() -> None:
    one, two = (
        cross_val_score(Disentangler(**MODEL.get_params()), X, cv=2, n_jobs=jobs) for jobs in (1, 2)
    )
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, two)


def _put_codes(model: Disentangler, queue: Any) -> None:
    queue.put(Disentangler(**MODEL.get_params()).fit(X).transform(X))
    queue.put(model.transform(X))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_fits_and_transforms(fitted: Disentangler) -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_put_codes, args=(fitted, queue))
    process.start()
    found = [queue.get(timeout=120) for _ in range(2)]
    process.join(10)
    assert process.exitcode == 0
    for codes in found:
        np.testing.assert_array_equal(codes, fitted.transform(X))


def test_threads_use_a_model_at_once(fitted: Disentangler) -> None:
    expected = fitted.transform(X), fitted.score(X), fitted.run_.sample(5, seed=3)
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(
                lambda: (fitted.transform(X), fitted.score(X), fitted.run_.sample(5, seed=3))
            )
            for _ in range(20)
        ]
    for job in jobs:
        assert all(
            np.array_equal(found, its) for found, its in zip(job.result(), expected, strict=True)
        )


def _weights(run: unweave.Run) -> list[torch.Tensor]:
    return list(run.method.state_dict().values())


def test_a_second_thread_that_trains_is_refused_and_one_that_samples_changes_nothing(
    tmp_path: Path,
) -> None:
    options: dict[str, Any] = {
        "steps": 40,
        "batch_size": 8,
        "log_every": 1,
        "device": "cpu",
        "precision": "float32",
    }
    small = {name.replace("__", "."): value for name, value in SMALL.items()}
    alone = unweave.train("vae", X, out=tmp_path / "alone", **options, **small)
    sampled = alone.sample(5, seed=1)
    started = threading.Event()
    others: list[np.ndarray] = []

    def begun(record: Any) -> None:
        started.set()
        if record.get("step") == 5:
            sampling.join(60)

    def sample() -> None:
        started.wait(60)
        with pytest.raises(RunError, match="another thread of this process is training"):
            unweave.train("vae", X, out=tmp_path / "second", **options, **small)
        others.extend(alone.sample(5, seed=1) for _ in range(20))

    sampling = threading.Thread(target=sample)
    sampling.start()
    torch.manual_seed(5)
    state = torch.get_rng_state()
    beside = unweave.train("vae", X, out=tmp_path / "beside", progress=begun, **options, **small)
    sampling.join(60)
    assert len(others) == 20
    assert torch.equal(torch.get_rng_state(), state)
    assert all(np.array_equal(found, sampled) for found in others)
    assert all(torch.equal(a, b) for a, b in zip(_weights(alone), _weights(beside), strict=True))
    assert not (tmp_path / "second").exists()
    unweave.train("vae", X, out=tmp_path / "second", **options, **small)  # afterwards it may


def test_a_training_inside_of_another_ones_progress_changes_nothing(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "steps": 4,
        "batch_size": 8,
        "log_every": 1,
        "device": "cpu",
        "precision": "float32",
    }
    small = {name.replace("__", "."): value for name, value in SMALL.items()}
    alone = unweave.train("vae", X, out=tmp_path / "alone", **options, **small)

    def nested(record: Any) -> None:
        if record.get("step") == 2:
            unweave.train("vae", X, out=tmp_path / "inner", **options, **small)

    around = unweave.train("vae", X, out=tmp_path / "around", progress=nested, **options, **small)
    assert all(torch.equal(a, b) for a, b in zip(_weights(alone), _weights(around), strict=True))


def _drawing(images: np.ndarray) -> np.ndarray:
    """An encoder that draws, and does not use what it has drawn."""
    torch.rand(3)
    return images.reshape(len(images), -1)[:, :3]


def test_the_callers_random_states_are_put_back(fitted: Disentangler, tmp_path: Path) -> None:
    factors = np.random.default_rng(1).integers(0, 3, (60, 2))
    images = np.random.default_rng(2).integers(0, 256, (60, 1, 4, 4), dtype=np.uint8)
    data = ImageData(images, labels=factors, factor_names=("a", "b"), factor_sizes=(3, 3))
    numpys = np.random.mtrand._rand
    before = numpys.get_state()[1].copy(), torch.get_rng_state()
    fitted.transform(X)
    fitted.score(X)
    fitted.run_.sample(3)
    Disentangler(**MODEL.get_params()).fit(X)
    small = {name.replace("__", "."): value for name, value in SMALL.items()}
    run = unweave.train("vae", data, steps=2, batch_size=8, out=tmp_path, **small)
    unweave.evaluate(run, "mig, factor_vae_score, sap")
    unweave.report.write([run], tmp_path / "report.html")
    unweave.evaluate(_drawing, "mig", data=data)
    assert np.array_equal(numpys.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])
