"""Which floating point type is trained in: the faster one, measured once for each machine; or the one that was named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from unweave.files.places import cache
from unweave.training import precision
from unweave.training.precision import dtype_of, speed_of_bf16

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """The measurements that were made; each says that bfloat16 is 2 times as fast."""
    made: list[torch.device] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(precision, "measured", lambda device: made.append(device) or 2.0)
    return made


def test_what_is_named_is_taken_without_a_measurement(calls: list[torch.device]) -> None:
    assert dtype_of("bf16", CPU) is torch.bfloat16
    assert dtype_of("float32", CPU) is torch.float32
    assert not calls


def test_auto_is_the_faster_and_is_measured_once(calls: list[torch.device]) -> None:
    assert dtype_of("auto", CPU) is torch.bfloat16
    assert dtype_of("auto", CPU) is torch.bfloat16
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("ratio", "expected"), [(0.1, torch.float32), (1.0, torch.float32), (1.1, torch.bfloat16)]
)
def test_bfloat16_has_to_be_worth_it(
    ratio: float, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "measured", lambda device: ratio)
    assert dtype_of("auto", CPU) is expected


def test_other_threads_are_another_machine(
    calls: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    speed_of_bf16(CPU)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    speed_of_bf16(CPU)
    assert len(calls) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "fast"}', "\xff"])
def test_a_damaged_memory_is_measured_again(text: str, calls: list[torch.device]) -> None:
    (cache() / "precision.json").write_bytes(text.encode("latin-1"))
    assert speed_of_bf16(CPU) == 2.0
    assert len(calls) == 1
    assert 2.0 in json.loads((cache() / "precision.json").read_text()).values()


def test_a_cache_that_cannot_be_had_is_done_without(
    calls: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> Path:
        raise PermissionError("no place for it")

    monkeypatch.setattr(precision, "cache", none)
    assert speed_of_bf16(CPU) == speed_of_bf16(CPU) == 2.0
    assert len(calls) == 2


def test_the_measurement_leaves_the_random_state_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    ratio = precision.measured(CPU)
    assert torch.equal(torch.rand(1), expected)
    assert ratio > 0


def test_a_device_without_bfloat16_takes_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def seconds(layers: torch.nn.Module, x: torch.Tensor, dtype: torch.dtype) -> float:
        if dtype is torch.bfloat16:
            raise RuntimeError("no kernel for bfloat16")
        return 1.0

    monkeypatch.setattr(precision, "_seconds", seconds)
    assert precision.measured(CPU) == 0.0
