"""evaluate: the same tables for every metric, every image encoded once, runs and functions and arrays alike."""

import json
import subprocess
import sys
from typing import Annotated

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn

import unweave
from unweave.blocks import as_blocks
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.subsets import split, subset
from unweave.evaluation.encoder import PROBE
from unweave.evaluation.encoding import gather, groups_by_intervention, known_factors, plan_rows
from unweave.evaluation.evaluate import evaluate
from unweave.evaluation.scoring import score
from unweave.evaluation.tables import encode
from unweave.methods.base import Method
from unweave.settings import Setting
from unweave.types import Losses, Posterior

SPACE = FactorSpace(("row", "column", "grey"), (6, 5, 4))


def draw(v: np.ndarray) -> np.ndarray:
    """One lit pixel on a 6x5 board: its row, its column, its brightness are the factors."""
    images = np.zeros((len(v), 1, 6, 5), np.uint8)
    images[np.arange(len(v)), 0, v[:, 0], v[:, 1]] = 60 * (v[:, 2] + 1)
    return images


def perfect(images: np.ndarray) -> np.ndarray:
    """Reads the factors off the picture."""
    flat = images.reshape(len(images), -1)
    row, column = np.divmod(flat.argmax(1), 5)
    return np.stack([row, column, flat.max(1) // 60 - 1], 1).astype(float)


class Counting:
    """An encoder that counts how often it is shown each image."""

    def __init__(self):
        self.seen: list[np.ndarray] = []

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.seen.append(perfect(images))
        return self.seen[-1]


@pytest.fixture
def board() -> FactorImages:
    return FactorImages(SPACE, draw, name="board")


def test_a_perfect_encoder_scores_as_the_factors_do(board):
    scores = unweave.evaluate(perfect, ["mig", "factor_vae_score"], data=board)
    assert scores["mig"].value == pytest.approx(scores["mig"].ceiling)
    assert scores["mig"].value > 0.9
    assert scores["factor_vae_score"].value == 1.0


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_each_image_is_encoded_once_for_all_metrics(board, protocol):
    """And the first few again, to see that their codes are the same."""
    encoder = Counting()
    unweave.evaluate(
        encoder, ["mig", "factor_vae_score", "beta_vae_score"], data=board, protocol=protocol
    )
    assert np.array_equal(encoder.seen.pop(1), encoder.seen[0][:PROBE])
    rows = SPACE.rows(np.concatenate(encoder.seen).astype(np.int64))
    assert len(rows) == len(np.unique(rows)) == len(SPACE)


def test_an_intervention_holds_one_factor_and_nothing_else():
    fixed, rows = groups_by_intervention(SPACE, 40, False, np.random.default_rng(0))
    for factor, group in zip(fixed, rows, strict=True):
        constant = (SPACE.factors_at(group) == SPACE.factors_at(group)[0]).all(0)
        assert constant.tolist() == [k == factor for k in range(3)]


def test_each_pair_of_an_intervention_has_its_own_value():
    fixed, rows = groups_by_intervention(SPACE, 40, True, np.random.default_rng(0))
    v = SPACE.factors_at(rows.ravel()).reshape(*rows.shape, 3)
    for factor, group in zip(fixed, v, strict=True):
        assert (group[0::2, factor] == group[1::2, factor]).all()
        assert len(np.unique(group[:, factor])) > 1
        others = [k for k in range(3) if k != factor]
        assert all((group[0::2, k] != group[1::2, k]).any() for k in others)


def test_codes_and_factors_give_what_the_metric_gives():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, size=(500, 2))
    codes = factors + 0.3 * rng.normal(size=factors.shape)
    assert (
        unweave.evaluate((codes, factors), "mig")["mig"].value
        == unweave.metrics.mig(codes, factors).value
    )


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_a_collapsed_model_is_not_scored_and_the_reason_is_given(board, protocol):
    found = unweave.evaluate(
        lambda images: np.ones((len(images), 3)), data=board, protocol=protocol
    )
    assert len(found) > 3
    for one in found.values():
        assert np.isnan(one.value)
        assert one.reason == "no latent varies"


def test_metrics_of_rows_know_what_says_nothing_by_the_posteriors_of_a_run(board):
    plan = plan_rows(board, n=100, seed=0, protocol="unweave", groups=False)

    def posterior(images):
        mean = perfect(images) * [1.0, 1e-3, 1e-3]
        return mean, np.zeros(mean.shape)

    tables = encode(plan, posterior)
    scores = score(["mig", "explicitness", "information_terms"], tables.rows, tables.others)
    assert "latents 1, 2 say nothing" in scores["mig"].reason
    assert np.isnan(scores["mig"].matrix[1:]).all()
    assert "latents 1, 2 say nothing" in scores["explicitness"].reason
    assert np.isfinite(scores["information_terms"].parts["kl_per_latent"]).all()


def test_a_metric_that_the_protocol_does_not_define_is_the_librarys_own():
    rng = np.random.default_rng(0)
    v = rng.integers(0, 5, size=(300, 2))
    z = v + 0.3 * rng.normal(size=v.shape)
    found = unweave.evaluate((z, v), ["mig", "med", "factor_vae_score"], protocol="dlib")
    assert [score.protocol for score in found.values()] == ["dlib", "unweave", "dlib"]
    assert found["med"].value == unweave.metrics.med(z, v).value


def test_scoring_arrays_needs_no_torch():
    program = (
        "import sys, numpy as np, unweave; r = np.random.default_rng(0); f = r.integers(0, 4, size=(200, 2));"
        "unweave.evaluate((f + .1 * r.normal(size=f.shape), f), ['mig']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_labels_or_classes_stand_in_for_factors():
    images = draw(SPACE.factors_at(np.arange(len(SPACE))))
    by_class = ImageData(images, y=SPACE.factors_at(np.arange(len(SPACE)))[:, 0])
    assert known_factors(by_class, np.array([0, 119])).tolist() == [[0], [5]]
    labels = np.array([[1, np.nan]] * len(SPACE))
    labelled = ImageData(images, labels=labels, factor_names=("a", "b"), factor_sizes=(3, 3))
    assert np.isnan(known_factors(labelled, np.array([3]))[0, 1])
    assert known_factors(ImageData(images), np.array([0])) is None


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_the_rows_of_a_view_stand_beside_their_own_factors(board, protocol):
    part = split(board, 0.4, 0)[1]
    scores = unweave.evaluate(perfect, ["mig", "factor_vae_score"], data=part, protocol=protocol)
    assert scores["mig"].value == pytest.approx(scores["mig"].ceiling)
    assert scores["mig"].value > 0.9
    assert scores["factor_vae_score"].value == 1.0
    rows = np.array([7, 3])
    assert np.array_equal(known_factors(part, rows), SPACE.factors_at(part.base_rows[rows]))
    labelled = ImageData(
        draw(SPACE.factors_at(np.arange(len(SPACE)))),
        labels=SPACE.factors_at(np.arange(120)),
        factor_names="abc",
    )
    score = unweave.evaluate(
        perfect, "mig", data=subset(labelled, part.base_rows), protocol=protocol
    )["mig"]
    assert score.value == pytest.approx(scores["mig"].value)


def test_all_leaves_out_what_the_tables_cannot_serve(board):
    scores = unweave.evaluate(perfect, "all", data=board, n=60)
    posteriors = [
        m for m in unweave.metrics.names() if unweave.metrics.get(m).declares.tables == "posteriors"
    ]
    assert scores
    assert not set(posteriors) & set(scores)


def test_a_run_keeps_its_scores_beside_older_ones(board, tmp_path):
    settings = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "latents": 3,
    }
    run = unweave.train("beta-vae", board, steps=2, batch_size=8, out=tmp_path, **settings)
    unweave.evaluate(run, "mig", n=60)
    unweave.evaluate(run, "modularity", n=60)
    assert set(run.folder.scores()) == {"mig", "modularity"}


def test_what_is_missing_is_said(board):
    with pytest.raises(ValueError, match="needs data="):
        unweave.evaluate(perfect)
    with pytest.raises(ValueError, match="did you mean mig"):
        unweave.evaluate(perfect, "migg", data=board)
    with pytest.raises(
        ValueError, match=r"gave an array of shape \(1, 3\) \(float64\) for 120 images"
    ):
        unweave.evaluate(lambda x: np.zeros((1, 3)), "mig", data=board)


def test_every_argument_is_used_or_refused(board):
    pair = (SPACE.factors_at(np.arange(120)) * 1.0, SPACE.factors_at(np.arange(120)))
    for more in ({"data": "no such"}, {"n": -7}, {"n": 60}):
        with pytest.raises(
            ValueError, match=r"(data|n), which is of what has to be encoded.*leave it out"
        ):
            unweave.evaluate(pair, "mig", **more)
    for more in ({"test": pair}, {"log_var": pair[0]}):
        with pytest.raises(ValueError, match=r"(test|log_var), which stands beside codes"):
            unweave.evaluate(perfect, "mig", data=board, **more)
    with pytest.raises(ValueError, match="mig fit nothing"):
        unweave.evaluate(pair, "mig", test=pair)
    with pytest.raises(ValueError, match="seed is -1"):
        unweave.evaluate(pair, "mig", seed=-1)
    with pytest.raises(ValueError, match="metrics names none"):
        unweave.evaluate(pair, [])
    with pytest.raises(ValueError, match="3 things are given"):
        unweave.evaluate((*pair, pair[0]), "mig")


@pytest.mark.parametrize("n", [-7, 0, 1])
def test_a_number_of_images_below_two_is_refused(board, n):
    with pytest.raises(
        ValueError, match=f"n is {n}; it has to be a whole number of images, at least 2"
    ):
        unweave.evaluate(perfect, "mig", data=board, n=n)


def test_what_cannot_be_scored_is_named(board, monkeypatch):
    monkeypatch.setattr(
        jaxtyping.config, "jaxtyping_disable", True
    )  # its checks of types would come first
    for what in (np.ones((5, 2)), [np.ones((5, 2)), np.ones((5, 2))]):
        with pytest.raises(ValueError, match="give a run, a function from images to codes, or"):
            unweave.evaluate(what, "mig", data=board)
    with pytest.raises(ValueError, match=r"n is 2\.5"):
        unweave.evaluate(perfect, "mig", data=board, n=2.5)
    with pytest.raises(ValueError, match="test, which stands"):
        unweave.evaluate(perfect, "mig", data=board, test="nonsense")


@pytest.mark.parametrize("n", [60, None])
def test_no_row_is_tested_that_was_fitted(board, n):
    """A hash of the image as its code: on rows that were fitted, trees would know it by heart."""
    noise = np.random.default_rng(0).standard_normal((len(SPACE), 4))
    found = unweave.evaluate(
        lambda images: noise[SPACE.rows(perfect(images).astype(np.int64))],
        "dci",
        data=board,
        protocol="dlib",
        n=n,
    )["dci"]
    assert found.parts["informativeness_train"] > 0.95
    assert found.parts["informativeness"] < 0.4
    assert (
        "60 rows fitted, 60 tested" in found.estimator
        if n
        else "80 rows fitted, 40 tested, split by" in found.estimator
    )


def test_rows_to_test_on_are_others_where_there_are_enough(monkeypatch):
    monkeypatch.setattr("unweave.evaluation.encoding.TEST_ROWS", 30)
    board = FactorImages(SPACE, draw, name="board")
    plan = plan_rows(board, n=70, seed=0, protocol="dlib", groups=False)
    assert len(plan.index["fit"]) == 70
    assert len(plan.index["test"]) == 30
    assert not set(plan.index["fit"]) & set(plan.index["test"])
    assert "test" not in plan_rows(board, n=110, seed=0, protocol="dlib", groups=False).index


def test_columns_of_noise_are_not_scored(board):
    plan = plan_rows(board, n=50, seed=0, protocol="unweave", groups=False)
    tables = encode(
        plan,
        lambda x: (np.c_[perfect(x), perfect(x)], None),
        as_blocks({"code": slice(3), "noise": slice(3, 6)}),
    )
    assert tables.rows.width == 3


@pytest.fixture
def rows_as_classes():
    """The boards with their row as the class, and an InfoGAN of them."""
    v = SPACE.factors_at(np.arange(len(SPACE)))
    return ImageData(draw(v), y=v[:, 0], class_names=tuple("012345"), name="rows")


def test_the_block_class_of_a_run_gives_an_accuracy(rows_as_classes, tmp_path):
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "categories": 6,
        "noise": 2,
    }
    run = unweave.train("infogan", rows_as_classes, steps=2, batch_size=8, out=tmp_path, **small)
    found = unweave.evaluate(run, "class_accuracy")["class_accuracy"]
    chance = run.encode(rows_as_classes.take(np.arange(len(SPACE))))[:, :6]
    assert found.value == unweave.metrics.class_accuracy(chance, rows_as_classes.y[:, None]).value
    for protocol in ("unweave", "dlib"):
        scores = unweave.evaluate(run, protocol=protocol)
        assert scores["class_accuracy"].value == found.value
        assert "mig" in scores


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_an_accuracy_is_read_off_the_block_and_nothing_else(rows_as_classes, protocol):
    """Also under a protocol that does not know it, where other columns hold larger numbers."""
    plan = plan_rows(rows_as_classes, n=100, seed=0, protocol=protocol, groups=False)

    def posterior(images):
        return np.c_[np.eye(6)[perfect(images)[:, 0].astype(int)], 9 + perfect(images)], None

    tables = encode(plan, posterior, as_blocks({"class": slice(0, 6), "code": slice(6, 9)}))
    assert score(["class_accuracy"], tables.rows, tables.others)["class_accuracy"].value == 1
    assert score(["class_accuracy"], tables.rows)["class_accuracy"].value < 0.5


