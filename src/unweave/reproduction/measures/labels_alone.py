"""Classes of held-out images by classifiers of pixels, from the same few labels as a run had."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import to_unit
from unweave.data.shifts.labels import labelled
from unweave.evaluation.evaluate import evaluate
from unweave.metrics.estimators.classifiers import quietly
from unweave.runs.opening import parted
from unweave.runs.run import Run

Head = Literal["mlp", "label_spreading"]


def accuracy(run: Run, *, head: Head = "mlp") -> float:
    """Share of the held-out images that a classifier of pixels names, 0 to 1.

    head: "mlp", one hidden layer of 64 units, of the labelled images alone; "label_spreading", over
    the seven nearest of all training images, which uses those without label as the run does.
    ValueError for a run without held-out rows, or without labelled classes.
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.semi_supervised import LabelSpreading

    config = run.config
    seen, held = parted(run.data, config.loop)
    if held is None or seen.y is None or held.y is None:
        raise ValueError(
            f"{run.path} has no held-out rows with classes: "
            "train with holdout, on data with classes"
        )
    rows, _ = labelled(seen, config.loop.seed, count=config.batches.labels)
    x = _pixels(seen, np.arange(len(seen)))  # (n, F)
    new = _pixels(held, np.arange(len(held)))
    # an image that no label reaches has no distribution, but zeros over zeros
    with quietly(), np.errstate(invalid="ignore"):
        if head == "mlp":
            network: Any = MLPClassifier((64,), max_iter=400, random_state=config.loop.seed)
            model = network.fit(x[rows], seen.y[rows])
        else:
            partly = np.full(len(seen), -1)  # -1: without label
            partly[rows] = seen.y[rows]
            model = LabelSpreading(kernel="knn", n_neighbors=7).fit(x, partly)
        return float((model.predict(new) == held.y).mean())


def gain(run: Run, *, head: Head = "mlp") -> float:
    """The run's accuracy of classes on held-out images, less that of the classifier of pixels."""
    (score,) = evaluate(run, "class_accuracy").values()
    return float(score.value) - accuracy(run, head=head)


def _pixels(data: Any, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Images in [0, 1] as vectors, (n, F)."""
    return to_unit(data.take(rows), np.float64).reshape(len(rows), -1)
