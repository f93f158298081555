"""Mistakes of a first third-party method, part or clip method: each error names the rule that was broken."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
import torch
from torch import nn

import unweave
from unweave.cli import main
from unweave.data.base import Dataset
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.methods.base import Method, Part, Player
from unweave.report import page
from unweave.types import Losses, Posterior

SMALL = {"steps": 2, "batch_size": 8, "log_every": 1, "precision": "float32"}
NARROW = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8}


class Line(Method):
    """A linear autoencoder of digits."""

    def __init__(self):
        super().__init__()
        self.down = nn.Linear(64, 4)
        self.up = nn.Linear(4, 64)

    def losses(self, batch, step):
        error = (self.decode(self.encode(batch.x).mean) - batch.x).square().flatten(1).sum(1)
        yield Losses({"model": error.mean()})

    def encode(self, x):
        return Posterior(self.down(x.flatten(1)))

    def decode(self, z):
        return self.up(z).view(-1, 1, 8, 8)


class Modules(Line):
    def players(self):
        return {"model": self.down}


class Listed(Line):
    def players(self):
        return [Player(self)]


class Word(Line):
    needs = "images"


class Singular(Line):
    needs = frozenset({"group"})


class Tensors(Line):
    def encode(self, x):
        return self.down(x.flatten(1))

    def losses(self, batch, step):
        yield Losses({"model": (self.decode(self.encode(batch.x)) - batch.x).square().mean()})


class Beyond(Line):
    blocks = {"content": slice(0, 2), "style": slice(2, 9)}


class Twice(Line):
    blocks = {"content": slice(0, 3), "style": slice(2, 4)}


class Together(Part):
    """A pooling that does not declare that it needs groups."""

    def forward(self, q, batch):
        return q


class Vector(Part):
    """A loss for each image."""

    def forward(self, q, z, step, rows):
        return Losses({"model": q.kl().sum(1)})


class Unset(Part):
    """A keyword that is no setting and has no default."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight


class Number(Part):
    """A regulariser that gives a loss in place of `Losses`."""

    def forward(self, q, z, step, rows):
        return q.kl().sum(1).mean()


class Own(Number):
    """A regulariser whose player takes the name of the VAE's."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def players(self):
        return {"model": Player(self)}


class Bare(Part):
    """A pooling that gives a mean in place of a posterior."""

    @property
    def needs(self):
        return frozenset({"groups"})

    def forward(self, q, batch):
        return q.mean


class Frames(Dataset):
    """Images with one attribute of another type."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def __len__(self):
        return 4

    def take(self, rows):
        return self.made(np.zeros((len(rows), 1, 8, 8), np.uint8))

    def made(self, images):
        return images


class Clips(Method):
    """A code for each frame, and a prior."""

    encodes = "clips"

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    @property
    def needs(self):
        return frozenset({"clips"})

    def losses(self, batch, step):
        yield Losses({"model": self.weight.square()})

    def encode(self, x):
        return Posterior(x.flatten(2)[..., :3])

    def decode(self, z):
        clips, frames, _ = z.shape
        return z[..., :1, None, None].expand(clips, frames, 1, 8, 8).clamp(0, 1)

    def sample_prior(self, n):
        return torch.rand(n, 5, 3)


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        (Modules, r"Modules.players\(\) gives a Linear for 'model'; expected a Player"),
        (Listed, r"Listed.players\(\) gives a list; expected a dictionary \{name: Player\}"),
        (
            Word,
            r"needs is the word 'images'; expected a set of words, such as frozenset\(\{'images'\}\)",
        ),
        (
            Singular,
            r"the needs of a method are one of .* given \['group'\]; did you mean 'groups'\?",
        ),
        (Tensors, r"Tensors.encode gives a Tensor; expected a Posterior"),
        (Beyond, r"Beyond: the block 'style' has columns from 2 to 8; a code of encode has 4"),
        (Twice, r"Twice: the block 'style' shares column 2 with the block 'content'"),
    ],
)
def test_a_broken_rule_of_a_method_is_named(method, rule, tmp_path):
    with pytest.raises(ValueError, match=rule):
        unweave.train(method, "digits", out=tmp_path, **SMALL)


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"regulariser": Number}, "Number gives a Tensor; expected Losses"),
        (
            {"regulariser": Vector},
            r"Vector gives a loss of 'model' of shape \(\d+,\); expected a mean, a scalar",
        ),
        (
            {"regulariser": Unset},
            r"Unset, the regulariser of VAE, takes 'weight'.*annotate it with Setting\(...\) in Unset",
        ),
        ({"regulariser": Own}, "Own adds a player 'model', the VAE's own"),
        ({"pooling": Bare}, "Bare gives a Tensor; expected Posterior"),
    ],
)
def test_a_broken_rule_of_a_part_is_named(parts, rule, tmp_path):
    with pytest.raises(ValueError, match=rule):
        unweave.train("vae", "digits", out=tmp_path, **parts, **SMALL, **NARROW)


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        (
            {"y": [0, 1, 0, 1], "class_names": ("a", "b")},
            "y is a list; expected an array of 4 whole numbers",
        ),
        ({"groups": [0, 0, 1, 1]}, "groups is a list; expected an array of 4 whole numbers"),
        (
            {"y": np.zeros(4), "class_names": ("a",)},
            "y holds float64; expected an array of 4 whole numbers",
        ),
        ({"made": torch.from_numpy}, "take gave a Tensor; expected a numpy array"),
    ],
)
def test_a_broken_rule_of_a_data_set_is_named(attributes, rule):
    with pytest.raises(ValueError, match=rule):
        unweave.data.load(Frames(**attributes))


