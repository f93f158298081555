"""Networks that do not learn: those that their owner froze, told from those that only follow another."""

from __future__ import annotations

from torch import nn

from unweave.nets.average import Average


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
