"""A checkpoint keeps the whole state of every optimiser: slots of any type, what its groups hold, without pickle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save
from tests.configs import config
from tests.contract.proofs import differences
from torch import nn

from unweave.methods.base import Method, Player
from unweave.runs import checkpoint
from unweave.runs.errors import RunError
from unweave.runs.folder import Folder
from unweave.training.checksum import checksum
from unweave.training.loop import Training
from unweave.types import Batch, Losses

STEPS, CUT = 6, 3
Make = Callable[..., torch.optim.Optimizer]


class Codes(Method):
    """A code for each row of a table, and a convolution; nothing but the optimiser is of interest."""

    def __init__(self, optimiser: Make, sparse: bool, **keywords: float) -> None:
        super().__init__()
        self.codes, self.conv = nn.Embedding(5, 3, sparse=sparse), nn.Conv2d(3, 3, 1)
        self.conv.weight.data = self.conv.weight.data.contiguous(memory_format=torch.channels_last)
        self.optimiser, self.sparse, self.keywords = optimiser, sparse, keywords

    def players(self) -> dict[str, Player]:
        owned = self.codes if self.sparse else (self.codes, self.conv)
        rest = {"rest": Player(self.conv, 0.1)} if self.sparse else {}
        return {"codes": Player(owned, 0.1, self.optimiser, **self.keywords)} | rest

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        rows = torch.tensor([step % 5, 0, 2])
        loss = (
            self.conv(self.codes(rows)[:, :, None, None] + torch.randn(3, 3, 1, 1)).square().mean()
        )
        yield Losses({name: loss for name in self.players()})


def start(optimiser: Make, sparse: bool = False, weights: int = 0, **keywords: float) -> Training:
    torch.manual_seed(weights)
    return Training(Codes(optimiser, sparse, **keywords), lambda step: Batch(torch.zeros(1)))


def assert_resumes(folder: Path, *arguments: Any, **keywords: Any) -> None:
    """Stopped at CUT and taken up by another process's optimiser, it ends bit for bit as it would have."""
    made, unbroken = Folder.create(folder / "run", config()), start(*arguments, **keywords)
    resumed = start(*arguments, weights=1, **keywords)
    list(unbroken.until(CUT))
    made.checkpoint(unbroken, seconds=0.0)
    list(unbroken.until(STEPS))
    made.restore(resumed)
    list(resumed.until(STEPS))
    assert_same(unbroken, resumed)


