"""Small models of graphs in float64, for tests."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unweave.methods.graph.model import GraphModel
from unweave.methods.graph.names import generative_graph, recognition_graph
from unweave.methods.graph.variables import VariableFacts, read_variables
from unweave.nets.likelihood import Likelihood
from unweave.nets.mlp import MLPDecoder, MLPEncoder

# settings of a run with small networks
NETWORKS: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "features": 8,
}
FACTS = VariableFacts(3, ("shape", "size", "angle"), (3, 4, 5))


class Squares(Likelihood):
    """N(output, 1) without its constant, in the precision of its input."""

    def mean(self, output: Tensor) -> Tensor:
        return output

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        return 0.5 * ((x - output) ** 2).flatten(1).sum(1)


def model(
    variables: str, recognition: str, generative: str, *, pixels: int = 4, **more: Any
) -> GraphModel:
    """A small model in float64 of vectors of four numbers, with weights at random."""
    torch.manual_seed(0)
    found = read_variables(variables, FACTS)
    graph = generative_graph(generative, found)
    inputs = sum(found[parent].columns for parent in graph.parents["x"])
    made = GraphModel(
        MLPEncoder((pixels,), 6, width=5, depth=1),
        MLPDecoder((pixels,), inputs, width=5, depth=1),
        Squares(),
        variables=found,
        recognition=recognition_graph(recognition, found),
        generative=graph,
        features=6,
        **more,
    )
    for weight in made.parameters():
        nn.init.normal_(weight, std=0.5)
    return made.double()
