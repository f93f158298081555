"""Latents of a run in the order in which a page shows them."""

from __future__ import annotations

import numpy as np

from unweave.blocks import Block
from unweave.report.latents import latents

MIXED = {"content": Block(slice(0, 2), kind="point"), "style": Block(slice(2, 4))}


def test_a_point_is_used_if_it_varies_whatever_its_kl() -> None:
    found = latents(MIXED, 4, [0.0, 0.0, 2.0, 0.001], np.array([3.0, 0.0, 1.0, 0.1]))
    assert [latent.name for latent in found] == ["style 0", "content 0", "style 1", "content 1"]
    assert [latent.kl for latent in found] == [2.0, None, 0.001, None]
    assert [latent.active for latent in found] == [True, True, False, False]


def test_latents_of_one_kind_come_by_their_own_use() -> None:
    gaussian = {"code": Block(slice(0, 3))}
    by_kl = latents(gaussian, 3, [0.5, 2.0, 1.0], np.ones(3))
    assert [latent.name for latent in by_kl] == ["z1", "z2", "z0"]
    by_spread = latents(gaussian, 3, None, np.array([0.5, 2.0, 1.0]))
    assert [latent.name for latent in by_spread] == ["z1", "z2", "z0"]
