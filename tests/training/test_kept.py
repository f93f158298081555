"""Frozen networks stay as they are and out of the run; what no checkpoint keeps is found at the first one."""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import unweave.runs.monitor
from unweave.data.images import ImageData
from unweave.methods.base import Method, Player
from unweave.nets.average import Average
from unweave.nets.frozen import frozen
from unweave.runs.errors import RunError
from unweave.runs.run import Run, load_run
from unweave.runs.train import resume, train
from unweave.training.kept import Kept
from unweave.training.loop import Training
from unweave.types import Batch, Losses, Posterior

RULE = "what changes in training is a player's parameter or a registered buffer"


def perceptual(seed: int = 0) -> nn.Sequential:
    """A network as one takes it from elsewhere, frozen: with batch statistics and dropout."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 2)
    )
    return net.requires_grad_(False).eval()


class Seeing(Method):
    """Learns a line under a frozen network; two averages of the line follow it, one of them made by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.eye = nn.Linear(64, 64), perceptual()
        self.average, self.own = (
            Average(self.line, 0.5),
            copy.deepcopy(self.line).requires_grad_(False).eval(),
        )

    def players(self) -> dict[str, Player]:
        return {"model": Player(self.line, 0.1)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        seen = self.eye(self.line(batch.x.flatten(1)))
        yield Losses({"model": (seen - 1).square().mean()})
        self.average.follow(self.line)
        for mine, its in zip(self.own.parameters(), self.line.parameters(), strict=True):
            mine.data.mul_(0.5).add_(
                its.data, alpha=0.5
            )  # as it is often written: no version counts it

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.eye(self.average(x.flatten(1))))


@pytest.fixture
def data() -> ImageData:
    noise = np.random.default_rng(0).integers(256, size=(16, 1, 8, 8), dtype=np.uint8)
    return ImageData(noise, name="noise")


def fit(method: Any, data: ImageData, out: Path, **settings: Any) -> Run:
    return train(
        method,
        data,
        out=out,
        **({"steps": 4, "log_every": 2, "batch_size": 8, "device": "cpu"} | settings),
    )


# -- frozen networks


def test_a_frozen_network_stays_in_evaluation_mode_and_as_it_was(
    data: ImageData, tmp_path: Path
) -> None:
    training = Training(Seeing(), lambda step: Batch(torch.rand(8, 1, 8, 8)))
    before = copy.deepcopy(training.method.eye.state_dict())
    for _ in training.until(3):
        assert not any(module.training for module in training.method.eye.modules())
        assert training.method.line.training
    assert all(torch.equal(v, before[k]) for k, v in training.method.eye.state_dict().items())


def test_it_is_in_no_file_and_averages_are(data: ImageData, tmp_path: Path) -> None:
    run = fit(Seeing, data, tmp_path)
    for name, prefix in (("weights.safetensors", ""), ("state/checkpoint.safetensors", "weights/")):
        held = {
            key.removeprefix(prefix).split(".")[0]
            for key in load_file(run.path / name)
            if key.startswith(prefix)
        }
        assert {"line", "average", "own"} <= held
        assert "eye" not in held
    images = data.take(np.arange(4))
    np.testing.assert_array_equal(load_run(run.path).encode(images), run.encode(images))


def test_stopped_and_resumed_it_ends_as_it_would_have(
    data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(record: dict[str, Any]) -> None:
        if record.get("step") == 2:
            raise Stopped

    monkeypatch.setattr(unweave.runs.monitor, "CHECKPOINT_SECONDS", 0.0)
    whole = fit(Seeing, data, tmp_path / "whole")
    with pytest.raises(Stopped):
        fit(Seeing, data, tmp_path / "cut", progress=stop)
    cut = resume(next((tmp_path / "cut").iterdir()), data=data)
    ours, theirs = whole.method.state_dict(), cut.method.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(v, theirs[k]) for k, v in ours.items())


SMALL: dict[str, Any] = {
    "decoder": "mlp",
    "decoder.width": 8,
    "latents": 1,
    "posterior": "gaussian",
}


