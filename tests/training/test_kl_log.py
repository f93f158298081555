"""The KL of columns in a record: every column of a narrow code, the sum and the largest of a wide block."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from unweave.blocks import Block, as_blocks
from unweave.data.images import ImageData
from unweave.methods.base import Method
from unweave.runs.monitor import Look
from unweave.training.kl_log import by_column, latents_in, written
from unweave.training.loop import Training
from unweave.types import Batch, Losses, Posterior

LADDER = as_blocks(
    {"top": slice(0, 20), "map": Block(slice(20, 3092), shape=(48, 8, 8)), "low": slice(3092, None)}
)


def test_a_narrow_code_is_written_column_by_column() -> None:
    found = written([0.5, 0.01, 0.06], as_blocks({"code": slice(None)}))
    assert found == {"active": 2, "kl per latent": [0.5, 0.01, 0.06]}
    assert latents_in(found, as_blocks({"code": slice(None)})) == 3
    assert latents_in(found, as_blocks({"class": slice(0, 2), "code": slice(2, 3)})) == 2


def test_a_wide_block_is_a_sum_and_its_largest_columns() -> None:
    kl = [0.5] * 20 + [0.01] * 3072 + [0.0] * 368
    kl[1000] = 2.0
    kl[3200] = 7.0
    found = written(kl, LADDER)
    assert len(json.dumps(found)) < 1_000
    assert found["active"] == 22
    assert found["kl per block"]["map"] == {
        "kl": pytest.approx(3071 * 0.01 + 2),
        "active": 1,
        "latents": 3072,
    }
    assert found["kl per block"]["top"] == {"kl": 10.0, "active": 20, "latents": 20}
    known = by_column(json.loads(json.dumps(found)))
    assert set(range(20)) | {1000, 3200} <= set(known)
    assert (len(known), known[1000], known[3200]) == (36, 2.0, 7.0)
    assert latents_in(found, LADDER) == 3460


class Mixed(Method):
    """A one-hot of three that says log 3, a column of 2 nats, and a point; its posterior does not name the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))

    @property
    def blocks(self) -> dict[str, Block]:
        return {
            "kind": Block(slice(0, 3), kind="one-hot"),
            "code": Block(slice(3, 4)),
            "pose": Block(slice(4, 5), kind="point"),
        }

    def losses(self, batch: Batch, step: int):
        yield Losses({"model": self.anchor.square().sum()})

    def encode(self, x: torch.Tensor) -> Posterior:
        mean = torch.tensor([[0.0, 1.0, 0.0, 2.0, 9.0]]).repeat(len(x), 1)
        return Posterior(mean, torch.zeros_like(mean))


def test_a_look_counts_a_one_hot_once_and_a_point_not_at_all() -> None:
    data = ImageData(torch.randint(0, 256, (10, 1, 4, 4), dtype=torch.uint8).numpy(), name="noise")
    found = Look(
        Training(Mixed(), lambda step: Batch(torch.zeros(2, 1, 4, 4)), seed=0), data, None
    ).at_step()
    assert found["active"] == 2
    assert found["kl per latent"] == [1.0986, 0.0, 0.0, 2.0, 0.0]


def test_a_costly_encoder_is_left_alone_by_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mixed, "encode_is_costly", True)
    monkeypatch.setattr(Mixed, "encode", None)
    data = ImageData(torch.randint(0, 256, (10, 1, 4, 4), dtype=torch.uint8).numpy(), name="noise")
    look = Look(Training(Mixed(), lambda step: Batch(torch.zeros(2, 1, 4, 4)), seed=0), data, data)
    assert look.at_step() == {}
