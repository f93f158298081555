"""Every method of the registry, on tiny images: a new line in `methods.METHODS` is tested here by itself.

Owners and gradients are audited, a step is that of backward() and plain Adam, every parameter of every player that
played moves, a resumed run is bit-identical, the seed decides, bfloat16 trains, and encode, decode, sample_prior, blocks
and elbo agree.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.configs import config
from tests.contract.plain import loop_step, moves_apart, plain_step
from tests.contract.proofs import Audited, attempt, check_code, differences, state

from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.sampling.batches import stream
from unweave.data.view import View
from unweave.methods import METHODS, PARTS, kind_of
from unweave.methods.base import NEEDS
from unweave.methods.resolve import resolve
from unweave.methods.spec import Spec
from unweave.runs.folder import Folder
from unweave.training.layout import channels_last

SIDE, STEPS, BATCH = 16, 3, 24
SMALL = {"width": 16, "depth": 2}
each_method = pytest.mark.parametrize("name", METHODS)


def images() -> View:
    """All 96 images of three factors, of noise; the values of the first are their classes too."""
    factors = FactorSpace(("shape", "size", "angle"), (4, 4, 6))
    noise = np.random.default_rng(0).integers(
        256, size=(len(factors), 1, SIDE, SIDE), dtype=np.uint8
    )
    return with_classes(FactorImages(factors, noise, name="tiny"), "shape")


DATA = images()


def choice(name: str) -> Spec:
    """The method with its own defaults, but fully connected and narrow wherever it lets us choose."""
    parts = {
        path: "mlp"
        for path in resolve(name, {}, DATA.info).part_names()
        if "mlp" in PARTS[str(kind_of(path.rpartition(".")[2]))]
    }
    settings = resolve(name, parts, DATA.info).flat()
    small = {key: SMALL[word] for key in settings if (word := key.rpartition(".")[2]) in SMALL}
    return resolve(name, parts | small, DATA.info)


def start(
    name: str, *, weights: int = 0, seed: int = 0, dtype: torch.dtype = torch.float32
) -> Audited:
    """The method in the loop; `weights` seeds its start, `seed` its batches and noise."""
    method = channels_last(choice(name).make(DATA.info, seed=weights))
    batches = stream(DATA, method.needs, batch_size=BATCH, seed=seed, labels=48)
    return Audited(method, batches, seed=seed, dtype=dtype)


@each_method
def test_a_method_keeps_the_contract(name: str, tmp_path: Path) -> None:
    training, folder = start(name), Folder.create(tmp_path / "run", config())
    assert training.method.needs - {"labels"} <= set(NEEDS)
    for terms in training.until(STEPS):
        assert all(value.isfinite() for value in terms.values()), terms
        if training.step == 1:
            folder.checkpoint(training, seconds=0.0)
    assert not [term for term in training.history[-1] if not training.units[term]], (
        "a term of ours without a unit"
    )
    players = {player for turn in training.turns for player in turn}
    training.kept.check(STEPS)
    still = training.owned(players) - training.moved
    assert not still, f"players {sorted(players)} never moved {sorted(still)}"
    assert_resumed(folder, start(name, weights=1), training)
    assert differences(start(name, seed=1).advance(), training.history[0]), (
        "the seed decides nothing"
    )
    x = torch.from_numpy(DATA.take(np.arange(5))).float() / 255
    check_code(training.method, x)
    if (bound := attempt(lambda: training.method.elbo(x))) is not None:
        assert bound.shape == (5,)
        assert bound.isfinite().all()


def assert_resumed(folder: Folder, resumed: Audited, unbroken: Audited) -> None:
    """From the folder, over other weights and another random state, it ends as the unbroken run did."""
    torch.manual_seed(99)
    folder.restore(resumed)
    list(resumed.until(STEPS))
    assert not differences(state(unbroken), state(resumed))
    assert not differences(resumed.history[-1], unbroken.history[-1])


@each_method
def test_the_same_seed_gives_the_same_run(name: str) -> None:
    a, b = start(name), start(name)
    torch.manual_seed(5)
    assert [differences(p, q) for p, q in zip(a.until(2), b.until(2), strict=True)] == [[], []]


@each_method
def test_a_method_trains_in_bfloat16(name: str) -> None:
    training = start(name, dtype=torch.bfloat16)
    for terms in training.until(STEPS):
        assert all(value.isfinite() for value in terms.values()), terms
    assert training.moved
    assert {w.dtype for w in training.method.parameters()} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@each_method
def test_the_first_step_is_that_of_backward_and_plain_adam(name: str, dtype: torch.dtype) -> None:
    """With the networks that it has by default, convolutions in the layout that they have in a run."""
    chosen = resolve(name, {}, DATA.info)
    narrow = {key: 8 for key in chosen.flat() if key.rpartition(".")[2] in ("width", "channels")}
    chosen = resolve(name, narrow, DATA.info)
    begun, ours, theirs = (channels_last(chosen.make(DATA.info)) for _ in range(3))
    batches = stream(DATA, ours.needs, batch_size=BATCH, seed=0, labels=48)
    loop_step(ours, batches, seed=0, dtype=dtype)
    plain_step(theirs, batches, seed=0, dtype=dtype)
    assert moves_apart(ours, theirs, begun) == {}