def test_one_that_was_handed_in_has_to_be_handed_in_again(data: ImageData, tmp_path: Path) -> None:
    run = fit("vae", data, tmp_path, encoder=perceptual(), **SMALL)
    assert not [
        key for key in load_file(run.path / "weights.safetensors") if key.startswith("encoder")
    ]
    images = data.take(np.arange(4))
    np.testing.assert_array_equal(
        load_run(run.path, encoder=perceptual()).encode(images), run.encode(images)
    )
    with pytest.raises(
        RunError, match=r"was trained with another 'encoder', a frozen network"
    ) as caught:
        load_run(run.path, encoder=perceptual(seed=1))
    assert "\n" not in str(caught.value)
    (run.path / "done").unlink()
    with pytest.raises(RunError, match=r"was trained with another 'encoder'"):
        resume(run.path, data=data, encoder=perceptual(seed=1))


def test_what_is_frozen() -> None:
    """Parameters, none of which learns, and evaluation mode throughout."""
    net = nn.ModuleDict(
        {
            "frozen": perceptual(),
            "awake": perceptual().train(),
            "learning": perceptual().requires_grad_(True),
            "partly": nn.Sequential(perceptual(), nn.Linear(2, 2)),
            "bare": nn.Dropout().eval(),
            "average": Average(nn.Linear(2, 2), 0.9),
        }
    )
    assert list(frozen(net)) == ["frozen", "partly.0"]
    assert list(frozen(net.eval())) == ["frozen", "awake", "partly.0"]


# -- what a checkpoint cannot keep


@dataclass
class Tally:
    """Data of a method's own."""

    steps: int = 0


class Plain:
    """An object with an attribute, and one that is private."""

    def __init__(self) -> None:
        self.steps = 0
        self._cache = 0


