"""Random numbers come from the generators of the device that draws, and the caller's are put back.

There need be no accelerator: two generators of the CPU stand for those of cuda:0 and cuda:1.
"""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
import torch

import unweave
from unweave import Disentangler
from unweave.data.images import ImageData
from unweave.demos import twin_model
from unweave.methods.resolve import resolve
from unweave.methods.spec import Spec
from unweave.reproduction.measures import aggregate, pair_mask
from unweave.runs.run import Run
from unweave.runs.train import resume
from unweave.seeds.generators import (
    all_left_alone,
    drawing,
    generators,
    left_alone,
    reseed,
    seeded,
)
from unweave.training.loop import NotFinite

SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder__width": 4,
    "decoder__width": 4,
    "latents": 2,
}
SHORT: dict[str, Any] = {
    "steps": 2,
    "batch_size": 8,
    "log_every": 1,
    "device": "cpu",
    "precision": "float32",
}
IMAGES = np.random.default_rng(0).integers(256, size=(24, 1, 8, 8), dtype=np.uint8)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> tuple[torch.Generator, torch.Generator]:
    """The generators of two devices that are not there; cuda:0 is the current one."""
    made = torch.Generator().manual_seed(10), torch.Generator().manual_seed(11)
    monkeypatch.setattr(torch.cuda, "default_generators", made)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    return made


