"""Generalised M2 (Siddharth et al., 2017): a VAE of named variables in two graphs, with few labels.

    variables    y=categorical(class)  z=gaussian(10)
    recognition  y|x  z|x,y
    generative   y  z  x|y,z

variables: their kinds, and in brackets what labels them, or the number of columns. recognition: q,
each variable and its parents, in any order. generative: p; a variable without parents has N(0, I)
or equal probabilities. These defaults are M2. The objective, per image, maximised:

    bound of log p(x) of all images
    + gamma * labels / n * (E log p(x, y, z) / q(y, z given x) + (1 + alpha) log q(y given x))

with E over q(z given x, y), y the labelled variables and z the others. y is clamped, z is drawn
given its parents; the draws have the weights of `maths.importance`. A row has the labels that it
has: each other variable of it is drawn. The gradient of the weights is part of that of the
objective. With few draws the estimate is biased: 8 or more.

A categorical variable that a row has no label of is summed over (`discrete=enumerated`: exact; the
decoder is called for each combination of categories), or drawn as a one-hot with the gradient of
its relaxation. Either way log q of it is a probability. A Gaussian variable that factors label has
a column for each: the factor's index, scaled to mean 0 and variance 1; its deviation has the floor
of rounding to an index.

**Departures**: labelled images are among those without label, too. One hidden layer for each
variable. Where y depends on z, log q(y given x) is bounded by the log of the mean weight, where the
paper has the mean of the logs (`evidence=mean`), which is looser. The relaxation is
straight-through. The KL of latents in the log is to N(0, I), also where p gives a variable parents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.maths.importance import Evidence, expected, log_evidence
from unweave.methods.base import Method, Player
from unweave.methods.graph.model import GraphModel
from unweave.methods.graph.names import IMAGE, generative_graph, recognition_graph
from unweave.methods.graph.variables import VariableFacts, read_variables
from unweave.nets.likelihood import Likelihood
from unweave.settings import Setting, nearest
from unweave.types import NATS, Batch, Losses, Posterior


class GraphVAE(Method):
    """A code has a block of columns for each variable, in their order; the class's is "class".

    encoder: x (B, *shape) to features (B, F), to which parents are added before the activation: the
    first layer of each q with the parent x. decoder: the parents of x to the parameters of the
    likelihood. n, labels, classes, factor_names, factor_sizes: filled in. ValueError for a graph
    with a cycle or an undefined parent, unknown kinds, and labels that the data do not have.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        *,
        n: int,
        labels: int,
        classes: int,
        factor_names: tuple[str, ...],
        factor_sizes: tuple[int, ...],
        variables: Annotated[
            str, Setting("kinds, and what labels them")
        ] = "y=categorical(class) z=gaussian(10)",
        recognition: Annotated[str, Setting("variables with their parents in q")] = "y|x z|x,y",
        generative: Annotated[str, Setting("variables with their parents in p")] = "y z x|y,z",
        features: Annotated[int, Setting("units of the hidden layer of a variable", low=1)] = 500,
        samples: Annotated[int, Setting("draws for a labelled image", low=1)] = 8,
        gamma: Annotated[
            float, Setting("weight of a labelled image, of one without label 1", low=0)
        ] = 1.0,
        alpha: Annotated[
            float, Setting("added weight of log q of the labels", low=0, search=("log", 0.1, 100))
        ] = 0.1,
        evidence: Annotated[
            Evidence, Setting("log of the mean weight, or the mean of logs")
        ] = "log-mean",
        discrete: Annotated[
            Literal["enumerated", "relaxed"], Setting("how categories without label are treated")
        ] = "enumerated",
        temperature: Annotated[float, Setting("of relaxed categories", above=0)] = 0.66,
        lr: Annotated[
            float, Setting("learning rate of Adam", above=0, search=("log", 1e-4, 1e-2))
        ] = 3e-4,
    ):
        super().__init__()
        found = read_variables(variables, VariableFacts(classes, factor_names, factor_sizes))
        self.model = GraphModel(
            encoder,
            decoder,
            likelihood,
            variables=found,
            recognition=recognition_graph(recognition, found),
            generative=generative_graph(generative, found),
            features=features,
            enumerated=discrete == "enumerated",
            temperature=temperature,
        )
        self.supervised = [variable for variable in found.values() if variable.supervised]
        self.factor_names = factor_names
        self.labelled_share = gamma * labels / n
        self.samples = samples
        self.alpha = alpha
        self.evidence: Evidence = evidence
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        found = read_variables(
            known["variables"],
            VariableFacts(known["classes"], known["factor_names"], known["factor_sizes"]),
        )
        generative = generative_graph(known["generative"], found)
        inputs = sum(found[parent].columns for parent in generative.parents[IMAGE])
        return {"encoder": {"outputs": known["features"]}, "decoder": {"inputs": inputs}}

    @property
    def needs(self) -> frozenset[str]:
        found = {"images"}
        if self.supervised:
            found.add("labels")
        return frozenset(found)

    @property
    def labelled_factors(self) -> frozenset[str]:
        return frozenset(
            self.factor_names[k] for variable in self.supervised for k in variable.factors
        )

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        return self.model.blocks

    @property
    def classes_named(self) -> bool:
        return any(variable.of_class for variable in self.supervised)

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, self.lr)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        bound = self.elbo(batch.x).mean()
        turn = Losses({"model": -bound}, {"bound": bound}, NATS)
        if self.supervised:
            assert batch.labelled is not None  # needs has "labels"
            turn += self._labelled(batch.labelled)
        yield turn

    def _labelled(self, batch: Batch) -> Losses:
        """The bound of the labelled images, and log q of their labels."""
        labels = {variable.name: variable.label(batch) for variable in self.supervised}
        # (samples, E, B): draws with the labels clamped, and their weights
        draws = self.model.draws(batch.x, labels, self.samples)
        bound = expected(draws.log_w, self.model.log_ratio(batch.x, draws)).mean()
        evidence = log_evidence(draws.log_w, self.evidence).mean()
        loss = -self.labelled_share * (bound + (1 + self.alpha) * evidence)
        terms = {"labelled bound": bound + evidence, "log q of labels": evidence}
        return Losses({"model": loss}, terms, NATS)

    def encode(self, x: Tensor) -> Posterior:
        return self.model.code(x)

    @torch.no_grad()
    def intervene(self, x: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        """Codes (B, D) of images with some variables set; what depends on them is inferred anew.

        given: {variable: (columns,) or (B, columns)}, one-hots of a categorical variable. Variables
        that do not depend on those in the graph of recognition are as `encode` has them.
        ValueError for a variable that there is not.
        """
        unknown = [name for name in given if name not in self.model.variables]
        if unknown:
            raise ValueError(
                f"there is no variable {unknown[0]!r}; {nearest(unknown[0], self.model.variables)}"
            )
        return self.model.code(x, given).mean

    def decode(self, z: Tensor) -> Tensor:
        return self.model.decode(z)

    def sample_prior(self, n: int) -> Tensor:
        return self.model.sample_prior(n)

    def elbo(self, x: Tensor) -> Tensor:
        draws = self.model.draws(x, {}, samples=1)
        return expected(draws.log_w, self.model.log_ratio(x, draws))
