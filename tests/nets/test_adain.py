"""The AdaIN generator and the perceptual distance: sizes, formulas by hand, and files of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from unweave.nets.adain import AdaINGenerator, Doubling
from unweave.nets.perceptual import LAYERS, Perceptual, pretrained, pyramid, vgg16


@pytest.mark.parametrize(
    ("side", "start", "doublings"),
    [(64, 4, 4), (32, 4, 3), (28, 7, 2), (24, 6, 2), (8, 4, 1), (7, 7, 0)],
)
def test_maps_start_at_4_or_more(side: int, start: int, doublings: int) -> None:
    net = AdaINGenerator((3, side, side), 5, 6, 8)
    assert len(net.blocks) == doublings
    assert net.dense(torch.zeros(2, 5)).shape == (2, 8, start, start)
    assert net(torch.zeros(2, 6), torch.zeros(2, 5)).shape == (2, 3, side, side)


@pytest.mark.parametrize("shape", [(1, 31, 31), (1, 15, 32), (20,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"cannot be halved|needs images"):
        AdaINGenerator(shape, 5, 6, 8)


def test_the_code_sets_mean_and_deviation_of_each_channel() -> None:
    """The scale is used as it is: without 1 +."""
    block = Doubling(3, 2)
    code = torch.randn(4, 2)
    x = block(torch.randn(4, 3, 8, 8), code)
    offset, scale = block.modulation(code).chunk(2, 1)
    assert torch.allclose(x.mean((2, 3)), offset, atol=1e-5)
    assert torch.allclose(x.std((2, 3), correction=0), scale.abs(), rtol=1e-2)


def test_both_codes_change_the_image() -> None:
    net = AdaINGenerator((1, 16, 16), 5, 6, 8)
    codes = [torch.randn(1, 6, requires_grad=True), torch.randn(1, 5, requires_grad=True)]
    for gradient in torch.autograd.grad(net(*codes).square().sum(), codes):
        assert gradient.abs().min() > 0


def test_the_pyramid_by_hand() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 5, 3, 16, 16))
    expected = np.zeros(5)
    for window in (1, 2, 4):  # sides of 16, 8 and 4
        apart = (a - b).reshape(5, 3, 16 // window, window, 16 // window, window).mean((3, 5))
        expected += np.abs(apart).mean((1, 2, 3))
    assert pyramid(torch.tensor(a), torch.tensor(b)).tolist() == pytest.approx(
        list(expected), rel=1e-12
    )


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of a VGG16 with random weights, with torchvision's names and its classifier."""
    torch.manual_seed(0)
    state = {f"features.{name}": value for name, value in vgg16().state_dict().items()}
    path = tmp_path_factory.mktemp("vgg") / "vgg16.safetensors"
    save_file(state | {"classifier.0.bias": torch.zeros(3)}, path)
    return str(path)


def test_features_of_a_file_are_those_after_the_relus(weights: str) -> None:
    network = pretrained(weights)
    assert [type(network.module[int(name)]) for name in LAYERS] == [nn.ReLU] * 4 + [nn.MaxPool2d]
    assert [value.shape[1] for value in network.features(torch.zeros(1, 3, 64, 64), LAYERS)] == [
        64,
        128,
        256,
        512,
        512,
    ]
    assert not any(weight.requires_grad for weight in network.parameters())


def test_a_distance_with_features_is_more_than_that_of_pixels(weights: str) -> None:
    x = torch.rand(2, 1, 16, 16)
    made = torch.rand(2, 1, 16, 16, requires_grad=True)
    both = Perceptual(weights)(made, x)
    assert (both > pyramid(made, x)).all()
    assert Perceptual(weights)(x, x).tolist() == [0, 0]
    (gradient,) = torch.autograd.grad(both.sum() - pyramid(made, x).sum(), made)
    assert gradient.abs().max() > 0


def test_other_files_are_refused_in_one_line(tmp_path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"0.weight": torch.zeros(3)}, other)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    for path, message in (
        (other, "does not fit Sequential"),
        (broken, "cannot be read"),
        (tmp_path / "none.safetensors", "cannot be read"),
        (tmp_path / "vgg.pth", r"no \.safetensors file"),
    ):
        with pytest.raises(ValueError, match=message) as error:
            Perceptual(str(path))
        assert "\n" not in str(error.value)
