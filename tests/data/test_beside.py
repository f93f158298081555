"""Labels beside images: exact, in every shape that has a meaning, and refused in every other."""

import numpy as np
import pytest
import torch
from PIL import Image

from unweave.data import load
from unweave.data.images import ImageData
from unweave.data.sampling.batches import stream
from unweave.evaluation.encoding import known_factors
from unweave.evaluation.evaluate import evaluate

RNG = np.random.default_rng(0)
X = RNG.integers(2, 256, (30, 8, 8, 3), dtype=np.uint8)
V = RNG.integers(0, 3, (30, 2))


@pytest.fixture
def archive(tmp_path):
    """Load an .npz of X and of the arrays given."""

    def of(images=X, **arrays):
        np.savez(tmp_path / "set.npz", images=images, **arrays)
        return load(tmp_path / "set.npz")

    return of


@pytest.mark.parametrize("name", ["factors", "latents", "v", "labels", "y"])
def test_one_factor_may_be_a_row_of_numbers_or_a_column(archive, name):
    measured = RNG.random(30)
    for given in (measured, measured[:, None]):
        data = archive(**{name: given})
        assert data.labels.shape == (30, 1)
        assert data.labels[:, 0].tolist() == measured.tolist()
        assert f"factors from {name}" in data.about
        assert data.factor_sizes == (0,)


@pytest.mark.parametrize("name", ["y", "labels", "targets"])
def test_classes_may_be_a_row_a_column_or_one_hot(archive, name):
    y = V[:, 0]
    for given in (
        y,
        y[:, None],
        y.astype(float),
        y.astype(np.uint8),
        np.eye(3)[y],
        np.eye(3, dtype=bool)[y],
    ):
        data = archive(**{name: given})
        assert data.y.tolist() == y.tolist()
        assert data.labels is None
        assert f"classes from {name}" in data.about


def test_classes_beside_factors_and_factors_of_the_name_of_classes(archive):
    data = archive(y=V[:, 0], factors=V)
    assert (data.y.tolist(), data.labels.tolist(), data.factor_sizes) == (
        V[:, 0].tolist(),
        V.tolist(),
        (3, 3),
    )
    assert archive(y=V + 1).labels.tolist() == (V + 1).tolist()
    with pytest.raises(ValueError, match=r"set\.npz: y and factors both hold factors; keep one"):
        archive(y=V + 1, factors=V)


def test_a_missing_label_is_missing(archive):
    y = V[:, 0].astype(float)
    y[3] = np.nan
    data = archive(y=y)
    assert data.y is None
    np.testing.assert_array_equal(data.labels[:, 0], y)
    assert data.factor_sizes == (3,)


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        (
            {"factors": V[:29]},
            r"factors has shape \(29, 2\); expected one row for each of 30 images",
        ),
        ({"y": V[:29, 0]}, r"y has shape \(29,\); expected one row for each of 30 images"),
        ({"factors": np.zeros((30, 2, 2))}, r"factors has shape \(30, 2, 2\)"),
        ({"v": np.zeros(())}, r"v has shape \(\)"),
        ({"y": np.array(["a"] * 30)}, "y is no array of numbers"),
        ({"factors": np.where(V > 1, np.inf, V)}, "factors holds infinity, first in row"),
        ({"y": V[:, 0] - 1}, "classes count from 0"),
    ],
)
def test_labels_of_no_clear_shape_are_refused_by_name(archive, arrays, expected):
    with pytest.raises(ValueError, match=expected) as error:
        archive(**arrays)
    assert "set.npz" in str(error.value) or "classes" in str(error.value)
    assert "\n" not in str(error.value)


def test_labels_of_clips_or_of_their_frames(archive):
    clips = RNG.integers(2, 256, (5, 6, 8, 8, 3), dtype=np.uint8)
    data = archive(clips, y=np.arange(5), factors=V[:5])
    assert data.y.tolist() == np.arange(5).repeat(6).tolist()
    assert data.labels.tolist() == V[:5].repeat(6, axis=0).tolist()
    framed = archive(clips, y=np.arange(30).reshape(5, 6) % 7, factors=V.reshape(5, 6, 2))
    assert framed.y.tolist() == (np.arange(30) % 7).tolist()
    assert framed.labels.tolist() == V.tolist()


IDS = 2**24 + np.arange(300)


def test_labels_are_kept_exactly(archive):
    images = RNG.integers(2, 256, (300, 8, 8), dtype=np.uint8)
    for ids in (IDS, IDS.astype(float), IDS + 1_700_000_000):
        data = archive(images, factors=ids)
        assert data.labels[:, 0].tolist() == ids.tolist()
        assert known_factors(data, np.arange(300))[:, 0].tolist() == ids.tolist()
        assert data.factor_sizes == (0,)  # so many values are no index
    huge = archive(images, factors=np.stack([2**62 + np.arange(300), IDS], 1))
    assert huge.labels[:, 0].tolist() == list(range(300))
    assert huge.labels[:, 1].tolist() == IDS.tolist()
    direct = ImageData(images[:, None], labels=IDS[:, None], factor_names=("id",))
    pairs = stream(direct, {"groups"}, batch_size=8, group_size=1, shared=("id",))(0)
    assert pairs.index.shape == (8, 1)
    assert len(np.unique(direct.labels)) == 300


def test_classes_far_beyond_the_rows_are_numbered_anew(archive):
    data = archive(y=2**24 + V[:, 0])
    assert data.y.tolist() == V[:, 0].tolist()
    assert data.class_names == ("16777216", "16777217", "16777218")


def test_labels_of_a_batch_are_float32():
    data = ImageData(
        X.transpose(0, 3, 1, 2).copy(), labels=V, factor_names=("a", "b"), factor_sizes=(3, 3)
    )
    assert (
        stream(data, {"images", "labels"}, labels=0, batch_size=8)(0).labelled.v.dtype
        == torch.float32
    )


