"""Classifiers of pixels from the labels of a run: the same images, labels and held-out rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from unweave.data.shifts.labels import labelled
from unweave.evaluation.evaluate import evaluate
from unweave.reproduction.measures import labels_alone
from unweave.runs.opening import parted
from unweave.runs.run import Run
from unweave.runs.train import train

NETS = {"encoder": "mlp", "class_encoder": "mlp", "decoder": "mlp"}
SMALL = {f"{name}.width": 8 for name in NETS} | {"features": 8, "latents": 2}


def run(out: Path, holdout: float = 0.3) -> Run:
    return train(
        "m2",
        "digits",
        steps=2,
        holdout=holdout,
        batch_options={"labels": 50},
        out=out,
        **NETS,
        **SMALL,
    )


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_classifier_has_the_labels_of_the_run(tmp_path: Path) -> None:
    trained = run(tmp_path)
    seen, held = parted(trained.data, trained.config.loop)
    assert held is not None
    assert held.y is not None
    rows, _ = labelled(seen, 0, count=50)
    assert np.bincount(seen.y[rows]).tolist() == [5] * 10
    x = (seen.take(rows) / 255).reshape(50, -1)
    model = MLPClassifier((64,), max_iter=400, random_state=0).fit(x, seen.y[rows])
    expected = (
        model.predict((held.take(np.arange(len(held))) / 255).reshape(len(held), -1)) == held.y
    ).mean()
    mlp = labels_alone.accuracy(trained)
    assert mlp == pytest.approx(expected)
    assert 0.75 < mlp < 0.95
    assert labels_alone.accuracy(trained, head="label_spreading") > mlp
    own = evaluate(trained, "class_accuracy")["class_accuracy"].value
    assert labels_alone.gain(trained) == pytest.approx(own - mlp)
    assert len(load_digits().target) == len(seen) + len(held)


def test_without_held_out_rows_there_is_nothing_to_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no held-out rows with classes"):
        labels_alone.accuracy(run(tmp_path, holdout=0.0))