def assert_same(a: Training, b: Training) -> None:
    """Bit for bit the same weights, and optimisers whose states are of the same types and values."""
    assert not differences(dict(a.method.state_dict()), dict(b.method.state_dict()))
    for name, optimiser in a.optimisers.items():
        assert same(optimiser.state_dict(), b.optimisers[name].state_dict()), name


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a.to_dense(), b.to_dense())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(
            same(v, b[k]) for k, v in a.items() if k not in ("lr", "scale")
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


TORCH: dict[str, Make] = {
    "Adadelta": torch.optim.Adadelta,
    "Adafactor": torch.optim.Adafactor,
    "Adagrad": torch.optim.Adagrad,
    "Adam": partial(torch.optim.Adam, amsgrad=True),
    "AdamW": torch.optim.AdamW,
    "Adamax": torch.optim.Adamax,
    "ASGD": torch.optim.ASGD,
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "RMSprop": partial(torch.optim.RMSprop, centered=True, momentum=0.5),
    "Rprop": torch.optim.Rprop,
    "SGD": partial(torch.optim.SGD, momentum=0.9, dampening=0.1),
}


@pytest.mark.parametrize("name", TORCH)
def test_every_optimiser_of_torch_resumes(name: str, tmp_path: Path) -> None:
    assert_resumes(tmp_path, TORCH[name])


SPARSE: dict[str, Make] = {
    "SparseAdam": torch.optim.SparseAdam,
    "Adagrad": torch.optim.Adagrad,
    "SGD": torch.optim.SGD,
    "SGD with momentum": partial(torch.optim.SGD, momentum=0.9),
}


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize(
    "keywords", [{}, {"clip": 0.01}, {"skip": 100.0}], ids=["free", "clip", "skip"]
)
def test_sparse_gradients_train_and_resume(
    name: str, keywords: dict[str, float], tmp_path: Path
) -> None:
    assert_resumes(tmp_path, SPARSE[name], sparse=True, **keywords)


def test_sparse_gradients_are_clipped_to_the_norm() -> None:
    training = start(partial(torch.optim.SGD), sparse=True, clip=0.01)
    before = training.method.codes.weight.detach().clone()
    training.advance()
    assert (training.method.codes.weight.detach() - before).norm().item() == pytest.approx(
        0.1 * 0.01, rel=1e-4
    )


class Counting(torch.optim.Optimizer):
    """Falls more slowly with every step, by a counter in its group; keeps things of every kind beside it."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(
            params, {"lr": lr, "taken": 0, "betas": (0.5, 0.25), "scale": lambda taken: 1 / taken}
        )

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            group["taken"] += 1
            group["betas"] = (group["betas"][1], group["betas"][0])
            for weight in group["params"]:
                self._move(group, weight)

    def _move(self, group: dict[str, Any], weight: torch.Tensor) -> None:
        slots = self.state[weight]
        turns = slots.get("turns", 0) + 1
        slots |= {
            "turns": turns,
            "warm": turns > 2,
            "kind": "slow" if turns < 5 else "fast",
            "nothing": None,
        }
        slots["last"] = [*slots.get("last", []), weight.grad.clone()][-2:]
        slots["count"] = slots.get("count", torch.zeros(weight.shape, dtype=torch.int64)) + 2**40
        slots["exact"] = slots.get("exact", weight.grad.double()) / 3
        pull = sum(slots["last"]) + slots["exact"].float() + (slots["count"] % 7).float()
        weight.sub_(group["lr"] * group["betas"][0] * group["scale"](group["taken"]) * pull)


def test_an_optimiser_of_ones_own_resumes_with_all_that_it_counts(tmp_path: Path) -> None:
    assert_resumes(tmp_path, Counting)


class Grouped(torch.optim.SGD):
    """Two groups, the second one's weights first in the method."""

    def __init__(self, params: Any, lr: float) -> None:
        first, *rest = list(params)
        super().__init__(
            [{"params": rest, "momentum": 0.9}, {"params": [first], "momentum": 0.5}], lr=lr
        )


def test_groups_keep_their_own(tmp_path: Path) -> None:
    assert_resumes(tmp_path, Grouped)


def test_a_slot_that_cannot_be_kept_is_named_in_one_line(tmp_path: Path) -> None:
    class Odd(Counting):
        def _move(self, group: dict[str, Any], weight: torch.Tensor) -> None:
            self.state[weight]["history"] = [{1, 2}]

    training = start(Odd)
    training.advance()
    with pytest.raises(
        RunError, match=r"the optimiser of player 'codes' keeps 0/history/0, a set"
    ) as caught:
        Folder.create(tmp_path / "run", config()).checkpoint(training, seconds=0.0)
    assert "\n" not in str(caught.value)


class WithMore(torch.optim.SGD):
    """An optimiser whose state has more than slots and groups."""

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"counter": 3}


def test_state_beside_slots_and_groups_is_refused(tmp_path: Path) -> None:
    training = Training(Codes(WithMore, sparse=False), lambda step: Batch(torch.zeros(1)), seed=0)
    training.advance()
    with pytest.raises(RunError, match="keeps counter, beside state and param_groups"):
        Folder.create(tmp_path / "run", config()).checkpoint(training, seconds=0.0)


def test_other_groups_than_those_that_were_kept_are_refused(tmp_path: Path) -> None:
    made, before = Folder.create(tmp_path / "run", config()), start(Grouped)
    before.advance()
    made.checkpoint(before, seconds=0.0)
    with pytest.raises(
        RunError, match=r"checkpoint.safetensors does not fit the optimiser of player 'codes'"
    ):
        made.restore(start(torch.optim.SGD))


def test_a_checkpoint_of_before_groups_were_kept_still_resumes(tmp_path: Path) -> None:
    """Tensors of the slots alone, under PLAYER/PLACE/SLOT, and no word of the rest."""
    made, unbroken, resumed = (
        Folder.create(tmp_path / "run", config()),
        start(TORCH["Adam"]),
        start(TORCH["Adam"], weights=1),
    )
    list(unbroken.until(CUT))
    made.checkpoint(unbroken, seconds=0.0)
    path = made.path / "state" / "checkpoint.safetensors"
    with safe_open(path, framework="pt") as file:
        kept = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (not a dict)
        told = json.loads(json.loads(file.metadata()[checkpoint.SEAL])["state"])
    old = {k: v for k, v in kept.items() if k.startswith("weights/")}
    for i, slots in unbroken.optimisers["codes"].state_dict()["state"].items():
        old |= {f"optimiser/codes/{i}/{slot}": value.contiguous() for slot, value in slots.items()}
    old_told = {k: told[k] for k in ("step", "seconds", "skipped", "skips in a row")}
    state = json.dumps(old_told)
    path.write_bytes(save(old, {"state": state, "crc32": checksum(old, state)}))
    made.restore(resumed)
    for run in (unbroken, resumed):
        list(run.until(STEPS))
    assert_same(unbroken, resumed)
