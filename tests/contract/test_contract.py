"""Every difficult shape of a method, through the real loop, data stream and run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.configs import config
from tests.contract import family, toys
from tests.contract.adversarial import VAEGAN, InfoGANCR, SemiAAE
from tests.contract.proofs import Audited, check_code, differences, state
from tests.contract.staged import LORD, DrNet
from tests.contract.style import StyleGAN

from unweave.data.images import ImageData
from unweave.methods.base import Method
from unweave.runs.folder import Folder
from unweave.training.loop import Training

STEPS, SEED = 8, 7

METHODS: dict[str, Callable[[], Method]] = {
    "factor-vae": family.factor_vae,
    "infogan-cr": InfoGANCR,
    "semi-aae": SemiAAE,
    "stylegan": StyleGAN,
    "lord": LORD,
    "s2-vae": family.s2_vae,
    "ada-gvae": family.ada_gvae,
    "pairs, labels and a critic": family.everything,
    "vectors": family.vector_vae,
    "vae-gan": VAEGAN,
    "drnet": DrNet,
}
each_method = pytest.mark.parametrize("name", METHODS)


def data_of(name: str) -> ImageData:
    return toys.vectors() if name == "vectors" else toys.pictures()


def start(
    name: str, weights: int = 1, dtype: torch.dtype = torch.float32, loop: type[Training] = Training
) -> Training:
    """A new training of a method whose weights are drawn from `weights`."""
    torch.manual_seed(weights)
    method = METHODS[name]()
    return loop(method, toys.batches(data_of(name), method.needs), seed=SEED, dtype=dtype)


@each_method
def test_each_player_moves_down_its_own_loss_and_nothing_else_moves(name: str) -> None:
    training = start(name, loop=Audited)
    list(training.until(STEPS))
    training.kept.check(STEPS)
    players = {player for turn in training.turns for player in turn}
    assert players == set(training.players), "a player never took a turn"
    assert training.owned(players) <= training.moved, "a parameter never moved"
    for key in {key for terms in training.history for key in terms if key.startswith("loss/")}:
        values = [terms[key] for terms in training.history if key in terms]
        assert all(torch.isfinite(v) for v in values)
        assert len(values) == 1 or values[0] != values[-1], f"{key} did not change"


@each_method
def test_resumed_at_any_step_it_ends_bit_identical(name: str, tmp_path: Path) -> None:
    training, terms, folders = start(name), [], []
    for step in range(STEPS):
        folders.append(Folder.create(tmp_path / str(step), config()))
        folders[step].checkpoint(training, seconds=1.0)
        terms.append(training.advance())
    for step, folder in enumerate(folders):
        resumed = start(
            name, weights=2
        )  # other weights, another random state: all must come from the folder
        torch.manual_seed(99)
        assert folder.restore(resumed) == 1.0
        assert resumed.step == step
        for expected in terms[step:]:
            assert not differences(resumed.advance(), expected), (
                f"terms differ after a resume at step {step}"
            )
        assert not differences(state(resumed), state(training)), (
            f"state differs after a resume at step {step}"
        )


@each_method
def test_bfloat16_trains_and_resumes(name: str, tmp_path: Path) -> None:
    training = start(name, dtype=torch.bfloat16)
    folder = Folder.create(tmp_path / "run", config())
    for terms in training.until(STEPS):
        assert all(value.isfinite() for value in terms.values())
        if training.step == STEPS // 2:
            folder.checkpoint(training, seconds=0.0)
    resumed = start(name, weights=2, dtype=torch.bfloat16)
    folder.restore(resumed)
    list(resumed.until(STEPS))
    assert not differences(state(resumed), state(training))
    assert differences(state(start(name)), state(training))
    assert all(w.dtype == torch.float32 for w in training.method.parameters())


@each_method
def test_encode_decode_prior_and_blocks_agree(name: str) -> None:
    training = start(name)
    list(training.until(2))
    check_code(
        training.method, training.stream(0).x.flatten(0, -len(data_of(name).info.shape) - 1)[:5]
    )


def test_the_state_that_was_kept_was_alive() -> None:
    """Nothing above passes because a restart, a lazy term, an average or a skipped turn never happened."""
    style = start("stylegan", loop=Audited)
    list(style.until(STEPS))
    gan = style.method
    assert isinstance(gan, StyleGAN)
    assert min(float(gan.augment), float(gan.path_mean)) > 0
    assert not torch.equal(gan.average.module[1].start, gan.synthesis.start)
    assert ["r1" in terms for terms in style.history] == 2 * [True, False, False, False]
    assert ["path" in terms for terms in style.history] == 4 * [True, False]
    contrast = start("infogan-cr")
    list(contrast.until(STEPS))
    slots = {
        name: optimiser.state_dict()["state"] for name, optimiser in contrast.optimisers.items()
    }
    assert [int(slots[f"contrast{era}"][0]["step"]) for era in range(3)] == [
        2,
        3,
        3,
    ]  # eras of 2, 3 and 3 steps
    rests = start("vae-gan", loop=Audited)
    list(rests.until(STEPS))
    assert 0 < rests.turns.count(("critic",)) < rests.turns.count(("model",)) == STEPS
