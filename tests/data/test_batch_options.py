"""Options of a batch are used, or refused in one line; and a batch says how many groups it holds."""

from dataclasses import asdict

import numpy as np
import pytest

from unweave.data.images import ImageData
from unweave.data.sampling.batches import stream
from unweave.data.sampling.options import USED, BatchConfig, grouped, refuse_unused
from unweave.methods.base import NEEDS
from unweave.settings import keywords

USUAL = BatchConfig()
OTHER = {
    "replacement": False, "group_size": 3, "shared": ("a",), "moving": ("a",), "changed": 2, "pairs": "dlib",
    "clip_length": 5, "per_class": 3, "labels": 7, "label_kind": "binned", "label_strength": 2.0, "observed": ("a",),
}  # fmt: skip


def test_every_option_of_a_batch_has_its_kind():
    assert set(USED) == {*NEEDS, "labels"}
    assert {name for names in USED.values() for name in names} == set(asdict(USUAL)) == set(OTHER)


def test_the_config_of_batches_is_the_keywords_of_their_stream():
    of_stream = {name: word for name, word in keywords(stream).items() if word.setting is not None}
    del of_stream["batch_size"]  # an option of the loop
    assert list(keywords(BatchConfig).items()) == list(of_stream.items())
    assert list(asdict(USUAL).items()) == [(k, word.default) for k, word in of_stream.items()]


@pytest.mark.parametrize("name", OTHER)
def test_an_option_is_used_or_refused(name):
    """For each option and each kind of batch; before, all were accepted and gave the run another name."""
    beside = {"label_kind": "noisy"} if name == "label_strength" else {}
    option = {name: OTHER[name]}
    for kind in (*NEEDS, "labels"):
        given = BatchConfig(**option | (beside if kind == "labels" else {}))
        needs = {kind} if kind != "labels" else {"pairs", "labels"}
        used = {n for k in needs for n in USED[k]}
        if name in used:
            refuse_unused(needs, given)
        else:
            with pytest.raises(ValueError, match=rf"^{name} is an option of batches of [^\n]+$"):
                refuse_unused(needs, given)
    refuse_unused({"groups"}, USUAL)


def test_the_refusal_names_what_is_taken():
    words = "group_size is an option of batches of groups; this method trains on images and labels, with replacement, lab"
    with pytest.raises(ValueError, match=words):
        refuse_unused({"images", "labels"}, BatchConfig(group_size=9))
    with pytest.raises(ValueError, match="trains on images and labels"):
        refuse_unused({"labels"}, BatchConfig(group_size=9))
    with pytest.raises(
        ValueError, match="label_strength is of labels that are binned or noisy; they are perfect"
    ):
        refuse_unused({"labels"}, BatchConfig(label_strength=0.5))


@pytest.mark.parametrize(
    ("needs", "options"),
    [
        ({"pairs"}, {"changed": 2}),
        ({"pairs"}, {"pairs": "dlib"}),
        ({"views"}, {"moving": ("size",)}),
        ({"clips"}, {"shared": ("size",), "clip_length": 4}),
        ({"labels"}, {"observed": ("size",), "labels": 4}),
        ({"labels"}, {"label_kind": "noisy", "labels": 4}),
    ],
    ids=str,
)
def test_what_only_a_grid_of_factors_has_is_refused_for_other_data(needs, options):
    images = np.random.default_rng(0).integers(256, size=(24, 1, 2, 2), dtype=np.uint8)
    photos = ImageData(images, y=np.arange(24) % 3, groups=np.arange(24) // 6, name="photos")
    with pytest.raises(ValueError, match=r"^photos has [^\n]+: leave out "):
        stream(photos, needs, batch_size=12, **options)
    stream(
        photos,
        needs,
        batch_size=12,
        **{k: v for k, v in options.items() if k in ("clip_length", "labels")},
    )


def test_a_batch_says_what_it_holds():
    """batch_size counts images: 64 are 32 pairs."""
    assert grouped({"pairs"}, 64, USUAL) == "32 pairs of 2 images"
    assert grouped({"groups", "labels"}, 64, BatchConfig(group_size=8)) == "8 groups of 8 images"
    assert grouped({"triplets"}, 64, USUAL) == "21 triplets of 3 images"
    assert grouped({"images", "labels"}, 64, USUAL) is None
    assert "32 pairs" in keywords(stream)["batch_size"].setting.about