def test_a_masked_label_is_missing_and_a_masked_class_refused():
    masked = np.ma.masked_equal(V, 1)
    data = ImageData(X.transpose(0, 3, 1, 2).copy(), labels=masked, factor_names=("a", "b"))
    np.testing.assert_array_equal(data.labels, np.where(V == 1, np.nan, V))
    with pytest.raises(ValueError, match="y has masked values, first in row"):
        ImageData(X.transpose(0, 3, 1, 2).copy(), y=masked[:, 0])


class Samples:
    """A data set in the manner of torch or Hugging Face."""

    def __init__(self, labels, make=lambda image, label: (image, label)) -> None:
        self.labels, self.make = labels, make

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> object:
        return self.make(torch.from_numpy(X[i]).permute(2, 0, 1), self.labels[i])


def test_samples_give_vectors_of_factors_one_hot_numbers_or_words():
    measured = RNG.random((6, 3))
    for labels in (measured, torch.from_numpy(measured), measured.tolist()):
        assert load(Samples(labels)).labels.tolist() == measured.tolist()
    assert load(Samples(measured[:, 0].tolist())).labels[:, 0].tolist() == measured[:, 0].tolist()
    assert load(Samples(np.eye(3)[[0, 2, 1, 1]])).y.tolist() == [0, 2, 1, 1]
    words = load(Samples(["dog", "cat", "dog"]))
    assert (words.y.tolist(), words.class_names) == ([1, 0, 1], ("cat", "dog"))
    holes = load(Samples([1.0, float("nan"), 0.0]))
    np.testing.assert_array_equal(holes.labels[:, 0], [1, np.nan, 0])
    masked = load(Samples(np.ma.masked_equal(V[:6], 1)))
    np.testing.assert_array_equal(masked.labels, np.where(V[:6] == 1, np.nan, V[:6]))
    assert load(Samples([None] * 4)).labels is None


def test_samples_as_dicts_have_classes_and_factors_and_what_is_left_out_is_said(caplog):
    def both(image, label):
        return {"label": label[0], "factors": label, "image": image, "path": "a"}

    data = load(Samples(V[:6], both))
    assert data.y.tolist() == V[:6, 0].tolist()
    assert data.labels.tolist() == V[:6].tolist()
    assert "left out: path" in caplog.text
    load(Samples([0, 1, 0], lambda image, label: (image, label, "more")))
    assert "left out: its part 2" in caplog.text


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            [{"box": 1}] * 3,
            "sample 0 has dict as its y; expected a class, text, or a vector of factors",
        ),
        ([np.zeros((8, 8))] * 3, r"sample 0 has float64 of shape \(8, 8\) as its y"),
        ([Image.new("L", (8, 8))] * 3, "sample 0 has Image as its y"),
        ([[1, 2], [1, 2, 3]], r"y has the shapes \[\(2,\), \(3,\)\]"),
        (["cat", 1], "y is text in some samples and numbers in others"),
        ([1, None, 2], "sample 1 has no label beside its image, the first one y"),
        ([None, 1, 2], "sample 1 has y beside its image, the first one no label"),
    ],
)
def test_samples_with_anything_else_are_refused(labels, expected):
    with pytest.raises(ValueError, match=expected):
        load(Samples(labels))


def test_many_numbers_of_a_folder_are_kept_exactly(tmp_path):
    times = [1_700_000_000 + i for i in range(300)]
    for i in range(300):
        Image.fromarray(np.full((1, 1), i % 256, np.uint8)).save(tmp_path / f"{i}.png")
    (tmp_path / "factors.csv").write_text(
        "\n".join(["file,time", *(f"{i}.png,{t}" for i, t in enumerate([*times[:299], "NA"]))])
    )
    labels = load(tmp_path, size=1).labels
    assert labels[:299, 0].tolist() == times[:299]
    assert np.isnan(labels[299, 0])


def test_tensors_of_any_kind_are_images_and_labels():
    pictures = torch.from_numpy(X).permute(0, 3, 1, 2) / 255
    want = load(pictures.numpy())
    for given in (pictures.requires_grad_(), pictures.detach().double().requires_grad_() * 1):
        assert np.array_equal(load(given).array, want.array)
    coarse = pictures.detach().bfloat16()
    assert np.array_equal(
        load(coarse.requires_grad_()).array, load(coarse.detach().float().numpy()).array
    )
    labels = torch.tensor(V, dtype=torch.float32)
    for part in (labels.requires_grad_(), labels.detach().bfloat16().requires_grad_()):
        assert load(Samples(part)).labels.tolist() == V.tolist()
        assert load(Samples([row[0] for row in part])).y.tolist() == V[:, 0].tolist()
        direct = ImageData(X.transpose(0, 3, 1, 2).copy(), labels=part, factor_names=("a", "b"))
        assert direct.labels.tolist() == V.tolist()
    framed = Samples(
        [0] * 6,
        lambda image, label: {"image": (image / 255).bfloat16().requires_grad_(), "y": label},
    )
    assert load(framed).array.shape == (6, 3, 8, 8)


def test_an_encoder_may_give_a_tensor_that_requires_a_gradient():
    data = ImageData(X.transpose(0, 3, 1, 2).copy(), labels=V, factor_names=("a", "b"))

    def encoder(images):
        return (
            torch.from_numpy(images[:, :, 0, 0].astype(np.float32)).bfloat16().requires_grad_() * 1
        )

    score = evaluate(encoder, "mcc", data=data)["mcc"]
    assert (
        score.value
        == evaluate(lambda images: encoder(images).detach().float().numpy(), "mcc", data=data)[
            "mcc"
        ].value
    )
