"""A method from outside that encodes clips: used, logged, scored and shown, with a code for each clip or each frame."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest
import torch
from torch import nn

import unweave
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.evaluation.clips import encode_clips
from unweave.evaluation.leaks import leaks_of
from unweave.methods.base import Method, NotAvailable
from unweave.report import page
from unweave.settings import Setting
from unweave.types import Losses, Posterior


def draw(v):
    images = np.zeros((len(v), 1, 8, 8), np.uint8)
    images[np.arange(len(v)), 0, v[:, 1], v[:, 2]] = 60 * (v[:, 0] + 1)
    return images


class Film(Method):
    """Content is the brightest light of a clip; pose, where each frame has a code, is the place of the light."""

    encodes = "clips"

    def __init__(
        self,
        *,
        framed: Annotated[bool, Setting("a code for each frame, else for each clip")] = True,
    ):
        super().__init__()
        self.framed, self.weight = framed, nn.Parameter(torch.zeros(()))

    @property
    def needs(self):
        return frozenset({"clips"})

    @property
    def blocks(self):
        return (
            {"content": slice(0, 1), "pose": slice(1, 3)}
            if self.framed
            else {"content": slice(0, 1)}
        )

    def losses(self, batch, step):
        assert batch.x.ndim == 5
        yield Losses({"model": self.weight.square()})

    def encode(self, x):
        content = 4 * x.flatten(1).amax(1, keepdim=True)
        if not self.framed:
            return Posterior(content, torch.full_like(content, -4.0))
        place = x.flatten(2).argmax(2)
        pose = torch.stack([place // 8, place % 8], 2).float()
        mean = torch.cat([content[:, None].expand(-1, x.shape[1], 1), pose], 2)
        return Posterior(mean, torch.full_like(mean, -4.0))

    def decode(self, z):
        if not self.framed:
            raise NotAvailable("what moves is not in the code of a clip")
        return z[..., :1, None, None].expand(*z.shape[:-1], 1, 8, 8).clamp(0, 4) / 4


@pytest.fixture(params=[True, False], ids=["frames", "clips"])
def run(request, tmp_path):
    data = FactorImages(
        FactorSpace(("grey", "row", "column"), (4, 8, 8)), draw, name="lights", binary=False
    )
    options = {"batch_options": {"clip_length": 5}, "framed": request.param}
    return unweave.train(Film, data, steps=2, batch_size=20, log_every=1, out=tmp_path, **options)


def test_clips_are_encoded_one_code_each_or_one_for_each_frame(run):
    clips = run.data.take(np.arange(30)).reshape(6, 5, 1, 8, 8)
    codes = run.encode(clips)
    assert codes.shape == ((6, 5, 3) if run.method.framed else (6, 1))
    if run.method.framed:
        assert run.reconstruct(clips).shape == clips.shape
    with pytest.raises(NotAvailable, match=r"this run encodes clips \(n, frames, 1, 8, 8\)"):
        run.encode(clips[0])
    assert len(run.records()[-1]["kl per latent"]) == codes.shape[-1]


def test_frames_are_scored_by_their_factors_and_clips_by_what_stands_still(run):
    found = unweave.evaluate(run, "mcc", n=1500)["mcc"]
    assert found.value == pytest.approx(1, abs=0.02) if run.method.framed else found.n < 1500
    assert f"scored on {'1,500 frames' if run.method.framed else '300 clips'}" in found.reason
    with pytest.raises(ValueError, match="the protocol dlib is of single images"):
        unweave.evaluate(run, "mcc", protocol="dlib")


def test_what_moves_in_a_clip_is_no_factor_of_it(run):
    unknown = np.isnan(
        encode_clips(run, run.data, n=1500, seed=0, protocol="unweave").rows.factors
    ).mean(0)
    if run.method.framed:
        assert unknown.tolist() == [0, 0, 0]
    else:
        assert unknown[0] == 0
        assert (unknown[1:] > 0.5).all()


def test_codes_of_clips_are_not_probed(run):
    with pytest.raises(NotAvailable, match="its codes are of clips, and the probe is of single"):
        leaks_of(run)


def test_a_page_shows_clips_as_strips(run):
    text = page.render([run])
    assert ("a clip of the data" in text) == run.method.framed
