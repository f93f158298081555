"""A fixed feature network: it never learns, x does; only numbers are read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from unweave.methods.base import Method
from unweave.nets.frozen import Frozen, frozen
from unweave.runs.run import load_run
from unweave.runs.train import train
from unweave.types import Batch, Losses, Posterior


def network() -> nn.Sequential:
    torch.manual_seed(0)
    block = nn.Sequential(nn.Conv2d(4, 2, 1), nn.ReLU(inplace=True))
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), block, nn.Flatten()
    )


def images() -> Tensor:
    return torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))


def test_it_is_never_woken_and_only_x_has_a_gradient() -> None:
    net = Frozen(network())
    holder = nn.ModuleDict({"features": net, "own": nn.Linear(1, 1)}).train()
    assert not any(module.training for module in net.modules())
    assert list(frozen(holder)) == ["features"]
    x = images().requires_grad_()
    net(x).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert not any(weight.requires_grad for weight in net.parameters())


def test_normalisation_worked_by_hand_and_one_channel_serves_for_three() -> None:
    net = Frozen(nn.Identity(), mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))
    assert net(torch.ones(1, 1, 1, 1)).flatten().tolist() == [1.0, 1.0, 0.0]
    assert net(torch.zeros(1, 3, 1, 1)).flatten().tolist() == [0.0, -1.0, -4.0]


def test_features_of_named_layers_are_those_before_in_place_layers() -> None:
    plain = network().eval()
    net = Frozen(network(), mean=(0.1,), std=(0.5,))
    x = (images() - 0.1) / 0.5
    conv = plain[0](x)
    normed = plain[1](conv)
    relu = normed.clamp(min=0)
    inner = plain[3][0](relu)
    expected = [inner.clamp(min=0), conv, inner]
    found = net.features(images(), ["3", "0", "3.0"])
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert found[2].min() < 0, "what a ReLU that wrote in place would have taken away"
    assert torch.equal(net.features(images(), ["4"])[0], net(images()))


def test_later_layers_are_not_computed() -> None:
    assert (
        Frozen(nn.Sequential(nn.ReLU(), nn.Linear(9, 9))).features(images(), ["0"])[0].shape
        == images().shape
    )


@pytest.mark.parametrize("net", [network(), nn.ModuleList([nn.ReLU()])])
def test_a_layer_that_is_not_there_is_named(net: nn.Module) -> None:
    with pytest.raises(
        ValueError, match=r"^there is no layer '3\.7' in the network's nn\.Sequential; "
    ):
        Frozen(net).features(images(), ["3.7"])


def test_weights_from_a_file(tmp_path: Path) -> None:
    original = network()
    save_file(original.state_dict(), tmp_path / "net.safetensors")
    other = network()
    nn.init.zeros_(other[0].weight)
    net = Frozen.load(tmp_path / "net.safetensors", other, std=(2.0,))
    assert torch.equal(net(images()), original.eval()(images() / 2))


def test_files_that_could_run_code_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "net.pt")
    with pytest.raises(
        ValueError, match=r"net\.pt is no \.safetensors file, and others may run code"
    ):
        Frozen.load(tmp_path / "net.pt", network())
    (tmp_path / "net.pt").rename(tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=r"net\.safetensors cannot be read: "):
        Frozen.load(tmp_path / "net.safetensors", network())
    save_file(nn.Linear(2, 2).state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(
        ValueError, match=r"other\.safetensors does not fit Sequential: .*Missing key"
    ) as caught:
        Frozen.load(tmp_path / "other.safetensors", network())
    assert "\n" not in str(caught.value)


class Perceptual(Method):
    """Learns a shift by the features of what it shifts."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.shift = Frozen(network()), nn.Parameter(torch.zeros(()))

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        pairs = zip(
            *(self.features.features(x, ["0", "3"]) for x in (batch.x, batch.x * 0.5 + self.shift)),
            strict=True,
        )
        distances = [(a - b).square().mean() for a, b in pairs]
        yield Losses({"model": torch.stack(distances).sum()})

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.features(x))


def test_a_run_keeps_it_out_of_its_checkpoints(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(256, size=(8, 3, 5, 5), dtype=np.uint8)
    run = train(Perceptual, data, out=tmp_path, steps=3, batch_size=4, device="cpu")
    assert list(load_file(run.path / "weights.safetensors")) == ["shift"]
    again = load_run(run.path)
    assert again.method.shift.item() == run.method.shift.item() != 0
    assert np.allclose(again.encode(data), run.encode(data), atol=1e-5), "but for memory layout"
