"""Evaluation: metrics of a run, of an encoder function, or of codes beside factors.

Every image that any of the metrics needs is encoded once; the metrics read the same tables.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from unweave import metrics as registry
from unweave.evaluation.encoder_scores import Encoder, evaluate_encoder
from unweave.evaluation.run_scores import evaluate_run
from unweave.evaluation.scoring import as_names, get, name_of, names_of, score
from unweave.metrics.tables.arguments import check_how, refuse_unread
from unweave.metrics.tables.swapped import SWAPPED, look_swapped
from unweave.metrics.tables.table import Table

if TYPE_CHECKING:
    from unweave.runs.run import Run

OF_IMAGES = "is of what has to be encoded, and codes are scored as they are"
OF_CODES = "stands beside codes and factors that are given as such"
OF_RUNS = "is of a run, whose method says what the columns of its codes are"


def evaluate(
    what: Run | Encoder | tuple[ArrayLike, ArrayLike | None],
    metrics: Any = None,
    *,
    data: Any = None,
    n: int | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    log_var: ArrayLike | None = None,
    kinds: Any = None,
    block: str | None = None,
) -> dict[str, registry.Score]:
    """Score a run, an encoder, or codes beside factors.

    what: a run; an encoder, with `data`; or (codes (N, D), factors (N, K)). An encoder is a
        function of images as the data set has them, uint8 (n, C, H, W) or vectors (n, F), of
        numpy, TensorFlow, JAX or torch; or a torch module or a method of one, such as vae.encode,
        which is given tensors on its device, images in [0, 1], in evaluation mode. It gives codes
        (n, D), (mean, log_var), a distribution, or a dict or dataclass with one entry of that shape
        or with a usual name: mean, mu, loc, z, codes, latents; log_var.
    metrics: names in any case, in a list or with commas between them, "all" for every metric that
        these tables allow, or None for the usual six;
        either also with `class_accuracy` for a run whose codes have a block "class" and data whose
        classes are known. In place of a name "module:metric", or the metric itself; either may be a
        bare function (codes, factors) -> float.
    data: what to encode, with known factors or labels. If None, the run's own: the rows that were
        held out of training where some were, as every score then notes in its `reason`; give
        `data=run.data` to score all.
    n: images to encode, 10,000 by default (all if there are fewer). Under a "dlib" protocol, 5,000
        others to test on (a third of the n where there are too few, as each score's estimator then
        states), and groups of images by intervention; else groups are drawn from the n images.
    calibrate: also errors and null floors of metrics that fit models. test, log_var: as for any
        metric, with codes.
    kinds: of the factors, "categorical", "ordered" or "continuous": one for all, one for each, or
        {factor: kind}, a factor by its name in the data or its number; in place of what the data
        set declares or, without that, of a guess.
    block: the one block of a run's codes that is scored, by name, e.g. "content"; all that are
        scored if None.

    Returns {name: Score}; a run keeps them in its scores.json, those of a block as "mig of
    content". Of a run whose codes have more than 64 columns the most used are scored, as every
    score then notes. ValueError if there are no factors to score against, and for an argument that
    what is scored has no use for.
    """
    how = {"seed": seed, "protocol": protocol, "calibrate": calibrate, "kinds": kinds}
    if isinstance(what, tuple):
        if len(what) != 2:
            raise ValueError(f"{len(what)} things are given to score; give (codes, factors)")
        _refuse(block=block, why=OF_RUNS)
        _refuse(data=data, n=n, why=OF_IMAGES)
        return score_codes(*what, metrics, test=test, log_var=log_var, **how)
    _refuse(test=test, log_var=log_var, why=OF_CODES)
    from unweave.runs.run import Run  # here, so that scoring arrays needs no torch

    if isinstance(what, Run):
        return evaluate_run(what, metrics, data=data, n=n, block=block, **how)
    _refuse(block=block, why=OF_RUNS)
    if not callable(what):
        raise ValueError(
            f"cannot score a {type(what).__name__}; give a run, a function from images to codes, "
            f"or (codes, factors){_method_meant(what)}"
        )
    if isinstance(what, type):
        raise ValueError(f"{what.__name__} is a class; give an object of it, as an encoder")
    if data is None:
        raise ValueError(
            "evaluating a function needs data=...: the images to encode, with their factors"
        )
    return evaluate_encoder(what, data, metrics, n=n, **how)


def score_codes(
    codes: ArrayLike,
    factors: ArrayLike | None,
    metrics: Any = None,
    *,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    log_var: ArrayLike | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    kinds: Any = None,
) -> dict[str, registry.Score]:
    """Score codes (N, D) beside factors (N, K); arguments as of `evaluate`.

    A UserWarning where the two look exchanged.
    """
    check_how(protocol, seed, calibrate)
    names = as_names(metrics)
    table = Table.of(
        codes, factors, test=test, log_var=log_var, protocol=protocol, seed=seed, kinds=kinds
    )
    if look_swapped(table, declared=kinds is not None):
        warnings.warn(SWAPPED, stacklevel=3)
    wanted = names_of(names, table)
    if test is not None and not any("test" in get(name).declares.uses for name in wanted):
        listed = ", ".join(map(name_of, wanted))
        raise ValueError(
            f"test was given, and {listed} fit nothing that it could test; leave it out"
        )
    return score(wanted, table, calibrate=calibrate)


def _refuse(*, why: str, **given: Any) -> None:
    """ValueError for an argument that is not None."""
    refuse_unread("evaluate", given, given, why)


def _method_meant(what: Any) -> str:
    """The method of an object that may be meant as an encoder, as a second half of a message."""
    for name in ("encode", "transform"):
        if callable(getattr(what, name, None)):
            return f"; its method {name} may be the function"
    return ""
