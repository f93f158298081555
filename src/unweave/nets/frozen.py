"""Frozen networks, such as pretrained feature extractors; moving averages are not among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from unweave.nets.average import Average
from unweave.settings import nearest


class Frozen(nn.Module):
    """A fixed network, for its features: always in evaluation mode, gradients only for x.

    It is frozen by rule 6 of `methods.base`: checkpoints have its checksum and not its weights, and
    the constructor of a method has to build the same one again. The module itself is used, not a
    copy, and `inplace` of its layers is switched off.

    mean, std: of each channel in the module's training data, in units of x: x becomes (x - mean) /
    std. If x has one channel it is repeated for all of them.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, module: nn.Module, *, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
    ):
        super().__init__()
        self.module = module.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).reshape(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).reshape(-1, 1, 1))
        # an in-place layer would overwrite the features of the layer before it
        for layer in module.modules():
            if getattr(layer, "inplace", False):
                setattr(layer, "inplace", False)  # noqa: B010 (a layer of any class)
        self.eval()

    @classmethod
    def load(
        cls,
        path: str | Path,
        module: nn.Module,
        *,
        mean: Sequence[float] = (0.0,),
        std: Sequence[float] = (1.0,),
    ) -> Frozen:
        """The module with the weights of a .safetensors file, a format that runs no code.

        ValueError for any other file (TorchScript and pickles are programs, and archives of
        torch.export may hold pickles), for a damaged one, and for weights that are not the
        module's.
        """
        return cls.of_weights(path, module, weights_of(path), mean=mean, std=std)

    @classmethod
    def of_weights(
        cls,
        path: str | Path,
        module: nn.Module,
        weights: Mapping[str, Tensor],
        *,
        mean: Sequence[float] = (0.0,),
        std: Sequence[float] = (1.0,),
    ) -> Frozen:
        """The module with these weights, which are a file's. ValueError if they do not fit it."""
        try:
            module.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(
                f"{path} does not fit {type(module).__name__}: {' '.join(str(error).split())}"
            ) from error
        return cls(module, mean=mean, std=std)

    def train(self, mode: bool = True) -> Frozen:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.module(self._normalised(x))

    def features(self, x: Tensor, layers: Sequence[str]) -> list[Tensor]:
        """Outputs of the named layers for images (B, C, H, W), in the order of the names.

        Layers after the last named one are not computed. layers: names in an `nn.Sequential`, "3",
        or "block.0" of a nested one. ValueError for an unknown name.
        """
        known = list(_names(self.module))
        unknown = [layer for layer in layers if layer not in known]
        if unknown:
            raise ValueError(
                f"there is no layer {unknown[0]!r} in the network's nn.Sequential; "
                f"{nearest(unknown[0], known)}"
            )
        found: dict[str, Tensor] = {}
        for name, value in _through(self.module, self._normalised(x)):
            found[name] = value
            if found.keys() >= set(layers):
                break
        return [found[layer] for layer in layers]

    def _normalised(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


def weights_of(path: str | Path) -> dict[str, Tensor]:
    """The weights by name in a .safetensors file.

    ValueError for any other file, and for a damaged one.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(
            f"{path} is no .safetensors file, and others may run code: "
            "write its state_dict into one"
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def frozen(module: nn.Module, path: str = "") -> dict[str, nn.Module]:
    """{dotted name: network} of the outermost frozen networks inside a module.

    A network is frozen if it has parameters, none of which requires a gradient, and all of its
    modules are in evaluation mode. An `Average` is not, because it is updated.
    """
    if isinstance(module, Average):
        return {}
    if path and _is_frozen(module):
        return {path: module}
    found: dict[str, nn.Module] = {}
    # named_children would skip a network that is registered twice
    for name, inner in module._modules.items():
        if inner is not None:
            found |= frozen(inner, f"{path}.{name}".removeprefix("."))
    return found


def _is_frozen(module: nn.Module) -> bool:
    weights = list(module.parameters())
    trained = any(weight.requires_grad for weight in weights)
    changing = any(inner.training or isinstance(inner, Average) for inner in module.modules())
    return bool(weights) and not trained and not changing


def _names(module: nn.Module, path: str = "") -> Iterator[str]:
    """The dotted names of the layers of a sequential network, nested ones included."""
    if not _is_chain(module):
        return
    for name, layer in module._modules.items():
        if layer is not None:
            yield from _names(layer, f"{path}{name}.")
            yield path + name


def _through(chain: nn.Module, x: Tensor, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """(dotted name, output) of each layer of a sequential network, in order."""
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
    """Whether a module is an `nn.Sequential` with its own forward."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward
