import math

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from tests.metrics.test_declarations import changed

from unweave import metrics

CATEGORY = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 2] * 6)
LABEL = np.array([7, 7, 7, 5, 5, 5, 3, 3, 3, 7] * 6)


def one_hot(category, values=3):
    """Probabilities (N, values) whose argmax is the category, no two rows alike."""
    soft = np.random.default_rng(0).random((len(category), values)) / 2
    soft[np.arange(len(category)), category] += 1
    return soft / soft.sum(1, keepdims=True)


def test_by_hand():
    # 0 is 7 (2 of 10), 1 is 5 (2), 2 is 3 (3): 7 of 10 rows
    for codes in (one_hot(CATEGORY), CATEGORY[:, None].astype(float)):
        score = metrics.class_accuracy(codes, LABEL[:, None])
        assert score.value == pytest.approx(0.7, abs=1e-12)
        assert (score.parts["categories"], score.parts["classes"], score.n) == (3, 3, 60)


def test_the_matching_is_one_to_one_and_the_best_there_is():
    # 0 and 1 hold most of class 0; greedy would give 0 to it (50 rows) and lose 1's 45 for 10
    count = np.array([[50, 40], [45, 10]])
    category, label = np.repeat([0, 0, 1, 1], count.ravel()), np.repeat([0, 1, 0, 1], count.ravel())
    assert metrics.class_accuracy(category[:, None], label[:, None]).value == pytest.approx(
        85 / 145
    )


def test_a_perfect_code_is_1_and_its_ceiling_is_1_whatever_the_names():
    score = metrics.class_accuracy(one_hot(np.array([2, 0, 1])[CATEGORY]), CATEGORY[:, None])
    assert score.value == score.ceiling == 1
    assert score.parts["nmi"] == pytest.approx(1)
    assert score.null < 0.6


def test_spare_categories_cost_what_they_hold_and_noise_is_chance():
    split = np.where(CATEGORY == 2, np.arange(60) % 2 + 2, CATEGORY)
    assert metrics.class_accuracy(one_hot(split, 4), CATEGORY[:, None]).value == pytest.approx(
        1 - 12 / 60
    )  # 30 rows are now 18 and 12
    v = np.random.default_rng(1).integers(10, size=(20_000, 1))
    noise = metrics.class_accuracy(np.random.default_rng(2).random((20_000, 10)), v)
    assert noise.value == pytest.approx(0.1, abs=0.02)
    assert noise.parts["nmi"] < 0.01


def test_nmi_agrees_with_scikit_learn():
    from sklearn.metrics import normalized_mutual_info_score

    score = metrics.class_accuracy(one_hot(CATEGORY), LABEL[:, None])
    assert score.parts["nmi"] == pytest.approx(
        normalized_mutual_info_score(LABEL, CATEGORY), abs=1e-12
    )


@pytest.mark.parametrize("change", metrics.class_accuracy.declares.invariant)
def test_what_leaves_it_alone(change):
    assert metrics.class_accuracy(
        changed(change, one_hot(CATEGORY)), LABEL[:, None]
    ).value == pytest.approx(0.7)


@pytest.mark.parametrize("change", metrics.class_accuracy.declares.falls)
def test_what_makes_it_worse(change):
    assert metrics.class_accuracy(changed(change, one_hot(CATEGORY)), LABEL[:, None]).value < 0.68


def test_weights_count_rows_and_unknown_classes_are_left_out():
    weights, label = np.where(CATEGORY == LABEL % 3, 0.0, 1.0), LABEL.astype(float)
    twice = metrics.class_accuracy(np.repeat(one_hot(CATEGORY), 2, 0), np.repeat(LABEL, 2)[:, None])
    heavy = metrics.class_accuracy(one_hot(CATEGORY), LABEL[:, None], weights=np.full(60, 2.0))
    assert twice.value == heavy.value == pytest.approx(0.7)
    assert (
        metrics.class_accuracy(one_hot(CATEGORY), LABEL[:, None], weights=weights + 1e-9).value
        != heavy.value
    )
    label[9::10] = math.nan  # the 7 that is called 2
    assert metrics.class_accuracy(one_hot(CATEGORY), label[:, None]).value == pytest.approx(7 / 9)


def test_without_one_class_it_is_undefined_and_says_why():
    score = metrics.class_accuracy(one_hot(CATEGORY), np.c_[LABEL, LABEL])
    assert math.isnan(score.value)
    assert "2 factors" in score.reason
    assert "no factor varies" in metrics.class_accuracy(one_hot(CATEGORY), np.ones((60, 1))).reason


def test_k_means_of_digits_names_eight_in_ten():
    """The baseline that the recipe "infogan" has to reach, .79."""
    pixels, classes = load_digits(return_X_y=True)
    found = KMeans(10, n_init=10, random_state=0).fit_predict(pixels)
    assert metrics.class_accuracy(found[:, None], classes[:, None]).value == pytest.approx(
        0.79, abs=0.01
    )


def test_named_categories_are_not_matched():
    label = np.array([0, 0, 1, 2] * 15)[:, None]
    category = np.array([0, 2, 1, 1] * 15)
    for codes in (
        one_hot(category),
        category[:, None],
        np.insert(one_hot(category), 1, 0.0, axis=1)[:, [0, 2, 3, 1]],
    ):
        assert metrics.class_accuracy(codes, label, named=True).value == 0.5
    renamed = np.array([2, 0, 1])[label[:, 0]]
    assert metrics.class_accuracy(one_hot(renamed), label).value == 1
    score = metrics.class_accuracy(one_hot(renamed), label, named=True)
    assert (score.value, score.ceiling) == (0, 1)
    assert "category k is class k" in score.estimator


def test_a_named_category_keeps_its_number_where_another_is_never_chosen():
    category, label = np.array([1, 2] * 30), np.array([1, 2] * 30)[:, None]
    codes = np.eye(3)[category]  # column 0 is always 0, and set aside
    assert metrics.class_accuracy(codes, label, named=True).value == 1
    weights = np.where(category == 1, 3.0, 1.0)
    wrong = np.eye(3)[np.full(60, 1) + (np.arange(60) % 4 == 1)]
    assert metrics.class_accuracy(wrong, label, named=True, weights=weights).value == pytest.approx(
        105 / 120
    )