class Toy(Method):
    """A line; `change` is done to the method in every step, after its move."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(64, 2)
        self.count, self.mean, self.word, self.table = 0, torch.zeros(2), "a", np.zeros(2)
        self.seen: list[Any] = []
        self.cache: Any = None
        self._private = 0
        self.register_buffer("buffer", torch.zeros(2))
        self.registered = [self.line.weight, self.buffer]
        self.learned = [nn.Linear(2, 2)]
        self.queue: deque[int] = deque(maxlen=3)
        self.tally, self.object = Tally(), Plain()
        self.torch_noise, self.numpy_noise = torch.Generator(), np.random.default_rng(0)
        self.python_noise, self.legacy_noise = random.Random(0), np.random.RandomState(0)

    def players(self) -> dict[str, Player]:
        return {"model": Player(self.line, 0.1)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.line(batch.x.flatten(1)).square().mean()})
        self.change(step)

    def change(self, step: int) -> None:
        """Nothing."""

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.line(x.flatten(1)))


class Counts(Toy):
    def change(self, step: int) -> None:
        self.count += 1


class Follows(Toy):
    def change(self, step: int) -> None:
        self.mean = 0.9 * self.mean + 0.1


class FollowsInPlace(Toy):
    def change(self, step: int) -> None:
        self.mean.mul_(0.9).add_(0.1)


class Says(Toy):
    def change(self, step: int) -> None:
        self.word = "b"


class Tabulates(Toy):
    def change(self, step: int) -> None:
        self.table[0] = step + 1


class Collects(Toy):
    def change(self, step: int) -> None:
        self.seen.append(float(step))


class Queues(Toy):
    def change(self, step: int) -> None:
        self.queue.append(step)


class CountsInData(Toy):
    def change(self, step: int) -> None:
        self.tally.steps += 1


class CountsInAnObject(Toy):
    def change(self, step: int) -> None:
        self.object.steps += 1


class DrawsFromTorch(Toy):
    def change(self, step: int) -> None:
        torch.rand(1, generator=self.torch_noise)


class DrawsFromNumpy(Toy):
    def change(self, step: int) -> None:
        self.numpy_noise.random()


class DrawsFromLegacy(Toy):
    def change(self, step: int) -> None:
        self.legacy_noise.rand()


class DrawsFromPython(Toy):
    def change(self, step: int) -> None:
        self.python_noise.random()


class CountsInAPart(Toy):
    def __init__(self) -> None:
        super().__init__()
        self.part = Toy()

    def players(self) -> dict[str, Player]:
        return {"model": Player(self.line, 0.1), "part": Player(self.part.line, 0.1)}

    def change(self, step: int) -> None:
        self.part.count += 1


class MakesAnew(Toy):
    def change(self, step: int) -> None:
        self.line.weight = nn.Parameter(torch.zeros(2, 64))


class Restarts(Toy):
    def change(self, step: int) -> None:
        self.line = nn.Linear(64, 2)


class Grows(Toy):
    def change(self, step: int) -> None:
        self.other = nn.Linear(2, 2)


LOST = {
    Counts: "attribute 'count'",
    Follows: "attribute 'mean'",
    FollowsInPlace: "attribute 'mean'",
    Says: "attribute 'word'",
    Tabulates: "attribute 'table'",
    Collects: "attribute 'seen'",
    Queues: "attribute 'queue'",
    CountsInData: "attribute 'tally'",
    CountsInAnObject: "attribute 'object'",
    DrawsFromTorch: "attribute 'torch_noise'",
    DrawsFromNumpy: "attribute 'numpy_noise'",
    DrawsFromPython: "attribute 'python_noise'",
    DrawsFromLegacy: "attribute 'legacy_noise'",
    CountsInAPart: "attribute 'part.count'",
    MakesAnew: "parameter 'line.weight'",
    Restarts: "parameter 'line.weight'",
    Grows: "parameter 'other.weight'",
}


@pytest.mark.parametrize("method", LOST, ids=lambda m: m.__name__)
def test_what_would_be_lost_on_resume_is_found_at_the_first_checkpoint(
    method: type[Toy], data: ImageData, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"step 1: the {LOST[method]}") as caught:
        fit(method, data, tmp_path)
    assert RULE in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ("draw from torch" in str(caught.value)) == method.__name__.startswith("Draws")
    assert not list(tmp_path.glob("*/weights.safetensors"))


class MakesAnewLate(Toy):
    def change(self, step: int) -> None:
        if step == 2:
            self.line.weight = nn.Parameter(torch.zeros(2, 64))


def test_a_change_after_the_first_checkpoint_is_found_at_the_end(
    data: ImageData, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"step 3: the parameter 'line.weight' was made anew"):
        train(MakesAnewLate, data, steps=3, batch_size=4, out=tmp_path)


class Counting(torch.optim.SGD):
    """An optimiser that counts in an attribute of its own."""

    def __init__(self, weights: Any, lr: float) -> None:
        super().__init__(weights, lr=lr)
        self.steps_taken = 0
        self._cache = 0

    def step(self, closure: Any = None) -> None:
        super().step()
        self.steps_taken += 1
        self._cache += 1


class WithCountingOptimiser(Toy):
    def players(self) -> dict[str, Player]:
        return {"model": Player(self.line, 0.1, Counting)}


def test_an_optimiser_that_counts_outside_its_state_is_refused(
    data: ImageData, tmp_path: Path
) -> None:
    with pytest.raises(
        ValueError, match=r"attribute 'optimiser of model.steps_taken' changed"
    ) as caught:
        fit(WithCountingOptimiser, data, tmp_path)
    assert "in its state or in param_groups" in str(caught.value)


class Caches(Toy):
    """All that may change: buffers, by assignment too; what is private, made once, or has a history of its step."""

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        self.trace = self.line(batch.x.flatten(1))
        yield Losses({"model": self.trace.square().mean()})
        self.buffer = self.buffer + 1
        self.registered = [self.line.weight, self.buffer]
        self._private += 1
        self.object._cache += 1
        self.cache = torch.ones(3)
        self.mean = torch.zeros(2)
        self.word = "".join(["a"])
        self.count = 0

    def encode(self, x: Tensor) -> Posterior:
        self.trace = self.line(x.flatten(1))
        return Posterior(self.trace)


class OldNorms(Toy):
    """torch's norms of before parametrizations leave the weight that they compute as a plain attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.utils.spectral_norm(self.line)


class LearnsItsShape(Toy):
    """A layer that knows its inputs after the first step."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.LazyLinear(2)


@pytest.mark.parametrize("method", [Caches, OldNorms, LearnsItsShape], ids=lambda m: m.__name__)
def test_what_is_computed_anew_is_no_mistake(
    method: type[Toy], data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unweave.runs.monitor, "CHECKPOINT_SECONDS", 0.0)
    assert fit(method, data, tmp_path, log_every=1).folder.done


def test_what_was_made_once_may_not_change_again() -> None:
    method = Toy()
    kept = Kept(method)
    method.cache = 3
    kept.check(1)
    kept.check(2)
    method.cache = 4
    with pytest.raises(ValueError, match="step 3: the attribute 'cache' changed"):
        kept.check(3)


def test_a_player_may_not_own_what_the_method_does_not_hold() -> None:
    class Astray(Toy):
        def players(self) -> dict[str, Player]:
            return {"model": Player((self.line, self.learned[0]))}

    with pytest.raises(
        ValueError, match=r"player 'model' owns a parameter that is not in the method"
    ):
        Training(Astray(), lambda step: Batch(torch.zeros(1)))
