"""The text of graphs and variables: what it means, and the one line that refuses it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.methods.small_graphs import NETWORKS

import unweave
from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.sampling.batches import stream
from unweave.data.view import View
from unweave.methods.graph.names import generative_graph, recognition_graph
from unweave.methods.graph.variables import VariableFacts, read_variables
from unweave.types import Batch

FACTS = VariableFacts(3, ("shape", "size", "measured"), (3, 4, 0))
NAMES = ("r", "l", "i", "s")


def test_graphs_are_read_in_any_order() -> None:
    graph = recognition_graph("s | l, i   r|x l|x i|x", NAMES)
    assert graph.parents == {"r": ("x",), "l": ("x",), "i": ("x",), "s": ("l", "i")}
    assert list(graph.parents)[-1] == "s"
    assert generative_graph("x|r,s s|l r l i", NAMES).parents["s"] == ("l",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r|x l|s i|x s|l,i", r"recognition: there is a cycle, (l -> s -> l|s -> l -> s)"),
        ("r|r,x l|x i|x s|l,i", r"recognition: there is a cycle, r -> r"),
        (
            "r|x l|x i|x s|l,j",
            r"recognition: s has the parent 'j', which is none of .*there are: i, l, r, s, x",
        ),
        ("r|x l|x i|x", "recognition: s is missing; write s, or s|PARENTS"),
        (
            "r|x l|x i|x s|l,i k|x",
            "recognition: 'k' is not among the variables; there are: i, l, r, s",
        ),
        ("r|x l|x i|x s|l,i r", "recognition: r is there twice"),
        ("r|x l|x i|x s|l,l", "recognition: s has the same parent twice"),
        ("r|x l|x i|x s|", r"recognition: 's\|' is no variable with its parents"),
        ("r|x l|x i|x s|l,i x|r", "recognition: x is the image, which is given"),
        ("r l i s|l,i", "recognition: no variable has the parent x"),
        ("", "recognition: r is missing"),
    ],
)
def test_a_recognition_graph_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        recognition_graph(text, NAMES)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r l i s", r"generative: x, the image, has no parents: add x\|r,l,i,s"),
        ("r l i s x", r"generative: x, the image, has no parents"),
        (
            "r|x l i s x|r",
            r"generative: r has the parent 'x', which is none of .*there are: i, l, r, s",
        ),
        ("r l|s i s|l x|r", "generative: there is a cycle"),
        ("r l i x|r", "generative: s is missing"),
    ],
)
def test_a_generative_graph_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generative_graph(text, NAMES)


def test_variables_have_kinds_and_columns() -> None:
    found = read_variables(
        "y=categorical( class )  l=gaussian(size, shape) k=categorical(5) z=gaussian(7)", FACTS
    )
    assert [(v.name, v.kind, v.columns, v.supervised) for v in found.values()] == [
        ("y", "categorical", 3, True),
        ("l", "gaussian", 2, True),
        ("k", "categorical", 5, False),
        ("z", "gaussian", 7, False),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("z=laplace(3)", "variables: z is of kind 'laplace'; there are: categorical, gaussian"),
        ("z=gaussan(3)", "variables: z is of kind 'gaussan'; did you mean 'gaussian'?"),
        ("z=gaussian", "variables: 'z=gaussian' is none; write"),
        ("z=gaussian(0)", "variables: z has 0 columns"),
        ("z=categorical(1)", "variables: z has 1 columns; expected one number, 2 or more"),
        ("z=gaussian(3,4)", "variables: z has 3,4 columns"),
        ("x=gaussian(3)", "variables: x is the image"),
        ("z=gaussian(3) z=gaussian(2)", "variables: z is there twice"),
        ("z=gaussian(class)", "variables: z is gaussian, and the class is a name"),
        (
            "z=categorical(sizes)",
            "variables: z is labelled by 'sizes', which the data do not have; did you mean 'size'?",
        ),
        (
            "z=categorical(size,shape)",
            "variables: z is categorical, so that it is of one factor; it names 2",
        ),
        (
            "z=gaussian(measured)",
            "variables: z is labelled by measured, which has no two values that are indices",
        ),
        ("a=categorical(class) b=categorical(class)", "variables: two are labelled by the class"),
        (
            "class=gaussian(2) b=categorical(class)",
            "variables: two are labelled by the class, or called class",
        ),
        ("", "variables is empty"),
    ],
)
def test_variables_that_are_none_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_variables(text, FACTS)


def test_classes_that_the_data_lack_are_refused() -> None:
    with pytest.raises(ValueError, match="these data have no classes"):
        read_variables("y=categorical(class)", VariableFacts(0, (), ()))


def test_labels_are_values_with_a_mark_where_they_are_known() -> None:
    found = read_variables("i=categorical(shape) l=gaussian(size,shape)", FACTS)
    nan = float("nan")
    batch = Batch(
        torch.zeros(3, 4), v=torch.tensor([[2.0, 3.0, 0.5], [nan, 0.0, 0.5], [0.0, nan, 0.5]])
    )
    shape = found["i"].label(batch)
    assert shape.known.tolist() == [True, False, True]
    assert shape.value[[0, 2]].tolist() == [[0, 0, 1], [1, 0, 0]]
    both = found["l"].label(batch)
    assert both.known.tolist() == [True, False, False]
    # of 0 ... 3 the mean is 1.5 and the deviation sqrt(15 / 12); of 0 ... 2 they are 1 and sqrt(8 / 12)
    assert both.value[0].tolist() == pytest.approx([1.5 / (15 / 12) ** 0.5, 1 / (8 / 12) ** 0.5])
    assert both.value.isfinite().all()


# -- in training


def tiny() -> View:
    factors = FactorSpace(("shape", "size", "angle"), (4, 4, 6))
    noise = np.random.default_rng(0).integers(256, size=(len(factors), 1, 8, 8), dtype=np.uint8)
    return with_classes(FactorImages(factors, noise, name="tiny"), "shape")


SMALL = NETWORKS | {
    "variables": "y=categorical(class) l=gaussian(angle) k=categorical(size) z=gaussian(2)",
    "recognition": "z|y,l,x y|x l|x,k k|x",
    "generative": "y l k z|y x|y,l,k,z",
    "batch_size": 24,
    "steps": 3,
}


def test_a_graph_with_labels_of_factors_trains(tmp_path) -> None:  # type: ignore[no-untyped-def]
    run = unweave.train("graph-vae", tiny(), out=tmp_path, batch_options={"labels": 24}, **SMALL)
    assert list(run.blocks) == ["class", "l", "k", "z"]
    assert run.records()[-1]["log q of labels"] < 0
    images = run.data.take(np.arange(5))
    assert run.decode(run.encode(images)).shape == images.shape
    with pytest.raises(ValueError, match="there is no variable 'q'"):
        run.method.intervene(torch.zeros(5, 1, 8, 8), {"q": torch.zeros(2)})


def test_a_variable_that_no_image_has_a_label_of_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    options = {"labels": 24, "observed": ["shape", "angle"]}
    with pytest.raises(
        ValueError,
        match="graph-vae learns from labels of size, which none of the labelled images has",
    ):
        unweave.train("graph-vae", tiny(), out=tmp_path, batch_options=options, **SMALL)
    assert not list(tmp_path.iterdir())


def test_the_rows_with_labels_are_the_same_in_every_epoch() -> None:
    batches = stream(tiny(), {"images", "labels"}, batch_size=24, seed=0, labels=8)
    labelled = [batches(step).labelled for step in range(3 * 4)]
    rows = {int(row) for batch in labelled if batch is not None for row in batch.index}
    assert len(rows) == 8
