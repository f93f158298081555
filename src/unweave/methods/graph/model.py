"""Generative graph p and recognition graph q of named variables: draws, codes, samples, bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from unweave.methods.graph.conditional import Conditional
from unweave.methods.graph.draws import Draws
from unweave.methods.graph.names import IMAGE, Graph
from unweave.methods.graph.variables import Label, Variable, blocks_of
from unweave.nets.likelihood import Likelihood
from unweave.types import Posterior


class GraphModel(nn.Module):
    """p(x, variables) and q(variables given x).

    encoder: x (B, *shape) to features (B, F). decoder: the parents of x, side by side, to the
    parameters of the likelihood. enumerated: whether a categorical variable without label is summed
    over; else a one-hot is drawn, with the gradient of its relaxation at `temperature`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        *,
        variables: Mapping[str, Variable],
        recognition: Graph,
        generative: Graph,
        features: int,
        enumerated: bool = True,
        temperature: float = 0.66,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.variables = dict(variables)
        self.recognition = recognition
        self.generative = generative
        self.enumerated = enumerated
        self.temperature = temperature
        self.blocks = blocks_of(self.variables)
        self.q = _conditionals(recognition, self.variables, features)
        self.p = _conditionals(generative, self.variables, features)

    def draws(self, x: Tensor, labels: Mapping[str, Label], samples: int) -> Draws:
        """S = `samples` draws from q for images x, with `labels` by variable."""
        features = self.encoder(x)  # (B, F)
        found = Draws.none(samples, features)
        for name, q in _each(self.q):
            label = labels.get(name)
            summed = self.enumerated and q.variable.kind == "categorical" and not _complete(label)
            if summed:
                found = found.repeated(q.variable.columns)
            parameters = self._at(q, self.recognition, found.values, features)
            parameters = parameters.expand(*found.log_q.shape, -1)  # (S, E, B, outputs)
            if summed:
                found = found.summed(q, parameters, label)
            else:
                found = found.drawn(q, parameters, label, self.temperature)
        return found

    def log_ratio(self, x: Tensor, draws: Draws) -> Tensor:
        """The log of p(x, variables) / q(variables given x) of draws, (S, E, B)."""
        # log p of the variables, each given its parents, less log q: (S, E, B)
        found = -draws.log_q
        for _, p in _each(self.p):
            parameters = self._at(p, self.generative, draws.values, None)
            found = found + p.log_prob(parameters, draws.values[p.variable.name])
        # log p(x given its parents), (S, E, B, columns) -> (S, E, B)
        z = torch.cat([draws.values[parent] for parent in self.generative.parents[IMAGE]], -1)
        times = z.shape[0] * z.shape[1]
        # every image beside each of its draws, (S * E * B, ...)
        repeated = x.expand(times, *x.shape).flatten(0, 1)
        nats = self.likelihood(self.decoder(z.flatten(0, 2)), repeated)
        return found - nats.view(z.shape[:-1])

    def code(self, x: Tensor, given: Mapping[str, Tensor] | None = None) -> Posterior:
        """The distribution of each variable, (B, D) in all, at the most probable values of parents.

        That is the mean of a Gaussian, and the one-hot of a category. given: variables that are
        set, (B, columns) or (columns,), whatever the image: what depends on them follows, and
        nothing else does.
        """
        features = self.encoder(x)  # (B, F)
        values: dict[str, Tensor] = {}
        moments: dict[str, tuple[Tensor, Tensor]] = {}
        for name, q in _each(self.q):
            if given is not None and name in given:
                values[name] = given[name].to(features).expand(len(x), q.variable.columns)
                moments[name] = (values[name], torch.zeros_like(values[name]))
                continue
            parameters = self._at(q, self.recognition, values, features).expand(len(x), -1)
            moments[name] = q.posterior(parameters)
            values[name] = q.most_probable(parameters)
        mean = torch.cat([moments[name][0] for name in self.variables], 1)
        log_var = torch.cat([moments[name][1] for name in self.variables], 1)
        return Posterior(mean, log_var, blocks=self.blocks)

    def decode(self, code: Tensor) -> Tensor:
        """Images of codes (B, D), of which the parents of x are used."""
        blocks = zip(self.variables, self.blocks.values(), strict=True)
        columns = {name: block.columns for name, block in blocks}
        z = torch.cat([code[:, columns[parent]] for parent in self.generative.parents[IMAGE]], 1)
        return self.likelihood.mean(self.decoder(z))

    def sample_prior(self, n: int) -> Tensor:
        """Codes (n, D) from p."""
        values: dict[str, Tensor] = {}
        for name, p in _each(self.p):
            parameters = self._at(p, self.generative, values, None)
            values[name] = p.draw(parameters.expand(n, -1), self.temperature)
        return torch.cat([values[name] for name in self.variables], 1)

    def _at(
        self, of: Conditional, graph: Graph, values: Mapping[str, Tensor], features: Tensor | None
    ) -> Tensor:
        """The parameters of a variable at the values of its parents."""
        parents = graph.parents[of.variable.name]
        others = [values[parent] for parent in parents if parent != IMAGE]
        if IMAGE not in parents:
            features = None
        return of(others, features)


def _conditionals(graph: Graph, variables: Mapping[str, Variable], features: int) -> nn.ModuleList:
    """The distributions of the variables of a graph, each after those of its parents."""
    found = nn.ModuleList()
    for name, parents in graph.parents.items():
        if name == IMAGE:
            continue
        columns = sum(variables[parent].columns for parent in parents if parent != IMAGE)
        image = IMAGE in parents
        found.append(Conditional(variables[name], columns, image=image, features=features))
    return found


def _each(conditionals: nn.ModuleList) -> Iterator[tuple[str, Conditional]]:
    for one in conditionals:
        assert isinstance(one, Conditional)
        yield one.variable.name, one


def _complete(label: Label | None) -> bool:
    """Whether every image has this label."""
    return label is not None and bool(label.known.all())