def test_an_accuracy_needs_a_block_class_and_a_class(board, rows_as_classes, tmp_path):
    small = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8}
    vae = unweave.train("beta-vae", rows_as_classes, steps=1, batch_size=8, out=tmp_path, **small)
    assert "class_accuracy" not in unweave.evaluate(vae)
    with pytest.raises(ValueError, match="needs a block 'class'; the codes of this run are code"):
        unweave.evaluate(vae, "class_accuracy")
    gan = unweave.train("infogan", board, steps=1, batch_size=8, out=tmp_path, **small)
    assert "class_accuracy" not in unweave.evaluate(gan, n=60)
    with pytest.raises(ValueError, match="needs the class of each image, and board has none"):
        unweave.evaluate(gan, "class_accuracy", n=60)


def small(seed: int = 0) -> dict:
    return {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "latents": 3,
        "seed": seed,
    }


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_rows_that_were_held_out_are_scored_and_no_others(board, protocol, tmp_path, monkeypatch):
    run = unweave.train(
        "beta-vae", board, steps=1, batch_size=8, holdout=0.3, out=tmp_path, **small(2)
    )
    held, shown = split(board, 0.3, 2)[1], Counting()
    monkeypatch.setattr(run, "posterior", lambda images: (shown(images), None))
    scores = unweave.evaluate(run, ["mig", "factor_vae_score", "beta_vae_score"], protocol=protocol)
    rows = SPACE.rows(np.concatenate(shown.seen).astype(np.int64))
    assert np.array_equal(np.sort(rows), np.sort(held.base_rows))
    said = "scored on rows that were held out of training, 36 of 36"
    assert all(said in score.reason for score in scores.values())
    kept = json.loads((run.path / "scores.json").read_text())
    assert said in kept["mig"]["reason"]
    assert scores["mig"].value > 0.8
    every = unweave.evaluate(run, ["mig"], data=run.data)["mig"]
    assert (every.n, "held out" in every.reason) == (120, False)