@pytest.fixture
def away(cuda: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A run that says its weights are on cuda:1, and draws there."""
    run = unweave.train("vae", IMAGES, out=tmp_path, **SHORT, **SMALL)
    monkeypatch.setattr(Run, "device", property(lambda _: torch.device("cuda:1")))
    monkeypatch.setattr(torch.Tensor, "to", lambda x, *_, **__: x)
    monkeypatch.setattr(
        torch, "randn", lambda *shape, **_: torch.empty(shape).normal_(generator=cuda[1])
    )
    monkeypatch.setattr(
        torch, "randn_like", lambda x: torch.empty(x.shape).normal_(generator=cuda[1])
    )
    return run


def test_each_device_has_its_own(cuda: Any) -> None:
    assert generators("cuda") == [torch.default_generator, cuda[0]]
    assert generators(torch.device("cuda:1")) == [torch.default_generator, cuda[1]]
    assert generators("cpu") == generators("meta") == [torch.default_generator]


def test_mps_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = torch.Generator()
    monkeypatch.setattr(torch.mps, "_get_default_mps_generator", lambda: own)
    assert generators("mps") == [torch.default_generator, own]


def test_a_seed_reaches_the_device_that_was_named_and_no_other(cuda: Any) -> None:
    before = cuda[0].get_state()
    reseed(3, "cuda:1")
    assert (cuda[1].initial_seed(), torch.default_generator.initial_seed()) == (3, 3)
    assert torch.equal(cuda[0].get_state(), before)


def test_what_was_drawn_is_not_seen_outside_also_after_an_error(cuda: Any) -> None:
    before = [g.get_state() for g in generators("cuda:1")]

    def draw() -> None:
        with left_alone("cuda:1"), seeded(3, "cuda:1"):
            torch.rand(5)
            torch.rand(5, generator=cuda[1])
            raise KeyError

    with pytest.raises(KeyError):
        draw()
    assert all(
        torch.equal(g.get_state(), state)
        for g, state in zip(generators("cuda:1"), before, strict=True)
    )


def test_the_seed_of_a_run_is_that_of_its_device(away: Run, cuda: Any) -> None:
    """On CUDA the seed did nothing, and the caller's state moved."""
    before = cuda[1].get_state()
    np.testing.assert_array_equal(away.sample_codes(5, seed=1), away.sample_codes(5, seed=1))
    np.testing.assert_array_equal(away.sample(5, seed=1), away.sample(5, seed=1))
    np.testing.assert_array_equal(away.elbo(IMAGES, seed=1), away.elbo(IMAGES, seed=1))
    assert (away.elbo(IMAGES, seed=1) != away.elbo(IMAGES, seed=2)).any()
    assert aggregate.reconstruction(away) == aggregate.reconstruction(away)
    assert torch.equal(cuda[1].get_state(), before)


def test_so_is_that_of_a_mask(cuda: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = {
        "data_options": {
            "size": 16,
            "shift": "only:orientation=0;only:position_x=0-3;only:position_y=0-3",
        }
    }
    run = unweave.train(
        "vae", "dsprites", out=tmp_path, **SHORT, **SMALL, pooling="random", **chosen
    )
    monkeypatch.setattr(Run, "device", property(lambda _: torch.device("cuda:1")))
    monkeypatch.setattr(torch.Tensor, "to", lambda x, *_, **__: x)
    randint = torch.randint
    monkeypatch.setattr(torch, "randint", lambda *size, device: randint(*size, generator=cuda[1]))
    before = cuda[1].get_state()
    assert np.array_equal(pair_mask._masks(run)[0], pair_mask._masks(run)[0])
    assert torch.equal(cuda[1].get_state(), before)


def test_weights_are_drawn_from_the_seed_on_the_callers_default_device(
    cuda: Any, monkeypatch: Any
) -> None:
    info = unweave.data.load(IMAGES).info
    choice = resolve("vae", SMALL, info)
    seeds: list[list[int]] = []
    build = Spec.build
    monkeypatch.setattr(torch, "get_default_device", lambda: torch.device("cuda:1"))
    monkeypatch.setattr(
        Spec,
        "build",
        lambda *a: seeds.append([g.initial_seed() for g in generators("cuda:1")]) or build(*a),
    )
    before = cuda[1].get_state()
    choice.make(info)
    assert seeds[0][0] == seeds[0][1]
    assert torch.equal(cuda[1].get_state(), before)


def test_no_file_but_one_forks_or_seeds_torch() -> None:
    source = Path(unweave.__file__).parent
    words = ("fork_rng", "default_generator", "torch.manual_seed", "cuda.manual_seed")
    found = {
        file.name
        for file in source.rglob("*.py")
        if any(word in file.read_text() for word in words)
    }
    assert found == {"generators.py"}


# -- what training leaves behind


def drawn_after(use: Any) -> torch.Tensor:
    torch.manual_seed(5)
    use()
    return torch.rand(3)


def test_training_leaves_the_callers_random_state_alone(tmp_path: Path) -> None:
    """The caller's torch.rand after each fit was the same number."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    path = tmp_path / "images.npy"
    np.save(path, IMAGES)
    run = unweave.train("vae", path, out=tmp_path, **SHORT, **SMALL)
    (run.path / "done").unlink()
    again = SHORT | {"steps": 3}
    uses = (
        lambda: unweave.train("vae", path, out=tmp_path, holdout=0.2, **again, **SMALL),
        lambda: resume(run.path),
        lambda: Disentangler("vae", steps=2, batch_size=8, **SMALL).fit(IMAGES[:, 0]),
    )
    for use in uses:
        assert torch.equal(drawn_after(use), expected)


def test_so_does_training_that_breaks_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> None:
        with pytest.raises(NotFinite):
            unweave.train("vae", IMAGES, out=tmp_path, **SHORT, **SMALL)

    likelihood = "unweave.nets.likelihood.Bernoulli.forward"
    monkeypatch.setattr(
        likelihood, lambda self, output, x: torch.full((len(x),), float("nan")) * output.sum()
    )
    torch.manual_seed(5)
    expected = torch.rand(3)
    assert torch.equal(drawn_after(breaks), expected)


def test_the_twin_is_measured_on_its_device(
    away: Run, cuda: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin_model, "scores", lambda views: {})
    before = cuda[1].get_state()
    first, again = (
        twin_model.side(twin_model.CentredViews(away), IMAGES[:3], "model") for _ in range(2)
    )
    np.testing.assert_array_equal(first.log_p, again.log_p)
    assert torch.equal(cuda[1].get_state(), before)


def in_a_thread(context: Any) -> tuple[Thread, Event]:
    """A thread that is inside of a context until the event is set."""
    inside = Event()
    leave = Event()

    def other() -> None:
        with context:
            inside.set()
            leave.wait(60)

    thread = Thread(target=other)
    thread.start()
    inside.wait(60)
    return thread, leave


def test_a_step_of_training_waits_for_code_that_may_draw_on_any_device() -> None:
    thread, leave = in_a_thread(all_left_alone())
    assert not drawing.acquire(blocking=False)
    leave.set()
    thread.join(60)
    assert drawing.acquire(blocking=False)
    drawing.release()


def test_the_state_is_put_back_between_the_draws_of_other_threads() -> None:
    thread, leave = in_a_thread(left_alone("cpu"))
    with seeded(3, "cpu"):
        leave.set()
        thread.join(0.2)
        assert thread.is_alive()
        drawn = torch.rand(2)
    thread.join(60)
    with seeded(3, "cpu"):
        assert torch.equal(drawn, torch.rand(2))


def test_training_beside_the_evaluation_of_an_encoder_is_as_alone() -> None:
    def codes() -> np.ndarray:
        return Disentangler("vae", steps=20, **SMALL).fit(IMAGES).transform(IMAGES)

    data = ImageData(IMAGES)
    stop = Event()
    scored = []

    def other() -> None:
        while not stop.is_set():
            scored.append(unweave.evaluate(lambda x: x[:, 0, 0] / 255, "active_latents", data=data))

    alone = codes()
    thread = Thread(target=other)
    thread.start()
    beside = codes()
    stop.set()
    thread.join(60)
    assert scored
    np.testing.assert_array_equal(beside, alone)


# -- streams by name


def test_no_stream_is_a_number_beside_the_seed() -> None:
    """Numbers are shared by two things that do not mean to: what is drawn is named, by `fold`."""
    root = Path(unweave.__file__).parent
    numbered = [
        f"{path.relative_to(root)}: {call}"
        for path in sorted(root.rglob("*.py"))
        for call in re.findall(
            r"\w*(?:default_rng|RandomState|SeedSequence)\([\[(].*", path.read_text()
        )
    ]
    assert numbered == []
