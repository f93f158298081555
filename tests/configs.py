"""A config of a run, made for tests."""

from __future__ import annotations

from typing import Any

from unweave.runs.config import DataConfig, LoopConfig, MethodConfig, RunConfig, batch_words, completed
from unweave.types import DataInfo

# settings of a run that trains in a moment
SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 4,
    "decoder.width": 4,
    "latents": 2,
    "precision": "float32",
}


def config(method: str = "line", data: str = "ones", *, seed: int = 0, n: int = 2, **settings: Any) -> RunConfig:
    """A run of a method with these settings, on data that were handed in."""
    info = DataInfo(n, (4,))
    return RunConfig(
        MethodConfig(method, {}, settings),
        DataConfig(data, None, None, {}, "made for a test", info),
        completed(batch_words(), {}, "batches"),
        LoopConfig(seed=seed),
    )