def test_groups_of_held_out_rows_share_the_factor_that_is_fixed():
    among = np.sort(np.random.default_rng(0).permutation(len(SPACE))[:50])
    for pairs in (False, True):
        fixed, rows = gather(SPACE, 30, pairs, np.random.default_rng(1), among)
        assert np.isin(rows, among).all()
        assert rows.shape == (30, 128 if pairs else 64)
        v = SPACE.factors_at(rows.ravel()).reshape(*rows.shape, 3)
        shared = v[np.arange(30), :, fixed]
        firsts = shared[:, 0::2] if pairs else shared[:, :1]
        assert (shared[:, 1::2] == firsts).all()
        assert not pairs or (rows[:, 0::2] != rows[:, 1::2]).all()


class Reader(Method):
    """Reads the row of the lit pixel as its class, under another number; trained on labels or not."""

    def __init__(
        self, *, told: Annotated[bool, Setting("whether labels named the classes")] = False
    ):
        super().__init__()
        self.told, self.weight = told, nn.Parameter(torch.zeros(()))

    @property
    def blocks(self):
        return {"class": slice(0, 6), "style": slice(6, 7)}

    @property
    def classes_named(self):
        return self.told

    def losses(self, batch, step):
        yield Losses({"model": self.weight.square()})

    def encode(self, x):
        row = x.flatten(1).argmax(1) // 5
        other = torch.where(row < 4, row, 9 - row)  # rows 4 and 5 under each other's number
        return Posterior(
            torch.cat(
                [nn.functional.one_hot(other, 6).float(), x.flatten(1).amax(1, keepdim=True)], 1
            )
        )


