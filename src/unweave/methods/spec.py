"""Specification of a method: a tree of classes with all their settings, from which it can be built.

A constructor's keywords are of four kinds. One annotated with `Setting` is part of the
configuration; one that names a kind of part (see `methods.kind_of`) takes a module, built the same
way; one in the owner's `part_arguments` has its value from there; one named as a field of
`DataInfo` is filled in from the data, and `steps` with the length of the run.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from unweave.methods import kind_of
from unweave.methods.base import Method, Part
from unweave.methods.contract import refuse_unfit, refuse_unfit_arguments
from unweave.methods.missed import is_missed, not_given
from unweave.seeds import fold
from unweave.seeds.generators import seeded
from unweave.settings import Keyword, keywords, nearest
from unweave.types import DataInfo

STEPS = 30_000  # default length of a run


@dataclass(frozen=True)
class Spec:
    """One node of the tree: a method or a part.

    name: in the tables of methods and parts, or "module:Class". made: the class, or the module that
    was given.
    settings: {keyword: value}, all of this class's own, in their types. parts: {keyword: Spec}, in
    the order of keywords; a part that is left out keeps its default, None.
    """

    name: str
    made: type[nn.Module] | nn.Module
    settings: Mapping[str, Any]
    parts: Mapping[str, Spec]

    def flat(self) -> dict[str, Any]:
        """The settings of the whole tree by dotted name.

        E.g. {"latents": 10, "regulariser.beta": 4.0}.
        """
        found: dict[str, Any] = {}
        for path, node in self.nodes():
            for name, value in node.settings.items():
                found[f"{path}{name}"] = value
        return found

    def part_names(self) -> dict[str, str]:
        """The chosen parts of the whole tree by dotted keyword.

        E.g. {"encoder": "conv64", "regulariser.critic": "mlp"}.
        """
        return {path.removesuffix("."): node.name for path, node in self.nodes() if path}

    def modules(self) -> dict[str, nn.Module]:
        """The parts that were given as modules, by dotted keyword."""
        made = {path.removesuffix("."): node.made for path, node in self.nodes()}
        return {path: module for path, module in made.items() if isinstance(module, nn.Module)}

    def words(self) -> dict[str, Keyword]:
        """The keywords behind `flat`, by dotted name."""
        found: dict[str, Keyword] = {}
        for path, node in self.nodes():
            for name, word in node.keywords().items():
                if word.setting is not None:
                    found[f"{path}{name}"] = word
        return found

    def places(self) -> dict[str, str]:
        """Keywords that take a part, chosen or left out: {dotted keyword: kind of part}."""
        found: dict[str, str] = {}
        for path, node in self.nodes():
            for name, kind in part_kinds(node.keywords()):
                found[f"{path}{name}"] = kind
        return found

    def keywords(self) -> dict[str, Keyword]:
        """The keywords of this node's constructor; empty for a module that was given."""
        if not isinstance(self.made, type):
            return {}
        return keywords(self.made)

    def nodes(self, path: str = "") -> Iterator[tuple[str, Spec]]:
        """The node itself and all below it, with their dotted paths.

        E.g. "", "encoder.", "regulariser.critic.".
        """
        yield path, self
        for name, part in self.parts.items():
            yield from part.nodes(f"{path}{name}.")

    def make(self, info: DataInfo, *, seed: int = 0, steps: int = STEPS) -> Method:
        """The method as a module on the CPU, its weights initialised from `seed`.

        The state of the caller's random generators is unchanged. info: facts of the data; steps:
        the length of the run; both are passed to the constructors that take them.
        """
        facts = {field.name: getattr(info, field.name) for field in dataclasses.fields(info)}
        facts["steps"] = steps
        with seeded(fold(seed, "weights"), torch.get_default_device()):
            made = self.build(facts)
        assert isinstance(made, Method)
        return made

    def build(self, facts: Mapping[str, Any], place: str = "") -> nn.Module:
        """The module; `facts` fill in the keywords that are neither settings nor parts.

        place: of a part, for messages: "encoder of VAE". ValueError if a keyword has no value and
        is required, or takes a module or a plain value: a default that nothing can change.
        """
        if isinstance(self.made, nn.Module):
            return self.made
        for_parts = self._for_parts(self.made, {**facts, **self.settings})
        arguments: dict[str, Any] = {}
        for name, word in self.keywords().items():
            if name in self.settings:
                arguments[name] = self.settings[name]
            elif name in self.parts:
                inner = {**facts, **for_parts.get(name, {})}
                arguments[name] = self.parts[name].build(inner, f"{name} of {self.made.__name__}")
            elif name in facts:
                arguments[name] = facts[name]
            elif kind_of(name) is None and (word.required or is_missed(word.type)):
                raise ValueError(not_given(self.made.__name__, word, place, facts))
        made: nn.Module = self.made(**arguments)
        refuse_unfit(made)
        return made

    def _for_parts(self, made: type, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """The arguments that a class gives its parts. ValueError if it reads what is not known."""
        if not issubclass(made, Method | Part):
            return {}
        if not inspect.ismethod(made.part_arguments):
            raise ValueError(f"{made.__name__}.part_arguments is no class method: add @classmethod")
        try:
            given = made.part_arguments(known)
        except KeyError as error:
            missing = str(error.args[0])
            hint = nearest(missing, known)
            if missing in self.keywords():
                hint = "annotate it with Setting(...)"
            raise ValueError(
                f"part_arguments of {made.__name__} reads {missing!r}, "
                f"which is no setting and no fact; {hint}"
            ) from error
        refuse_unfit_arguments(made, [name for name, _ in part_kinds(self.keywords())], given)
        return given


def part_kinds(words: Mapping[str, Keyword]) -> Iterator[tuple[str, str]]:
    """(keyword, kind of part) of the keywords that take a part."""
    for name, word in words.items():
        kind = kind_of(name)
        if kind is not None and word.setting is None:
            yield name, kind
