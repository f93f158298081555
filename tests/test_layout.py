"""The step of the loop is the step of backward() and plain Adam, whatever the memory layout of weights and gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from tests.contract.plain import loop_step, moves_apart, plain_step
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from unweave.methods.base import Method, Player
from unweave.nets.conv64 import Conv64Decoder, Conv64Encoder, Halve
from unweave.nets.conv64 import channels_last as as_map
from unweave.nets.transposed import ConvTranspose2d
from unweave.training.layout import channels_last
from unweave.types import Batch, Losses

X = torch.rand(8, 4, 8, 8, generator=torch.Generator().manual_seed(0))
ADAM = partial(torch.optim.Adam, betas=(0.5, 0.999))
each_type = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])


def same_batch(step: int) -> Batch:
    return Batch(X)


class Judge(Method):
    """Two convolutions and a line, down the loss that is given."""

    def __init__(self, loss: Callable[[Judge], Tensor], normalised: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        wrap = spectral_norm if normalised else nn.Identity()
        inner, outer = wrap(nn.Conv2d(4, 8, 3, 1, 1)), wrap(nn.Conv2d(8, 8, 3, 2, 1))
        self.net = nn.Sequential(
            inner, nn.Softplus(), outer, nn.Softplus(), nn.Flatten(), nn.Linear(128, 1)
        )
        self.loss = loss

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, 1e-3, ADAM)}

    def judged(self, x: Tensor) -> Tensor:
        return self.net(as_map(x)).float()

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.loss(self)})


def plain(m: Judge) -> Tensor:
    return m.judged(X).square().mean()


def r1(m: Judge) -> Tensor:
    """The squared gradient of the judgement in the image: differentiated twice."""
    x = X.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(m.judged(x).sum(), x, create_graph=True)
    return gradient.float().square().flatten(1).sum(1).mean()


def slope_of_a_slope(m: Judge) -> Tensor:
    """A loss on the gradient in a weight itself, as in a step of meta-learning."""
    (gradient,) = torch.autograd.grad(plain(m), m.net[2].bias, create_graph=True)
    return gradient.square().sum() + plain(m)


@each_type
@pytest.mark.parametrize("normalised", [False, True], ids=["plain", "spectral norm"])
@pytest.mark.parametrize("loss", [plain, r1, slope_of_a_slope])
def test_the_step_is_that_of_backward_and_plain_adam(
    loss: Callable[[Judge], Tensor], normalised: bool, dtype: torch.dtype
) -> None:
    start = channels_last(Judge(loss, normalised))
    ours, theirs = copy.deepcopy(start), copy.deepcopy(start)
    loop_step(ours, same_batch, seed=0, dtype=dtype)
    plain_step(theirs, same_batch, seed=0, dtype=dtype)
    assert moves_apart(ours, theirs, start) == {}


class Odd(Method):
    """One parameter in some layout of memory, under its sum: the gradient is one number, expanded over its shape."""

    def __init__(self, weight: Tensor, **keywords: float) -> None:
        super().__init__()
        self.weight, self.keywords = nn.Parameter(weight), keywords

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, 0.1, ADAM, **self.keywords)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.weight.sum()})


@pytest.mark.parametrize(
    "weight",
    [
        torch.zeros(3, 4),
        torch.zeros(4, 3).T,
        torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last),
    ],
    ids=["rows", "columns", "channels last"],
)
def test_a_gradient_that_is_one_number_moves_every_entry_alike(weight: Tensor) -> None:
    method = Odd(weight)
    loop_step(method, same_batch, seed=0)
    torch.testing.assert_close(method.weight.detach(), torch.full_like(weight, -0.1))


def test_a_weight_with_gaps_in_memory_moves_alone() -> None:
    """A column of a table: a fused optimiser would write over its neighbours."""
    table = torch.zeros(3, 4)
    method = Odd(table[:, ::2])
    loop_step(method, same_batch, seed=0)
    torch.testing.assert_close(table, torch.tensor([-0.1, 0.0, -0.1, 0.0]).expand(3, 4))


class Sum(Method):
    """Two parameters that are added: autograd gives both the same gradient, the same tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, 1.0, torch.optim.SGD, clip=1.0)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": ((self.a + self.b) * torch.tensor([3.0, 0.0, 4.0])).sum()})


def test_two_weights_with_one_gradient_are_clipped_once() -> None:
    method = Sum()
    loop_step(method, same_batch, seed=0)
    both = torch.cat([method.a, method.b]).detach()
    assert both.norm().item() == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("colours", [1, 3])
def test_gradients_arrive_in_the_layout_of_their_activations(colours: int) -> None:
    """Of all maps but the flattened one, of 4 x 4 pixels: in another layout ReLU's backward takes several times as long."""
    nets = nn.Sequential(Conv64Encoder((colours, 32, 32), 4), Conv64Decoder((colours, 32, 32), 4))
    nets.to(memory_format=torch.channels_last)
    seen: list[tuple[int, bool]] = []

    def watch(layer: nn.Module, inputs: object, out: Tensor) -> None:
        assert out.is_contiguous(memory_format=torch.channels_last)
        last = torch.channels_last
        out.register_hook(
            lambda gradient: seen.append((out.shape[2], gradient.is_contiguous(memory_format=last)))
        )

    for layer in nets.modules():
        if isinstance(layer, Halve | ConvTranspose2d):
            layer.register_forward_hook(watch)
    x = torch.rand(2, colours, 32, 32)
    nn.functional.binary_cross_entropy_with_logits(nets(x), x, reduction="none").flatten(1).sum(
        1
    ).mean().backward()
    assert sorted(side for side, _ in seen) == [4, 8, 8, 16, 16, 32]
    assert all(last for _, last in seen)
