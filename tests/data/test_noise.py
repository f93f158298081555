import numpy as np

from unweave.data.render.noise import bits, greys, uniform


def splitmix64(start, count):
    """Steele, Lea, Flood 2014, in whole numbers."""
    words, mask = [], 2**64 - 1
    for _ in range(count):
        start = (start + 0x9E3779B97F4A7C15) & mask
        z = ((start ^ (start >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        words.append(z ^ (z >> 31))
    return words


def test_the_generator_is_splitmix64(monkeypatch):
    assert splitmix64(1234567, 2) == [
        6457827717110365317,
        3203168211198807973,
    ]  # published with the algorithm
    monkeypatch.setattr(
        "unweave.data.render.noise._start", lambda seed, what, rows: rows.astype(np.uint64)
    )
    assert bits(0, "", np.array([1234567, 5]), 3).tolist() == [
        splitmix64(1234567, 3),
        splitmix64(5, 3),
    ]


def test_noise_belongs_to_its_row_whatever_is_drawn_beside_it():
    rows = np.array([5, 9, 5, 700_000])
    drawn = greys(0, "noise", rows, 100)
    assert np.array_equal(drawn[0], drawn[2])
    assert np.array_equal(drawn[3], greys(0, "noise", rows[3:], 100)[0])
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn, greys(1, "noise", rows, 100))
    assert not np.array_equal(drawn, greys(0, "tint", rows, 100))


def test_noise_is_uniform_and_independent_between_rows():
    drawn = uniform(0, "noise", np.arange(20_000), 5)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.histogram(drawn[:, 0], 50, (0, 1))[0]
    assert (
        (counts - 400) ** 2 / 400
    ).sum() < 86  # 0.999 quantile of chi-squared, 49 degrees of freedom
    assert (
        np.abs(np.corrcoef(np.concatenate([drawn[1:], drawn[:-1]], 1).T) - np.eye(10)).max() < 0.03
    )
    grey = np.bincount(greys(0, "noise", np.arange(1000), 256).ravel(), minlength=256)
    assert ((grey - 1000) ** 2 / 1000).sum() < 331  # 0.999 quantile, 255 degrees of freedom
