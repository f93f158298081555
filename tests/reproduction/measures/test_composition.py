"""Held-out combinations composed of codes whose answer is known."""

import numpy as np
import pytest

from unweave.reproduction.measures import composition as c
from unweave.reproduction.measures.likeness import squared, ssim
from unweave.reproduction.measures.owners import owners, owners_of

SHIFT = "combinations:shape,size,place/2,fraction=0.25"
ASKED = {"held_out": f"{SHIFT},side=test", "factors": ["shape", "size", "place"]}


def test_perfect_codes_compose_what_was_never_seen(made):
    run = made(SHIFT)
    found = c.compositions(run, **ASKED)
    assert owners_of(run, run.data).tolist() == [0, 1, 2]
    assert np.array_equal(found.made, found.true)
    assert (found.value("ratio"), found.value("nearer"), found.value("reconstruction")) == (0, 1, 0)
    assert found.value("similarity") > 0
    assert c.composition(run, **ASKED, part="median") == 0
    assert set(found.factor) == {0, 1, 2}


def test_the_nearest_is_the_best_of_all_seen_images(made, monkeypatch):
    monkeypatch.setattr(c, "AT_ONCE", 7)
    run = made(SHIFT)
    found, seen = c.compositions(run, **ASKED), run.data.take(np.arange(len(run.data))) / 255
    by_hand = [((seen - image) ** 2).sum((1, 2, 3)).min() for image in found.true]
    assert squared(found.nearest, found.true) == pytest.approx(np.array(by_hand), abs=1e-6)
    assert (squared(found.donor, found.true) >= squared(found.nearest, found.true) - 1e-6).all()
    assert min(by_hand) > 0


def test_turned_codes_or_wrong_owners_compose_something_else(made, turn):
    assert c.composition(made(SHIFT, turn), **ASKED) > 1.5
    wrong = c.compositions(made(SHIFT), **ASKED, owners=np.array([1, 2, 0]))
    assert wrong.value("ratio") > 1.5
    assert wrong.value("nearer") < 0.5
    none = c.compositions(made(SHIFT), **ASKED, owners=np.full(3, -1))
    assert np.allclose(none.made, none.donor), "nothing was exchanged"


def test_what_was_seen_is_not_held_out(made):
    with pytest.raises(ValueError, match="were seen in training; hold them out"):
        c.composition(made(SHIFT), **(ASKED | {"held_out": SHIFT}))


def test_a_target_that_no_seen_image_resembles_is_named(made):
    shift = "without:shape=0,size=1"
    asked = {"held_out": "only:shape=0,size=1", "factors": ["place"]}
    with pytest.raises(ValueError, match="in one of place alone; hold out less"):
        c.composition(made(shift), **asked)


def test_similarity_is_one_for_equal_images_and_falls_with_noise():
    rng = np.random.default_rng(0)
    x = rng.random((2, 1, 16, 16))
    assert ssim(x, x) == pytest.approx(1)
    assert (ssim(x, rng.random((2, 1, 16, 16))) < 0.2).all()


def test_latents_belong_to_the_factor_of_which_they_know_the_largest_share():
    rng = np.random.default_rng(0)
    v = np.stack([rng.integers(0, size, 4000) for size in (2, 32, 1)], 1)
    codes = np.stack([v[:, 1], rng.normal(size=4000), v[:, 0] + v[:, 1] / 64, np.zeros(4000)], 1)
    assert owners(codes, v).tolist() == [1, -1, 0, -1]
