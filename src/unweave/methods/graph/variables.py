"""Parser of the variables of a graph: `y=categorical(class)  l=gaussian(azimuth)  z=gaussian(10)`.

In brackets is what labels the variable: the class, or named factors; or its number of columns, if
it has no labels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from unweave.blocks import Block
from unweave.maths.label_scale import centre_and_deviation
from unweave.methods.class_model import refuse_no_classes
from unweave.methods.graph.names import IMAGE
from unweave.settings import nearest
from unweave.types import Batch

KINDS = {"gaussian": "gaussian", "categorical": "one-hot"}  # of a variable, and of its block
LEAST_COLUMNS = {"gaussian": 1, "categorical": 2}
CLASS = "class"
_WORD = re.compile(r"([^\W\d]\w*)=(\w+)\(([\w\-]+(?:,[\w\-]+)*)\)")


@dataclass(frozen=True)
class VariableFacts:
    """VariableFacts of the data: number of classes; names and sizes of the factors."""

    classes: int
    factor_names: Sequence[str]
    factor_sizes: Sequence[int]


@dataclass(frozen=True)
class Label:
    """Labels of a variable. value: (B, columns), any where it is not known. known: (B,) bool."""

    value: Tensor
    known: Tensor


@dataclass(frozen=True)
class Variable:
    """A variable of `columns` columns, Gaussian or one-hot.

    factors: numbers of the factors that label it, with `sizes`; of_class: whether the class does.
    A Gaussian has a column for each factor, whose indices are scaled to mean 0 and variance 1.
    """

    name: str
    kind: str
    columns: int
    factors: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    of_class: bool = False

    @property
    def supervised(self) -> bool:
        """Whether it has labels."""
        return self.of_class or bool(self.factors)

    @property
    def log_floor(self) -> float:
        """Least log variance, that of rounding a label to an index; none without labels.

        Labels that can be fitted exactly have a density without a maximum; a lower floor lets it
        drown the probabilities of categories.
        """
        if not self.factors:
            return -math.inf
        _, deviation = centre_and_deviation(torch.tensor(self.sizes, dtype=torch.float64))
        return -math.log(12) - 2 * math.log(float(deviation.max()))

    def label(self, batch: Batch) -> Label:
        """The labels in a labelled batch."""
        if self.of_class:
            assert batch.y is not None  # the data have classes
            known = torch.ones_like(batch.y, dtype=torch.bool)
            return Label(F.one_hot(batch.y, self.columns).float(), known)
        assert batch.v is not None  # the data have factors
        v = batch.v[:, list(self.factors)]  # (B, factors)
        known = ~v.isnan().any(1)
        v = v.nan_to_num()
        if self.kind == "categorical":
            return Label(F.one_hot(v[:, 0].long(), self.columns).float(), known)
        centre, deviation = centre_and_deviation(v.new_tensor(self.sizes))
        return Label(((v - centre) / deviation).float(), known)


def read_variables(text: str, facts: VariableFacts) -> dict[str, Variable]:
    """The variables by name, in the order of the text.

    ValueError for text that is none, unknown kinds, and labels that these data do not have.
    """
    found: dict[str, Variable] = {}
    # without the blanks around = ( , ) each word is one variable
    for word in re.sub(r"\s*([=(,)])\s*", r"\1", text).replace(")", ") ").split():
        read = _WORD.fullmatch(word)
        if read is None:
            raise ValueError(
                f"variables: {word!r} is none; write NAME=gaussian(10) or NAME=categorical({CLASS})"
            )
        name, kind, inside = read.groups()
        if name == IMAGE:
            raise ValueError(f"variables: {name} is the image")
        if name in found:
            raise ValueError(f"variables: {name} is there twice")
        if kind not in KINDS:
            raise ValueError(f"variables: {name} is of kind {kind!r}; {nearest(kind, KINDS)}")
        found[name] = _variable(name, kind, inside.split(","), facts)
    if not found:
        raise ValueError("variables is empty: write NAME=gaussian(10) or NAME=categorical(class)")
    if sum(variable.of_class or name == CLASS for name, variable in found.items()) > 1:
        raise ValueError("variables: two are labelled by the class, or called class; take one")
    return found


def blocks_of(variables: dict[str, Variable]) -> dict[str, Block]:
    """Their columns in a code, side by side.

    The block of the class is "class", whatever the name of its variable.
    """
    found: dict[str, Block] = {}
    start = 0
    for name, variable in variables.items():
        columns = slice(start, start + variable.columns)
        block = Block(columns, kind=KINDS[variable.kind])
        if variable.of_class:
            found[CLASS] = block
        else:
            found[name] = block
        start = columns.stop
    return found


def _variable(name: str, kind: str, inside: Sequence[str], facts: VariableFacts) -> Variable:
    if inside[0].isdigit():
        return _without_labels(name, kind, inside)
    if list(inside) == [CLASS]:
        if kind != "categorical":
            raise ValueError(
                f"variables: {name} is {kind}, and the class is a name: write categorical({CLASS})"
            )
        refuse_no_classes(facts.classes)
        return Variable(name, kind, facts.classes, of_class=True)
    factors = tuple(_factor(name, factor, facts) for factor in inside)
    sizes = tuple(facts.factor_sizes[k] for k in factors)
    if kind == "gaussian":
        return Variable(name, kind, len(factors), factors, sizes)
    if len(factors) > 1:
        raise ValueError(
            f"variables: {name} is categorical, so that it is of one factor; "
            f"it names {len(factors)}"
        )
    return Variable(name, kind, sizes[0], factors, sizes)


def _without_labels(name: str, kind: str, inside: Sequence[str]) -> Variable:
    columns = 0
    if len(inside) == 1:
        columns = int(inside[0])
    least = LEAST_COLUMNS[kind]
    if columns < least:
        given = f"variables: {name} has {','.join(inside)} columns"
        raise ValueError(f"{given}; expected one number, {least} or more")
    return Variable(name, kind, columns)


def _factor(name: str, factor: str, facts: VariableFacts) -> int:
    """The number of a factor. ValueError if there is none of that name, or if it is no index."""
    if factor not in facts.factor_names:
        known = [CLASS, *facts.factor_names]
        hint = nearest(factor, known)
        raise ValueError(
            f"variables: {name} is labelled by {factor!r}, which the data do not have; {hint}"
        )
    k = list(facts.factor_names).index(factor)
    if facts.factor_sizes[k] < 2:
        raise ValueError(
            f"variables: {name} is labelled by {factor}, "
            "which has no two values that are indices from 0"
        )
    return k
