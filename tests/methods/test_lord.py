"""LORD: two stages, one code for each class, noise in training alone, losses by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unweave.methods.lord import LAST_LR, Lord
from unweave.methods.resolve import resolve
from unweave.training.loop import Training
from unweave.types import Batch, DataInfo

ROWS = 30
INFO = DataInfo(ROWS, (1, 8, 8), classes=3)


def method(steps: int = 10, **settings: object) -> Lord:
    """LORD of images of 8x8 in three classes."""
    torch.manual_seed(0)
    small = {"encoder": "mlp", "encoder.width": 8, "class_encoder": "mlp", "class_encoder.width": 8}
    sizes = {"content": 4, "columns": 6, "channels": 8, "first": 0.5}
    made = resolve("lord", {**small, **sizes, **settings}, INFO).make(INFO, steps=steps)
    assert isinstance(made, Lord)
    return made


def a_batch(rows: list[int] | None = None) -> Batch:
    index = torch.tensor(list(range(12)) if rows is None else rows)
    images = torch.rand(ROWS, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return Batch(images[index], index, y=index % 3)


def first_turn(made: Lord, step: int, batch: Batch | None = None):
    (turn,) = made.losses(batch or a_batch(), step)
    return turn


def test_codes_and_generator_play_first_and_then_the_encoders() -> None:
    made = method()
    played = [set(first_turn(made, step).of) for step in range(10)]
    assert played == [{"classes", "contents", "generator"}] * 5 + [{"encoders"}] * 5
    assert made.players()["encoders"].weights()[-1] is made.players()["generator"].weights()[-1]


def test_the_loss_of_stage_1_by_hand() -> None:
    made = method(sigma=0.0, decay=0.3)
    batch = a_batch()
    turn = first_turn(made, 0, batch)
    with torch.no_grad():
        image = made.generator(
            made.of_class.weight[batch.y], made.of_image.weight[batch.index]
        ).sigmoid()
    apart = (image - batch.x).double().numpy()
    of_pixels = np.abs(apart).mean((1, 2, 3))
    of_windows = np.abs(apart.reshape(12, 1, 4, 2, 4, 2).mean((3, 5))).mean((1, 2, 3))
    length = (made.of_image.weight[batch.index].double() ** 2).sum(1).detach().numpy()
    assert turn.of["contents"].item() == pytest.approx(
        (of_pixels + of_windows + 0.3 * length).mean(), rel=1e-5
    )
    assert turn.of["generator"] is turn.of["contents"]
    assert turn.of["generator"] is turn.of["classes"]


def test_the_noise_is_of_the_content_and_of_training_alone() -> None:
    made = method(sigma=1.0)
    assert first_turn(made, 0).of["contents"] != first_turn(made, 0).of["contents"]
    assert (
        first_turn(method(sigma=0.0), 0).of["contents"]
        == first_turn(method(sigma=0.0), 0).of["contents"]
    )
    # neither the targets of stage 2 nor decode have any
    assert first_turn(made, 9).of["encoders"] == first_turn(made, 9).of["encoders"]
    z = made.encode(a_batch().x).mean
    assert torch.equal(made.decode(z), made.decode(z))


def test_the_loss_of_stage_2_by_hand() -> None:
    made = method(match=7.0)
    batch = a_batch()
    turn = first_turn(made, 9, batch)
    z = made.encode(batch.x).mean
    distance = made.distance(made.decode(z), batch.x).mean()
    of_class = (z[:, :6] - made.of_class.weight[batch.y]).square().mean()
    of_content = (z[:, 6:] - made.of_image.weight[batch.index]).square().mean()
    assert turn.of["encoders"].item() == pytest.approx(
        (distance + 7 * (of_class + of_content)).item(), rel=1e-5
    )
    tables = [made.of_class.weight, made.of_image.weight]
    assert set(torch.autograd.grad(turn.of["encoders"], tables, allow_unused=True)) == {None}


def test_a_class_has_one_code() -> None:
    made = method()
    assert made.of_class.weight.shape == (3, 6)
    assert torch.equal(made.class_codes(torch.tensor([2, 2]))[0], made.of_class.weight[2])


def test_codes_of_images_outside_the_batch_stay() -> None:
    made = method()
    training = Training(made, lambda step: a_batch([3 * (step % 2), 4]))
    before = made.of_image.weight.detach().clone()
    for _ in range(4):
        training.advance()
    moved = (made.of_image.weight != before).any(1)
    assert moved.nonzero().flatten().tolist() == [0, 3, 4]
    rows = made.of_class.weight.detach().clone()
    training.advance()
    assert torch.equal(made.of_class.weight[2], rows[2]), "class 2 has no image in any batch"


def test_stage_2_moves_no_code_and_the_generator() -> None:
    made = method(steps=2)
    training = Training(made, lambda step: a_batch())
    training.advance()
    codes = made.of_image.weight.detach().clone()
    generator = made.generator.dense[0].weight.detach().clone()
    training.advance()
    assert torch.equal(made.of_image.weight, codes)
    assert not torch.equal(made.generator.dense[0].weight, generator)


def test_learning_rates_fall_together() -> None:
    players = method(steps=100).players()
    at = {
        name: [players[name].lr(step) for step in (0, 25, 50)]
        for name in ("classes", "contents", "generator")
    }
    assert at["generator"] == pytest.approx([3e-4, (3e-4 + LAST_LR) / 2, LAST_LR])
    assert at["classes"] == pytest.approx([10 * lr for lr in at["generator"]])
    assert at["contents"] == pytest.approx([100 * lr for lr in at["generator"]])


def test_codes_stand_for_a_prior_in_new_combinations() -> None:
    made = method()
    z = made.sample_prior(200)
    of_class = {tuple(row) for row in made.of_class.weight.tolist()}
    of_image = {tuple(row) for row in made.of_image.weight.tolist()}
    assert {tuple(row) for row in z[:, :6].tolist()} == of_class
    assert {tuple(row) for row in z[:, 6:].tolist()} <= of_image


def test_bad_input_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="these data have no classes: give sub-folders"):
        resolve("lord", {}, DataInfo(ROWS, (1, 8, 8))).make(DataInfo(ROWS, (1, 8, 8)), steps=9)
    with pytest.raises(ValueError, match="stage 2 needs a share of the run"):
        method(first=1.0)