def test_a_pooling_names_the_groups_that_it_needs(tmp_path):
    with pytest.raises(
        ValueError,
        match=r"the pooling Together needs \[\]; expected one of groups, pairs, triplets",
    ):
        unweave.train("vae", "digits", pooling=Together, out=tmp_path, **SMALL, **NARROW)


def test_the_page_of_clips_with_a_prior_is_written(tmp_path):
    grid = FactorSpace(("grey", "time"), (4, 8))
    data = FactorImages(
        grid, lambda v: (v[:, :1, None, None] * 60).repeat(8, 2).repeat(8, 3).astype("uint8")
    )
    run = unweave.train(Clips, data, out=tmp_path, batch_options={"clip_length": 5}, **SMALL)
    text = page.write([run], tmp_path / "page.html").read_text()
    assert "encodes clips" in text


BROKEN = """
from torch import nn
from unweave.methods.base import Method, Part
class Broken(Method):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
    def losses(self, batch, step):
        n, d = batch.x.shape
        yield n
class Shapes(Broken):
    def losses(self, batch, step):
        yield self.inner(batch.x)
    def inner(self, x):
        return self.layer(x)
class Penalty(Part):
    def forward(self, q, z, step, rows):
        return q.surface
def spread(codes, factors):
    return codes[:, 99]
"""


@pytest.fixture
def stranger(tmp_path, monkeypatch, capsys):
    """`stranger(*words) -> (exit code, what is on stderr)`, beside the module `broken_of_a_stranger`."""
    (tmp_path / "broken_of_a_stranger.py").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        capsys.readouterr()
        return main(list(words)), capsys.readouterr().err

    yield run
    sys.modules.pop("broken_of_a_stranger", None)


QUICK = ("--data", "digits", "--steps", "1", "--precision", "float32")


def test_an_error_in_the_code_of_a_user_names_its_line(stranger):
    code, printed = stranger("train", "broken_of_a_stranger:Broken", *QUICK)
    assert code == 2
    assert "too many values to unpack" in printed
    assert "(broken_of_a_stranger.py, line 9, in Broken.losses, step 0)" in printed


def test_the_line_of_a_user_behind_an_error_that_was_raised_again_is_named(stranger, tmp_path):
    np.save(tmp_path / "codes.npy", np.random.default_rng(0).normal(size=(100, 3)))
    np.save(tmp_path / "factors.npy", np.arange(100) % 5)
    arrays = ("--codes", "codes.npy", "--factors", "factors.npy")
    code, printed = stranger("evaluate", *arrays, "--metrics", "broken_of_a_stranger:spread")
    assert code == 2
    assert "spread raised IndexError: " in printed
    assert "(broken_of_a_stranger.py, line 20)" in printed


@pytest.mark.parametrize(
    ("words", "lines", "end"),
    [
        (
            ("broken_of_a_stranger:Shapes",),
            ["line 13, in losses", "line 15, in inner"],
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (512x8 and 2x2)\n"
            "in Shapes.losses, step 0\n",
        ),
        (
            ("vae", "--regulariser", "broken_of_a_stranger:Penalty", "--latents", "2"),
            ["line 18, in forward"],
            "AttributeError: 'Posterior' object has no attribute 'surface'\n"
            "in VAE.losses, step 0\n",
        ),
    ],
)
def test_the_traceback_of_an_error_in_the_code_of_a_user_is_of_that_code(
    stranger, words, lines, end
):
    code, printed = stranger("train", *words, *QUICK)
    assert code == 1
    assert re.findall(r'File ".*stranger.py", (.*)', printed) == lines
    assert printed.count("File") == len(lines)
    assert printed.endswith(end)


def test_an_error_that_is_no_fault_of_a_user_has_its_whole_traceback(stranger, monkeypatch):
    monkeypatch.setattr("unweave.runs.train.prepared", len)
    with pytest.raises(TypeError, match="exactly one argument"):
        stranger("train", "vae", *QUICK)


class Raises(Line):
    def losses(self, batch, step):
        raise KeyError("kl")
        yield


def test_the_traceback_of_an_error_in_losses_has_no_frame_of_the_loop(tmp_path):
    with pytest.raises(KeyError, match="kl") as caught:
        unweave.train(Raises, "digits", out=tmp_path, **SMALL)
    names = [entry.name for entry in caught.traceback]
    assert names[-1] == "losses"
    assert not {"finish", "until", "advance", "following"} & set(names)


class Photos(Dataset):
    """Photographs as most libraries have them."""

    name = "photos"

    def __init__(self, shape):
        self.shape = shape

    def __len__(self):
        return 40

    def take(self, rows):
        return np.zeros((len(rows), *self.shape), dtype=np.uint8)


def test_images_with_their_channels_last_are_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"photos: take gives images of \(32, 32, 3\).*channels first"
    ):
        unweave.train("vae", Photos((32, 32, 3)), out=tmp_path, **SMALL)
    for shape in ((3, 32, 32), (1, 32, 4), (3, 4, 4), (32, 4, 4), (6, 32, 32)):
        assert Photos(shape).info.shape == shape
