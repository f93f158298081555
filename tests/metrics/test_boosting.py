"""Boosting against scikit-learn's, tree by tree, and against hand-worked and brute-force answers."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.ensemble import GradientBoostingClassifier

from unweave.metrics.estimators import boosted_factor, boosting
from unweave.metrics.estimators.boosting import fit_factors, importances
from unweave.metrics.estimators.cuts import Ties
from unweave.metrics.estimators.sorted_columns import sort_columns
from unweave.metrics.estimators.trees import dyadic, grow

GOLDEN = Path(__file__).parents[1] / "golden"


def disentanglement_completeness(importance):
    """D and C of an importance matrix (D, K), disentanglement_lib's formulas."""
    p = importance + 1e-11
    code, factor = p / p.sum(1, keepdims=True), p / p.sum(0)
    d = 1 + (code * np.log(code)).sum(1) / np.log(p.shape[1])
    c = 1 + (factor * np.log(factor)).sum(0) / np.log(p.shape[0])
    return d @ importance.sum(1) / importance.sum(), c @ importance.sum(0) / importance.sum()


@pytest.fixture
def few_stages(monkeypatch):
    """Properties that hold at each stage need no hundred of them."""
    monkeypatch.setattr(boosted_factor, "STAGES", 15)


def clusters(n, levels, seed=0):
    """Two columns of overlapping clusters per factor, one of noise, all a little mixed; labels (n, K)."""
    blobs = [
        make_blobs(n, 2, centers=c, cluster_std=1.5, random_state=seed + k)
        for k, c in enumerate(levels)
    ]
    rng = np.random.default_rng(seed)
    codes = np.concatenate([*(x for x, _ in blobs), rng.standard_normal((n, 1))], 1)
    codes = codes @ (np.eye(codes.shape[1]) + 0.1 * rng.standard_normal((codes.shape[1],) * 2))
    return codes, np.stack([y for _, y in blobs], 1)


def naive_tree(codes, residual, weight, depth=3):
    """Gains by column and rows by leaf of the greedy tree that tries every cut, one after the other."""
    gains, leaves = np.zeros(codes.shape[1]), []

    def visit(rows, depth):
        w, r = weight[rows], residual[rows]
        best = None
        for column in range(codes.shape[1]) if depth else ():
            x = codes[rows, column]
            for value in np.unique(x)[:-1]:
                left = x <= value
                gain = (
                    sum(r[side].sum() ** 2 / w[side].sum() for side in (left, ~left))
                    - r.sum() ** 2 / w.sum()
                )
                if best is None or gain > best[0] * (1 + 1e-9):
                    best = gain, column, left
        if best is None or np.ptp(r / w) < 1e-9:
            leaves.append(frozenset(rows.tolist()))
            return
        gains[best[1]] += best[0]
        visit(rows[best[2]], depth - 1)
        visit(rows[~best[2]], depth - 1)

    visit(np.arange(len(codes)), depth)
    return gains, set(leaves)


def test_two_classes_by_hand():
    fit = importances(np.array([[0.0], [1.0], [2.0], [4.0]]), np.array([0, 0, 1, 1]))
    assert fit.column.shape == (100, 1, 7)  # one tree per stage
    assert (
        fit.threshold[0, 0].tolist() == [1.5] + [np.inf] * 6
    )  # the middle of 1 and 2; then the nodes are pure
    # residuals are -1/2 and 1/2, so a leaf's Newton step is 2 * 1/2 / (2 * 1/2 * 1/2) = 2, times the learning rate
    assert fit.value[0, 0, :2] == pytest.approx([-0.2, 0.2], abs=1e-9)
    # second stage: p = 1 / (1 + exp(0.2)) where y = 0, and the step is p / (p (1 - p)) = 1 + exp(-0.2)
    assert fit.value[1, 0, :2] == pytest.approx(
        [-0.1 * (1 + np.exp(-0.2)), 0.1 * (1 + np.exp(-0.2))], abs=1e-9
    )
    assert fit.importances.tolist() == [1.0]


def test_three_classes_by_hand():
    fit = importances(np.arange(6.0)[:, None], np.repeat(["a", "b", "c"], 2))
    assert fit.column.shape == (100, 3, 7)
    assert fit.prior == pytest.approx(np.log([1 / 3] * 3))
    # tree of "a": residuals 2/3 (twice) and -1/3; steps 3 and -3/2, times (C - 1) / C = 2/3, times 0.1
    assert fit.threshold[0, 0, 0] == 1.5
    assert fit.value[0, 0, :2] == pytest.approx([0.2, -0.1], abs=1e-9)
    assert fit.predict(np.array([[-3.0], [2.4], [99.0]])).tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("block", [1, 3, 8, 64])
