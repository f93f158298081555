"""Networks that do not learn: those that their owner froze, told from those that only follow another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from unweave.nets.average import Average
from unweave.settings import nearest


class Frozen(nn.Module):
    """A fixed network, for its features: always in evaluation mode, without a gradient for itself but with one for x.

    It is frozen by rule 6 of `methods.base`: checkpoints leave it out and know it by its checksum, and the constructor of
    a method has to bring the same one again. The module itself is taken, not a copy, and its in-place layers write anew.

    mean, std: of the channels that the module was trained with, in units of x: x becomes (x - mean) / std. One channel of
    x serves for each of them.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, module: nn.Module, *, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)):
        super().__init__()
        self.module = module.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).reshape(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).reshape(-1, 1, 1))
        for layer in module.modules():
            if getattr(layer, "inplace", False):  # it would write over the features before it
                setattr(layer, "inplace", False)  # noqa: B010 (a layer of any class)
        self.eval()

    @classmethod
    def load(
        cls, path: str | Path, module: nn.Module, *, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
    ) -> Frozen:
        """The module with the weights of a .safetensors file, which holds numbers alone: nothing of it is executed.

        ValueError for any other file (TorchScript and pickles are programs, and archives of torch.export may hold
        pickles), for a damaged one, and for weights that are not the module's.
        """
        path = Path(path)
        if path.suffix != ".safetensors":
            raise ValueError(f"{path} is no .safetensors file, and others may run code: write its state_dict into one")
        try:
            module.load_state_dict(load_file(path))
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from error
        except RuntimeError as error:
            raise ValueError(f"{path} does not fit {type(module).__name__}: {' '.join(str(error).split())}") from error
        return cls(module, mean=mean, std=std)

    def train(self, mode: bool = True) -> Frozen:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.module(self._normalised(x))

    def features(self, x: Tensor, layers: Sequence[str]) -> list[Tensor]:
        """What the named layers give for images (B, C, H, W), in the order of the names; later layers are not computed.

        layers: names in an `nn.Sequential`, "3", or "block.0" of one inside it. ValueError for a name that is not there.
        """
        known = list(_names(self.module))
        if unknown := [layer for layer in layers if layer not in known]:
            raise ValueError(
                f"there is no layer {unknown[0]!r} in the network's nn.Sequential; {nearest(unknown[0], known)}"
            )
        found: dict[str, Tensor] = {}
        for name, value in _through(self.module, self._normalised(x)):
            found[name] = value
            if found.keys() >= set(layers):
                break
        return [found[layer] for layer in layers]

    def _normalised(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


def frozen(module: nn.Module, path: str = "") -> dict[str, nn.Module]:
    """{dotted name: network} of the outermost networks inside that are frozen.

    A network is frozen if it has parameters, none of which requires a gradient, and all of it is in evaluation mode, in
    which its owner left it. An `Average` is not, for it follows.
    """
    if isinstance(module, Average):
        return {}
    if path and _still(module):
        return {path: module}
    found: dict[str, nn.Module] = {}
    for name, inner in module._modules.items():  # named_children would give a network that is there twice once
        if inner is not None:
            found |= frozen(inner, f"{path}.{name}" if path else name)
    return found


def _still(module: nn.Module) -> bool:
    weights = list(module.parameters())
    awake = any(inner.training or isinstance(inner, Average) for inner in module.modules())
    return bool(weights) and not awake and not any(weight.requires_grad for weight in weights)


def _names(module: nn.Module, path: str = "") -> Iterator[str]:
    """The dotted names of the layers that a chain passes through, of chains inside it too."""
    for name, layer in module._modules.items() if _is_chain(module) else ():
        if layer is not None:
            yield from _names(layer, f"{path}{name}.")
            yield path + name


def _through(chain: nn.Module, x: Tensor, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """(dotted name, output) of each layer of a chain, in their order."""
    for name, layer in chain._modules.items():
        if layer is None:
            continue
        if _is_chain(layer):
            for inner, value in _through(layer, x, f"{path}{name}."):
                x = value
                yield inner, value
        else:
            x = layer(x)
        yield path + name, x


def _is_chain(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward
