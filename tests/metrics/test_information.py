import numpy as np
import pytest
from sklearn.metrics import mutual_info_score
from tests.metrics import made

from unweave.metrics.information import (
    BINS,
    between_quantiles,
    entropy,
    equal_width,
    from_indices,
    information,
    informative,
)
from unweave.metrics.tables import Table


def test_plug_in_information_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    z, v = rng.integers(20, size=(500, 3)), made.factors(500)
    found = from_indices(z, v, corrected=False)
    want = [[mutual_info_score(a, b) for b in v.T] for a in z.T]
    np.testing.assert_allclose(found.mutual, want, atol=1e-12)
    np.testing.assert_allclose(found.factors, [mutual_info_score(b, b) for b in v.T], atol=1e-12)
    np.testing.assert_allclose(found.joint, found.codes + found.factors - found.mutual, atol=1e-12)


def test_correction_takes_away_the_bias_of_unrelated_columns():
    plain, corrected = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        z, v = rng.integers(20, size=(1000, 1)), rng.integers(10, size=(1000, 1))
        plain.append(from_indices(z, v, corrected=False).uncut[0, 0])
        corrected.append(from_indices(z, v, corrected=True).uncut[0, 0])
    assert np.mean(plain) == pytest.approx(19 * 9 / 2000, rel=0.1)
    assert abs(np.mean(corrected)) < 0.004


def test_corrected_information_of_a_column_with_itself_is_its_entropy():
    v = made.factors(300)
    found = from_indices(v, v, corrected=True)
    np.testing.assert_allclose(np.diag(found.mutual), found.factors, atol=1e-12)
    assert (found.mutual <= found.factors + 1e-12).all()


def test_missing_values_leave_out_their_rows_for_that_factor_only():
    z, v = np.random.default_rng(0).integers(6, size=(400, 2)), made.factors(400)
    gone = np.arange(400) % 3 == 0
    holes = v.copy()
    holes[gone, 1] = -1
    found = from_indices(z, holes, corrected=True)
    np.testing.assert_allclose(found.mutual[:, 1], from_indices(z[~gone], v[~gone], corrected=True).mutual[:, 1])
    np.testing.assert_allclose(found.mutual[:, 0], from_indices(z, v, corrected=True).mutual[:, 0])


def test_whole_weights_are_repeated_rows_and_weight_zero_is_absence():
    z, v = np.random.default_rng(0).integers(6, size=(200, 2)), made.factors(200)
    times = np.arange(200) % 3
    weighted = from_indices(z, v, times.astype(float), corrected=False)
    repeated = from_indices(np.repeat(z, times, 0), np.repeat(v, times, 0), corrected=False)
    np.testing.assert_allclose(weighted.mutual, repeated.mutual, atol=1e-12)
    absent = from_indices(z, v, (times > 0).astype(float), corrected=True)
    np.testing.assert_allclose(absent.mutual, from_indices(z[times > 0], v[times > 0], corrected=True).mutual)


def test_bins():
    column = np.random.default_rng(0).standard_normal(2000)
    wild = np.append(column, 1e6)
    assert (between_quantiles(wild)[:-1] == between_quantiles(column)).mean() > 0.95
    assert len(np.unique(between_quantiles(column))) == BINS
    assert list(between_quantiles(np.array([0.5, 7.0, 0.5, -1.0] * 30))[:4]) == [1, 2, 1, 0]
    edges = equal_width(np.array([0.0, 0.049, 0.05, 0.5, 0.999, 1.0]))
    assert list(edges) == [0, 0, 1, 10, 19, 19]


def test_codes_beside_a_continuous_factor_are_in_equally_filled_bins():
    rng = np.random.default_rng(0)
    gaussian = rng.standard_normal((4000, 2))
    found = information(Table.of(gaussian, gaussian))
    assert (np.diag(found.mutual) / found.factors > 0.98).all(), "bins of equal width share .72 of it"
    bent = information(Table.of(np.exp(3 * gaussian), gaussian))
    np.testing.assert_allclose(bent.mutual, found.mutual)


def test_informative_latents_are_told_from_noise():
    z, v = made.good_code(1000)
    noise = np.random.default_rng(5).standard_normal((1000, 3))
    assert list(informative(Table.of(np.hstack([z, noise]), v))) == [True] * 4 + [False] * 3
    assert informative(Table.of(noise, v)).all(), "if none is, all are counted"


def test_information_is_counted_once_for_a_table():
    table = Table.of(*made.good_code(200))
    assert information(table) is information(table)


def test_entropy_by_hand():
    assert entropy(np.array([1, 1, 2])) == pytest.approx(1.5 * np.log(2))
    assert entropy(np.array([0])) == 0
    # psi(4) - [psi(1) + psi(1) + 2 psi(2)] / 4 = (1 + 1/2 + 1/3) - 2/4
    assert entropy(np.array([1, 1, 2]), corrected=True) == pytest.approx(1 + 1 / 2 + 1 / 3 - 1 / 2)
