"""The networks are disentanglement_lib's, number for number, and take any size."""

import math

import pytest
import torch
from torch import nn

from unweave.nets.conv64 import (
    BurgessDecoder,
    BurgessEncoder,
    Conv64Decoder,
    Conv64Encoder,
    channels_last,
)
from unweave.nets.mlp import Critic, MLPDecoder, MLPEncoder

SIZES = [(28, 28), (32, 32), (64, 64), (128, 128), (96, 64), (8, 8), (50, 37), (4, 4), (2, 3)]


def count(net):
    return sum(w.numel() for w in net.parameters())


@pytest.mark.parametrize(
    ("channels", "encoder", "decoder"), [(1, 309_204, 381_313), (3, 310_228, 382_339)]
)
def test_parameters_of_disentanglement_lib(channels, encoder, decoder):
    shape = (channels, 64, 64)
    assert count(Conv64Encoder(shape, 20)) == encoder
    assert count(Conv64Decoder(shape, 10)) == decoder


def test_fully_connected_networks_have_its_parameters_too():
    """fc_encoder 4096-1200-1200-20, fc_decoder 10-1200-1200-1200-4096, critic 10-1000x6-1 (one output for its two)."""
    assert count(MLPEncoder((1, 64, 64), 20)) == 4097 * 1200 + 1201 * 1200 + 1201 * 20
    assert count(MLPDecoder((1, 64, 64), 10)) == 11 * 1200 + 2 * 1201 * 1200 + 1201 * 4096
    assert count(Critic(10)) == 11 * 1000 + 5 * 1001 * 1000 + 1001


def test_batch_norm_stands_before_each_activation_of_the_decoder():
    torch.manual_seed(0)
    net, seen = MLPDecoder((1, 8, 8), 4, width=16, depth=2, batch_norm=True), []
    assert count(net) == 5 * 16 + 17 * 16 + 17 * 64 + 2 * 2 * 16
    for module in net.modules():
        if isinstance(module, nn.Tanh):
            module.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    net(3 + 5 * torch.randn(500, 4))
    assert len(seen) == 2
    for x in seen:
        torch.testing.assert_close(x.mean(0), torch.zeros(16), atol=1e-4, rtol=0)
        torch.testing.assert_close(x.var(0, correction=0), torch.ones(16), atol=1e-3, rtol=0)


def test_batch_norm_of_the_encoder_is_before_its_activations():
    net = MLPEncoder((1, 8, 8), 4, width=16, depth=2, batch_norm=True)
    assert count(net) == 65 * 16 + 17 * 16 + 17 * 4 + 2 * 2 * 16
    kinds = [type(module) for module in net]
    assert kinds == [nn.Flatten, *2 * [nn.Linear, nn.BatchNorm1d, nn.ReLU], nn.Linear]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [(Conv64Encoder, Conv64Decoder), (BurgessEncoder, BurgessDecoder), (MLPEncoder, MLPDecoder)],
)
def test_shapes(size, encoder, decoder):
    shape = (3, *size)
    assert encoder(shape, 6)(torch.rand(2, *shape)).shape == (2, 6)
    assert decoder(shape, 4)(torch.randn(2, 4)).shape == (2, *shape)


@pytest.mark.parametrize(
    "net",
    [Conv64Encoder((1, 64, 64), 20), Conv64Decoder((1, 64, 64), 10), MLPEncoder((1, 8, 8), 4)],
)
def test_glorot_weights_and_zero_biases(net):
    layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
    for layer in layers:
        outside, inside = layer.weight.shape[:2]
        field = layer.weight[0, 0].numel()
        bound = math.sqrt(6 / ((outside + inside) * field))
        assert layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.15)
        assert layer.bias.abs().max() == 0


def test_the_strides_of_disentanglement_lib_at_64():
    """Maps of 32, 16, 8, 4; kernels 4, 4, 2, 2; its decoder doubles with 4x4 kernels."""
    x, maps = torch.rand(1, 1, 64, 64), []
    for layer in Conv64Encoder((1, 64, 64), 20).body:
        x = layer(x)
        if isinstance(layer, nn.Conv2d):
            maps.append((*x.shape[1:], layer.kernel_size[0]))
    assert maps == [(32, 32, 32, 4), (32, 16, 16, 4), (64, 8, 8, 2), (64, 4, 4, 2)]


def test_a_network_of_convolutions_says_that_vectors_need_mlp():
    with pytest.raises(ValueError, match="choose mlp"):
        Conv64Encoder((12,), 4)


@pytest.mark.parametrize("channels", [1, 3])
def test_maps_run_in_channels_last_from_end_to_end(channels):
    """One channel fits both layouts; with the wrong strides every ReLU's backward pass falls off the fast path."""
    x = torch.rand(4, channels, 16, 16)
    for laid_out in (channels_last(x), channels_last(x[:, :, :, :8])):
        assert laid_out.stride()[1] == 1
    assert torch.equal(channels_last(x), x)


def test_channels_scale_every_map():
    narrow, wide = (Conv64Encoder((1, 32, 32), 4, channels=c) for c in (8, 32))
    assert [m.out_channels for m in narrow.modules() if hasattr(m, "out_channels")] == [8, 16, 16]
    assert [m.out_channels for m in wide.modules() if hasattr(m, "out_channels")] == [32, 64, 64]
    assert Conv64Decoder((3, 32, 32), 4, channels=8)(torch.zeros(2, 4)).shape == (2, 3, 32, 32)


@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_up_to_70(channels):
    """Squares, strips of one pixel, and sides that differ by more than a halving."""
    nets = [
        (Conv64Encoder, Conv64Decoder, "channels"),
        (BurgessEncoder, BurgessDecoder, "channels"),
    ]
    nets.append((MLPEncoder, MLPDecoder, "width"))
    for n in range(1, 71):
        for size in {(n, n), (1, n), (n, 1), (n, 3)}:
            shape = (channels, *size)
            for encoder, decoder, wide in nets:
                code = encoder(shape, 4, **{wide: 2})(torch.rand(2, *shape))
                assert decoder(shape, 4, **{wide: 2})(code).shape == (2, *shape)
