"""Classification by importance sampling of the model of `graph-vae`, beside its encoder's."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from unweave.data.convert.scale import to_unit
from unweave.methods.graph.model import GraphModel
from unweave.methods.graph.variables import Label
from unweave.methods.graph_vae import GraphVAE
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.seeds.generators import seeded

ROWS = 100  # images at a time


def accuracy(run: Run, *, samples: int = 8) -> float:
    """Share of the held-out images whose class has the largest estimate of p(x, class), 0 to 1.

    Where this is right and the encoder is not (the score class_accuracy), the model has learned the
    classes and q has not. ValueError for a run that is not of graph-vae, or without held-out
    classes.
    """
    held = run.held
    if not isinstance(run.method, GraphVAE) or held is None or held.y is None:
        raise ValueError(f"{run.path} is no run of graph-vae with held-out rows that have classes")
    (name,) = [variable.name for variable in run.method.supervised if variable.of_class]
    right = 0
    with torch.no_grad(), seeded(fold(0, "inference"), run.device):
        for start in range(0, len(held), ROWS):
            rows = np.arange(start, min(start + ROWS, len(held)))
            x = torch.from_numpy(to_unit(held.take(rows), np.float32)).to(run.device)
            found = joint(run.method.model, x, name, samples).argmax(1).cpu().numpy()  # (rows,)
            right += int((found == held.y[rows]).sum())
    return right / len(held)


def joint(model: GraphModel, x: Tensor, name: str, samples: int) -> Tensor:
    """Estimates of log p(x, category) (B, K) of the categorical variable `name`."""
    found = []
    for one_hot in torch.eye(model.variables[name].columns, device=x.device, dtype=x.dtype):
        known = torch.ones(len(x), dtype=torch.bool, device=x.device)
        draws = model.draws(x, {name: Label(one_hot.expand(len(x), -1), known)}, samples)
        # log q of the clamped variable is in both, with opposite signs
        each = (model.log_ratio(x, draws) + draws.log_w).flatten(0, 1)
        found.append(each.logsumexp(0) - math.log(samples))
    return torch.stack(found, 1)
