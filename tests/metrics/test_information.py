import numpy as np
from tests.metrics import made

from unweave.metrics.estimators.information import (
    BINS,
    between_quantiles,
    equal_width,
    information,
    informative,
)
from unweave.metrics.tables.table import Table


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
    assert (np.diag(found.mutual) / found.factors > 0.98).all(), (
        "bins of equal width share .72 of it"
    )
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