@pytest.mark.parametrize(("told", "accuracy"), [(False, 1.0), (True, 80 / 120)])
def test_classes_that_labels_named_are_not_matched(rows_as_classes, tmp_path, told, accuracy):
    run = unweave.train(Reader, rows_as_classes, steps=1, batch_size=8, told=told, out=tmp_path)
    found = unweave.evaluate(run, "class_accuracy")["class_accuracy"]
    assert found.value == pytest.approx(accuracy)
    assert found.estimator.endswith(
        "category k is class k" if told else "categories matched to classes"
    )


@pytest.mark.parametrize("names", [5, [5], ["mig", None], [["mig"]]])
def test_metrics_that_are_no_names_are_refused_in_one_line(names):
    arrays = (np.random.default_rng(0).random((60, 2)), np.arange(120).reshape(60, 2) % 3)
    with pytest.raises(ValueError, match="expected names, such as 'mig'") as error:
        evaluate(arrays, names)
    assert "\n" not in str(error.value)


def test_metrics_may_be_an_array_of_names():
    arrays = (np.random.default_rng(0).random((60, 2)), np.arange(120).reshape(60, 2) % 3)
    assert list(evaluate(arrays, np.array(["mcc"]))) == ["mcc"]


def test_one_block_is_scored_alone_and_kept_beside_the_whole(rows_as_classes, tmp_path):
    run = unweave.train(Reader, rows_as_classes, steps=1, batch_size=8, out=tmp_path)
    whole = unweave.evaluate(run, "active_latents")["active_latents"]
    alone = unweave.evaluate(run, "active_latents", block="style")["active_latents"]
    assert (len(whole.parts["active"]), len(alone.parts["active"])) == (7, 1)
    assert alone.parts["variance"][0] == whole.parts["variance"][6]
    assert "of the block style alone" in alone.reason
    assert list(alone.parts["columns"]) == [6]
    assert set(run.folder.scores()) == {"active_latents", "active_latents of style"}
    usual = ["modularity", "class_accuracy"]
    assert "class_accuracy" in unweave.evaluate(run, usual, block="class")
    with pytest.raises(ValueError, match="class_accuracy reads the block 'class'"):
        unweave.evaluate(run, usual, block="style")


def test_a_block_that_is_none_is_refused_before_the_work(rows_as_classes, tmp_path, monkeypatch):
    run = unweave.train(Reader, rows_as_classes, steps=1, batch_size=8, out=tmp_path)
    monkeypatch.setattr(run, "posterior", None)
    with pytest.raises(
        ValueError, match="no block 'stile'; the blocks of this code are class, style"
    ):
        unweave.evaluate(run, "mig", block="stile")
    with pytest.raises(ValueError, match="given block, which is of a run"):
        unweave.evaluate((np.zeros((4, 2)), None), block="style")
    with pytest.raises(ValueError, match="given block, which is of a run"):
        unweave.evaluate(perfect, data=rows_as_classes, block="style")