@pytest.mark.parametrize("digits", [0, 1, 6])
def test_the_search_finds_what_trying_every_cut_finds(block, digits):
    rng = np.random.default_rng(10 * block + digits)
    for weight in (np.ones(60), rng.integers(1, 4, 60) / 2):
        codes = rng.standard_normal((60, 3)).round(digits).astype(np.float32)
        y = (codes[:, :1] + rng.standard_normal((60, 4)) > 0.5).T
        residual = dyadic((y - rng.uniform(0.01, 0.99, y.shape)) * weight, weight.sum())
        trees = grow(sort_columns(codes, block), residual, weight, y.nonzero(), [Ties(rng, len(y))])
        naive = [naive_tree(codes.astype(float), r, weight) for r in residual]
        # which column gains is drawn where several part the rows alike, so only the sum is known
        assert np.nansum(trees.gain) == pytest.approx(
            sum(gains.sum() for gains, _ in naive), rel=1e-9
        )
        for leaf, (_, expected) in zip(trees.leaf, naive, strict=True):
            assert {
                frozenset(np.flatnonzero(leaf == i).tolist()) for i in np.unique(leaf)
            } == expected


@pytest.mark.parametrize("levels", [2, 5])
def test_first_stages_are_scikit_learns(levels, monkeypatch):
    monkeypatch.setattr(boosted_factor, "STAGES", 4)
    codes, v = clusters(500, (levels,))
    weights = np.random.default_rng(0).uniform(
        0.5, 2, 500
    )  # without them many cuts gain exactly the same at first
    ours = importances(codes, v[:, 0], weights=weights)
    theirs = GradientBoostingClassifier(n_estimators=4, random_state=0).fit(
        codes, v[:, 0], sample_weight=weights
    )
    for stage, trees in enumerate(theirs.estimators_):
        assert ours.column[stage, :, 0].tolist() == [tree.tree_.feature[0] for tree in trees]
        assert ours.threshold[stage, :, 0].tolist() == [tree.tree_.threshold[0] for tree in trees]
    scores, expected = ours.scores(codes), np.atleast_2d(theirs.decision_function(codes).T)
    centre = 0 if levels == 2 else ours.prior.mean()  # scikit-learn centres the prior
    assert np.abs(scores - centre - expected).max() < 1e-7


def test_importances_and_predictions_agree_with_scikit_learn():
    codes, v = clusters(1500, (2, 4))
    ours = fit_factors(codes[:1000], v[:1000])
    theirs = [GradientBoostingClassifier(random_state=0).fit(codes[:1000], y) for y in v[:1000].T]
    a = np.stack([fit.importances for fit in ours], 1)
    b = np.stack([fit.feature_importances_ for fit in theirs], 1)
    assert np.abs(a - b).max() < 0.01
    assert disentanglement_completeness(a) == pytest.approx(
        disentanglement_completeness(b), abs=0.01
    )
    for mine, other in zip(ours, theirs, strict=True):
        assert np.mean(mine.predict(codes) == other.predict(codes)) > 0.98


def test_golden_values_of_disentanglement_lib():
    tables = np.load(GOLDEN / "dlib_fixed.npz")
    expected = json.loads((GOLDEN / "dlib_fixed.json").read_text())["current_sklearn"]["dci"]
    fits = fit_factors(tables["mus_train"].T, tables["ys_train"].T)
    d, c = disentanglement_completeness(np.stack([fit.importances for fit in fits], 1))
    assert d == pytest.approx(expected["disentanglement"], abs=0.01)
    assert c == pytest.approx(expected["completeness"], abs=0.01)
    for part in ("train", "test"):
        hits = [
            fit.predict(tables[f"mus_{part}"].T) == y
            for fit, y in zip(fits, tables[f"ys_{part}"], strict=True)
        ]
        assert np.mean(hits) == pytest.approx(expected[f"informativeness_{part}"], abs=0.015)


