"""A method, or a part of one, with everything chosen: a tree of classes with their settings, which can be built.

A constructor's keywords say what it takes. One annotated with `Setting` is part of the configuration; one that names a
kind of part (see `methods.kind_of`) takes a module, built the same way; one that the owner's `part_arguments` names is
filled in by it; one named as a field of `DataInfo` is a fact and filled in from the data, and so is `steps`, the length
of the run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from unweave.generators import seeded
from unweave.methods import kind_of
from unweave.methods.base import Method, Part
from unweave.seeds import fold
from unweave.settings import Keyword, keywords
from unweave.types import DataInfo

STEPS = 30_000  # the length of a run that nobody chose


@dataclass(frozen=True)
class Spec:
    """One node of the tree.

    name: in the tables of methods and parts, or "module:Class". made: the class, or the module that was handed in.
    settings: {keyword: value}, all of this class's own, in their types. parts: {keyword: Spec}, by the order of keywords;
    a part that is left out is None to the constructor.
    """

    name: str
    made: type[nn.Module] | nn.Module
    settings: Mapping[str, Any]
    parts: Mapping[str, Spec]

    def flat(self) -> dict[str, Any]:
        """The settings of the whole tree by dotted name: {"latents": 10, "regulariser.beta": 4.0, ...}."""
        return {f"{path}{name}": value for path, node in self.nodes() for name, value in node.settings.items()}

    def part_names(self) -> dict[str, str]:
        """The chosen parts of the whole tree by dotted keyword: {"encoder": "conv64", "regulariser.critic": "mlp"}."""
        return {path.removesuffix("."): node.name for path, node in self.nodes() if path}

    def modules(self) -> dict[str, nn.Module]:
        """The parts that were handed in as objects, by dotted keyword."""
        return {path[:-1]: node.made for path, node in self.nodes() if isinstance(node.made, nn.Module)}

    def words(self) -> dict[str, Keyword]:
        """The keywords behind `flat`, by dotted name."""
        return {
            f"{path}{name}": word
            for path, node in self.nodes()
            for name, word in node.keywords().items()
            if word.setting is not None
        }

    def places(self) -> dict[str, str]:
        """Where a part may stand, taken or not: {dotted keyword: kind of part}."""
        return {f"{path}{name}": kind for path, node in self.nodes() for name, kind in part_kinds(node.keywords())}

    def keywords(self) -> dict[str, Keyword]:
        """The keywords of this node's constructor; none of a module that was handed in."""
        return keywords(self.made) if isinstance(self.made, type) else {}

    def nodes(self, path: str = "") -> Iterator[tuple[str, Spec]]:
        """The node itself and all below it, with their dotted paths ("", "encoder.", "regulariser.critic.", ...)."""
        yield path, self
        for name, part in self.parts.items():
            yield from part.nodes(f"{path}{name}.")

    def make(self, info: DataInfo, *, seed: int = 0, steps: int = STEPS) -> Method:
        """The method as an object on the CPU, its weights drawn from `seed`; the caller's random state is left alone.

        info: facts of the data; steps: the length of the run; both for those that take them.
        """
        facts = {f.name: getattr(info, f.name) for f in dataclasses.fields(info)} | {"steps": steps}
        with seeded(fold(seed, "weights"), torch.get_default_device()):
            made = self.build(facts)
        assert isinstance(made, Method)
        return made

    def build(self, facts: Mapping[str, Any], place: str = "") -> nn.Module:
        """The module: `facts` fill in what is neither a setting nor a part. place: "encoder of VAE", of a part."""
        if isinstance(self.made, nn.Module):
            return self.made
        known = {**facts, **self.settings}
        for_parts = self.made.part_arguments(known) if issubclass(self.made, Method | Part) else {}
        arguments: dict[str, Any] = {}
        for name, word in self.keywords().items():
            if name in self.settings:
                arguments[name] = self.settings[name]
            elif name in self.parts:
                inner = {**facts, **for_parts.get(name, {})}
                arguments[name] = self.parts[name].build(inner, f"{name} of {self.made.__name__}")
            elif name in facts:
                arguments[name] = facts[name]
            elif kind_of(name) is None and word.required:
                raise ValueError(_nobody_gives(self.made.__name__, name, place))
        return self.made(**arguments)


def part_kinds(words: Mapping[str, Keyword]) -> Iterator[tuple[str, str]]:
    """(keyword, kind of part) of the keywords that take a part."""
    for name, word in words.items():
        if word.setting is None and (kind := kind_of(name)):
            yield name, kind


def _nobody_gives(made: str, name: str, place: str) -> str:
    if place:
        return f"{made}, the {place}, takes {name!r}, which part_arguments there does not give"
    return f"{made} takes {name!r}, which nobody gives: annotate it with Setting(...) to make it one"
