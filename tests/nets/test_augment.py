"""Augmentations: known answers, each image in its own way, range and type kept, gradients to the images."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unweave.nets.augment import (
    DRAWN,
    Augment,
    brightness,
    contrast,
    crop,
    erase,
    flip,
    rotate,
    shift,
)


def images(n: int = 3, height: int = 6, width: int = 8) -> Tensor:
    return torch.rand(n, 2, height, width, generator=torch.Generator().manual_seed(0))


def dots(*places: tuple[int, int]) -> Tensor:
    """Black images of 5 x 7 with one white pixel each."""
    x = torch.zeros(len(places), 1, 5, 7)
    for image, (row, column) in zip(x, places, strict=True):
        image[0, row, column] = 1
    return x


def test_a_shift_moves_a_pixel_by_what_was_drawn() -> None:
    moved = shift(dots((2, 3), (2, 3)), torch.tensor([1, -1]), torch.tensor([-2, 2]))
    assert torch.equal(moved, dots((3, 1), (1, 5)))
    torch.manual_seed(0)
    found = Augment("shift", shift=1.0)(dots((2, 3), (2, 3)))
    torch.manual_seed(0)
    down, right = (torch.randint(-1, 2, (2,)) for _ in range(2))
    assert torch.equal(
        found, dots(*((2 + int(d), 3 + int(r)) for d, r in zip(down, right, strict=True)))
    )


def test_a_shift_draws_the_border_out() -> None:
    x = torch.arange(4.0).view(1, 1, 1, 4) / 4
    assert shift(x, torch.tensor([0]), torch.tensor([2])).flatten().tolist() == [0, 0, 0, 0.25]


def test_flip_brightness_contrast_and_erase_worked_by_hand() -> None:
    x = torch.tensor([0.0, 0.25, 0.5, 1.0]).view(1, 1, 1, 4)
    one = torch.ones(1)
    assert flip(x, one > 0).flatten().tolist() == [1.0, 0.5, 0.25, 0.0]
    assert flip(x, one < 0) is not x
    assert torch.equal(flip(x, one < 0), x)
    assert brightness(x, one / 4).flatten().tolist() == [0.25, 0.5, 0.75, 1.0]
    assert contrast(x, 0 * one).flatten().tolist() == [0.4375] * 4
    assert contrast(x, 2 * one).flatten().tolist() == [0.0, 0.0625, 0.5625, 1.0]
    assert erase(x.expand(1, 1, 4, 4), 0.5, 0 * one, one)[0, 0, :, 3].tolist() == [
        0.4375,
        0.4375,
        1.0,
        1.0,
    ]


@pytest.mark.parametrize("degrees", [90.0, 180.0, -90.0])
def test_a_rotation_by_quarters_is_that_of_the_array(degrees: float) -> None:
    """`rot90` turns the first axis into the second, counter-clockwise."""
    x = images(height=6, width=6)
    turned = rotate(x, torch.full((3,), degrees))
    torch.testing.assert_close(turned, x.rot90(int(degrees // 90), (2, 3)), rtol=0, atol=1e-5)


def test_a_rotation_does_not_stretch_an_oblong() -> None:
    """By 90 degrees the middle column of 5 x 9 comes to lie in the middle row, and what was there in the column."""
    ramp = torch.arange(1.0, 6) / 5
    x = torch.zeros(1, 1, 5, 9)
    x[0, 0, :, 4] = ramp
    torch.testing.assert_close(
        rotate(x, torch.tensor([90.0]))[0, 0, 2, 2:7], ramp, rtol=0, atol=1e-5
    )
    x = torch.zeros(1, 1, 5, 9)
    x[0, 0, 2, 2:7] = ramp
    torch.testing.assert_close(
        rotate(x, torch.tensor([90.0]))[0, 0, :, 4], ramp.flip(0), rtol=0, atol=1e-5
    )


def test_a_crop_of_a_quarter_is_the_quarter_enlarged() -> None:
    x = images(1, 4, 4)
    found = crop(x, torch.tensor([0.5]), torch.tensor([-1.0]), torch.tensor([1.0]))
    corner = torch.stack(
        [0.25 * x[0, :, 0, 2] + 0.75 * x[0, :, 0, 3], x[0, :, 0, 3]], 1
    )  # at 2.75 and beyond 3
    torch.testing.assert_close(found[0, :, 0, 2:], corner, rtol=0, atol=1e-6)
    whole = crop(x, torch.tensor([1.0]), torch.tensor([0.7]), torch.tensor([-0.3]))
    torch.testing.assert_close(whole, x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("way", DRAWN)
def test_each_image_is_changed_in_its_own_way_and_stays_an_image(way: str) -> None:
    x = images(1).expand(16, -1, -1, -1)
    torch.manual_seed(1)
    found = Augment(way)(x)
    assert len({tuple(image.flatten().tolist()) for image in found}) > (1 if way == "flip" else 8)
    assert found.shape == x.shape
    assert found.min() >= 0
    assert found.max() <= 1
    torch.manual_seed(1)
    assert torch.equal(Augment(way)(x), found)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("way", DRAWN)
def test_type_is_kept_and_gradients_flow(way: str, dtype: torch.dtype) -> None:
    x = images().to(dtype).requires_grad_()
    found = Augment(way)(x)
    assert found.dtype == dtype
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_ways_are_taken_in_turn_at_their_strengths() -> None:
    augment = Augment("noise flip", flip=1.0, noise=0.0)
    assert torch.equal(augment(images()), images().flip(3))


@pytest.mark.parametrize(
    ("ways", "strengths"), [("shift flop", {}), ("shift", {"flop": 1.0}), ("shift", {"flip": 1.0})]
)
def test_a_way_that_there_is_not_is_named(ways: str, strengths: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^images are not changed by 'fl.p' here; "):
        Augment(ways, **strengths)