@pytest.mark.usefixtures("few_stages")
def test_threads_and_company_change_no_bit():
    codes, v = clusters(300, (3, 2))
    one, two = (fit_factors(codes, v, threads=t) for t in (1, 3))
    for a, b in zip(one, two, strict=True):
        for name in ("importances", "column", "threshold", "value"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name


@pytest.mark.usefixtures("few_stages")
def test_factors_that_are_grown_together_are_those_fitted_alone():
    codes, v = clusters(300, (2, 3, 2, 2, 4))
    codes = np.concatenate(
        [codes, codes[:, :2]], 1
    )  # equal columns, of which one is drawn for each factor by itself
    factors = v.astype(float)
    factors[::3, 2] = (
        np.nan
    )  # weighs the rows in another way, and so cannot be grown with the others
    parts = [part for fit in fits_of(codes, factors) for part in fit.parts()]
    assert [len(bundle) for bundle in boosting._bundles(parts)] == [2, 1, 2]
    together = fit_factors(codes, factors, seed=3)
    for k, fit in enumerate(together):
        alone = fits_of(codes, factors, seed=3)[k : k + 1]
        for stage in range(boosted_factor.STAGES):
            alone[0].begin_stage()
            for part in alone[0].parts():
                boosting._grow(stage, [part])
        for name in ("importances", "column", "threshold", "value"):
            assert np.array_equal(getattr(fit, name), getattr(alone[0].result(), name)), name


def fits_of(codes, factors, seed=0):
    columns = sort_columns(codes)
    return [
        boosted_factor.Fit(columns, factors[:, k], np.ones(len(codes)), seed, k)
        for k in range(factors.shape[1])
    ]


@pytest.mark.usefixtures("few_stages")
def test_a_doubled_column_shares_its_importance_by_the_seed():
    codes, v = clusters(300, (4,))
    doubled = np.concatenate([codes, codes[:, :1]], 1)
    alone = importances(codes, v[:, 0]).importances
    by_seed = np.stack([importances(doubled, v[:, 0], seed=seed).importances for seed in range(8)])
    assert by_seed[:, [0, -1]].sum(1) == pytest.approx(alone[0], abs=0.02)
    shared = by_seed.mean(0)
    assert shared[0] == pytest.approx(shared[-1], rel=0.2)
    assert not np.array_equal(by_seed[0], by_seed[1])


@pytest.mark.usefixtures("few_stages")
def test_rescaling_by_a_power_of_two_changes_nothing():
    codes, v = clusters(300, (4,))
    assert np.array_equal(
        importances(codes, v[:, 0]).importances, importances(codes * 2.0**-30, v[:, 0]).importances
    )


@pytest.mark.usefixtures("few_stages")
def test_weights_count_rows():
    codes, v = clusters(240, (3,))
    weight = np.arange(240) % 3
    seed = 4  # two columns gain the same at one node, and rounding decides in which of the fits one is drawn
    some = importances(codes, v[:, 0], weights=weight, seed=seed)
    repeated = importances(np.repeat(codes, weight, 0), np.repeat(v[:, 0], weight), seed=seed)
    assert some.importances == pytest.approx(repeated.importances, abs=0.01)
    assert some.threshold[0] == pytest.approx(repeated.threshold[0])
    assert some.value[0] == pytest.approx(repeated.value[0], abs=1e-9)


@pytest.mark.usefixtures("few_stages")
def test_rows_without_a_factor_value_are_left_out():
    codes, v = clusters(240, (3,))
    factor = v[:, 0].astype(float)
    factor[::4] = np.nan
    known = ~np.isnan(factor)
    some, rest = importances(codes, factor), importances(codes[known], factor[known])
    assert np.array_equal(some.threshold[0], rest.threshold[0])
    assert some.importances == pytest.approx(rest.importances, abs=0.01)
    assert set(some.predict(codes)) == {0.0, 1.0, 2.0}


@pytest.mark.usefixtures("few_stages")
def test_an_exclusive_or_is_learnt_although_its_first_cut_gains_nothing():
    codes = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] * 5)
    factor = codes[:, 0] != codes[:, 1]
    assert np.array_equal(importances(codes, factor).predict(codes), factor)


def test_codes_that_say_nothing():
    fit = importances(np.zeros((9, 2)), np.array([0, 0, 0, 0, 0, 1, 1, 2, 2]))
    assert fit.importances.tolist() == [0.0, 0.0]
    assert fit.predict(np.zeros((2, 2))).tolist() == [0, 0]


def test_errors_name_what_was_given():
    codes, factor = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match="NaN, infinity"):
        importances(np.full((4, 2), np.nan), factor)
    with pytest.raises(ValueError, match=r"\(3, 1\)"):
        importances(codes, factor[:3])
    with pytest.raises(ValueError, match="factor 0 has 1 value"):
        importances(codes, np.ones(4))
    with pytest.raises(ValueError, match="not negative"):
        importances(codes, factor, weights=-np.ones(4))
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        importances(codes, factor).predict(np.zeros((1, 3)))
