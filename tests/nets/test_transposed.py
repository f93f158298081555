"""The transposed convolution of our own beside torch's: values, gradients, gradients of gradients, types and devices."""

import pytest
import torch
from torch import nn

from unweave.nets.conv64 import Conv64Decoder
from unweave.nets.transposed import ConvTranspose2d

SHAPES = [
    (3, 5, 4, 2, 1, 7),
    (4, 1, 4, 2, 1, 8),
    (2, 6, 2, 2, 0, 5),
    (3, 4, 3, 1, 1, 6),
    (1, 1, 1, 1, 0, 3),
]


def pair(
    c: int, d: int, k: int, stride: int, padding: int, bias: bool = True
) -> tuple[nn.Module, nn.Module]:
    """Torch's layer and ours with the same weights, in double precision."""
    theirs = nn.ConvTranspose2d(c, d, k, stride=stride, padding=padding, bias=bias).double()
    ours = ConvTranspose2d(c, d, k, stride=stride, padding=padding, bias=bias).double()
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def through(layer: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Output, gradients of a curved loss, and the gradients of their squares."""
    weights = [x, *layer.parameters()]
    y = layer(x)
    first = torch.autograd.grad(torch.tanh(y).pow(2).sum(), weights, create_graph=True)
    second = torch.autograd.grad(sum(g.pow(2).sum() for g in first), weights)
    return [y, *first, *second]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("c", "d", "k", "stride", "padding", "side"), SHAPES)
def test_values_gradients_and_gradients_of_gradients(c, d, k, stride, padding, side, bias):
    torch.manual_seed(0)
    theirs, ours = pair(c, d, k, stride, padding, bias)
    x = torch.randn(3, c, side, side + 1, dtype=torch.float64, requires_grad=True)
    for expected, found in zip(through(theirs, x), through(ours, x), strict=True):
        torch.testing.assert_close(found, expected)


def test_gradients_are_those_of_finite_differences():
    torch.manual_seed(0)
    layer = ConvTranspose2d(2, 3, 4, stride=2, padding=1).double()
    x = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))
    assert torch.autograd.gradgradcheck(layer, (x,))


def test_only_what_is_asked_for_is_differentiated():
    layer = ConvTranspose2d(2, 3, 4, stride=2, padding=1)
    layer.weight.requires_grad_(False)
    x = torch.randn(2, 2, 3, 3)
    layer(x).sum().backward()
    assert layer.weight.grad is None
    assert layer.bias.grad is not None


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_under_autocast_as_torchs_own(layout):
    torch.manual_seed(0)
    theirs = nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1)
    ours = ConvTranspose2d(8, 8, 4, stride=2, padding=1)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(4, 8, 6, 6).contiguous(memory_format=layout)
    found = []
    for layer in (theirs, ours):
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x)
        assert y.dtype == torch.bfloat16
        found.append([y, *torch.autograd.grad(y.float().pow(2).sum(), list(layer.parameters()))])
    for expected, mine in zip(*found, strict=True):
        assert mine.dtype == expected.dtype
        torch.testing.assert_close(mine, expected, rtol=2e-2, atol=2e-2)


def test_what_it_does_not_do_is_left_to_torch():
    x = torch.randn(1, 4, 3, 3)
    for more in ({"groups": 2}, {"dilation": 2}, {"output_padding": 1}):
        layer = ConvTranspose2d(4, 4, 3, stride=2, **more)
        other = nn.ConvTranspose2d(4, 4, 3, stride=2, **more)
        other.load_state_dict(layer.state_dict())
        torch.testing.assert_close(layer(x), other(x))
    one = ConvTranspose2d(4, 1, 3)
    assert type(one(x).grad_fn).__name__ == "ConvolutionBackward0"
    assert type(ConvTranspose2d(4, 2, 3)(x).grad_fn).__name__ == "_TransposedBackward"
    assert ConvTranspose2d(4, 4, 3, stride=2).to("meta")(x.to("meta")).shape == (1, 4, 7, 7)


def test_the_decoder_is_made_of_it():
    net = Conv64Decoder((3, 32, 32), 5)
    assert all(
        isinstance(m, ConvTranspose2d) for m in net.modules() if isinstance(m, nn.ConvTranspose2d)
    )
