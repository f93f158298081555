import numpy as np

from unweave.data import load


def test_a_disc_goes_round_at_each_distance():
    images = load("cdsprites")
    assert len(images) == 1080
    assert images.factors.names == ("angle", "radius")
    assert images.factors.sizes == (40, 27)
    pictures = images.take(np.arange(1080))[:, 0] > 0
    area = pictures.sum((1, 2))
    assert np.abs(area - np.pi * 25).max() < 6
    y, x = ((pictures * axis).sum((1, 2)) / area - 31.5 for axis in np.mgrid[:64, :64])
    angle, radius = (
        images.factors.values[k][images.factors.factors_at(np.arange(1080))[:, k]] for k in range(2)
    )
    np.testing.assert_allclose(x, radius * np.cos(angle), atol=0.35)
    np.testing.assert_allclose(-y, radius * np.sin(angle), atol=0.35)
    assert len({p.tobytes() for p in pictures}) == 1080


def test_at_half_the_size_images_are_still_different():
    pictures = load("cdsprites", size=32).take(np.arange(1080))
    assert pictures.shape == (1080, 1, 32, 32)
    assert len({p.tobytes() for p in pictures}) > 1000
