"""Classifiers on codes whose answer is known, beside pixels."""

import pytest
import torch

from unweave.reproduction.measures import use
from unweave.reproduction.measures.owners import owners_of
from unweave.reproduction.measures.seen import opened
from unweave.types import Posterior

ALL = "only:place=0-6"
SHIFT = "combinations:shape,size,place/2,fraction=0.25"
HELD = f"{SHIFT},side=test"


@pytest.mark.parametrize("kind", ["logistic", "forest"])
def test_without_the_nuisance_perfect_codes_know_nothing_of_it_and_keep_the_task(made, kind):
    run = made(SHIFT, copies=12)
    assert use.leak(run, rows=ALL, nuisance="place", kind=kind) < 0.05
    assert use.leak(run, rows=ALL, nuisance="place", kind=kind, drop=False) > 0.8
    assert use.kept(run, rows=ALL, task="size", nuisance="place", kind=kind) == pytest.approx(
        1, abs=0.1
    )


def test_turned_codes_keep_the_nuisance(made, turn):
    assert use.leak(made(SHIFT, turn, copies=12), rows=ALL, nuisance="place", kind="forest") > 0.2


def test_a_trace_in_the_means_is_lost_in_the_noise_of_drawn_codes(made, monkeypatch):
    run = made(SHIFT, copies=12)
    exact = run.method.encode

    def traced(x):
        mean = exact(x).mean
        mean[:, 1] += 1e-3 * mean[:, 2]
        return Posterior(mean, torch.full_like(mean, -4.0))

    monkeypatch.setattr(run.method, "encode", traced)
    asked = {"rows": ALL, "nuisance": "place", "kind": "forest"}
    assert use.leak(run, **asked) > 0.8
    assert use.leak(run, **asked, sampled=True) < 0.05
    assert use.leak(run, **asked, sampled=True, drop=False) > 0.8
    assert use.kept(run, task="size", **asked, sampled=True) == pytest.approx(1, abs=0.1)


def test_a_latent_of_no_factor_goes_with_the_nuisance(made, monkeypatch):
    run = made(SHIFT, copies=12)
    exact = run.method.encode

    def ciphered(x):
        mean = exact(x).mean
        cipher = (
            mean[:, 2] // 2 + mean[:, 1]
        ) % 4  # half of the place, to whoever knows the size; alone, nothing
        return Posterior(torch.cat([mean, cipher[:, None]], 1))

    monkeypatch.setattr(run.method, "encode", ciphered)
    assert owners_of(run, opened(run)).tolist() == [0, 1, 2, -1]
    assert use.leak(run, rows=ALL, nuisance="place", kind="forest") < 0.05
    codes, place = use._table(run, ALL, "place", "fit")
    codes_test, place_test = use._table(run, ALL, "place", "test")
    with_cipher = use.predicted(codes[:, [0, 1, 3]], place, codes_test[:, [0, 1, 3]], "forest")
    assert (with_cipher == place_test).mean() > 0.4


def test_codes_are_of_use_where_pixels_have_not_seen_the_combination(made):
    run = made(SHIFT, copies=12)
    asked = {"fit": SHIFT, "test": HELD, "task": "size"}
    assert use.accuracy(run, **asked, without="place") > 0.8
    assert use.gain(run, **asked, without="place") > 0.2
    assert use.gain(run, **asked) == use.accuracy(run, **asked) - use.accuracy(
        run, **asked, of="pixels"
    )


def test_ten_labels(made):
    run, asked = made(SHIFT, copies=12), {"rows": ALL, "task": "shape"}
    assert use.few(run, **asked) > 0.7
    assert use.few_gain(run, **asked) == pytest.approx(
        use.few(run, **asked) - use.few(run, **asked, of="pixels")
    )
    assert use.few_gain(run, **asked) > 0.1
    assert use.few(run, **asked, labels=3) < use.few(run, **asked)


def test_no_image_is_fitted_and_tested(made):
    run = made(SHIFT, copies=12)
    fit, test = (
        {bytes(row) for row in use._table(run, ALL, "size", side, "pixels")[0]}
        for side in ("fit", "test")
    )
    assert len(fit) > 400
    assert len(test) > 400
    assert not fit & test


def test_a_kind_that_is_not_known_is_said(made):
    with pytest.raises(ValueError, match="logistic, forest or network"):
        use.accuracy(made(SHIFT), fit=ALL, test=ALL, task="size", kind="svm")
