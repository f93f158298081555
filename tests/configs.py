"""A config of a run, made for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unweave.data.sampling.options import BatchConfig
from unweave.runs.config import DataConfig, LoopConfig, MethodConfig, RunConfig
from unweave.runs.folder import Folder
from unweave.runs.sealed_json import sealed
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


def config(
    method: str = "line", data: str = "ones", *, seed: int = 0, n: int = 2, **settings: Any
) -> RunConfig:
    """A run of a method with these settings, on data that were handed in."""
    info = DataInfo(n, (4,))
    return RunConfig(
        MethodConfig(method, {}, settings),
        DataConfig(data, None, None, {}, "made for a test", info),
        BatchConfig(),
        LoopConfig(seed=seed),
    )


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the config of a run folder, and mark its log and scores as of the run that it describes now."""
    before = Folder(path)
    records = list(before.records())
    scores = before.scores()
    plain = json.loads((path / "config.json").read_text())
    change(plain)
    (path / "config.json").write_text(sealed(plain))
    (path / "log.jsonl").unlink(missing_ok=True)
    (path / "scores.json").unlink(missing_ok=True)
    after = Folder(path)
    for record in records:
        after.append(record)
    if scores:
        after.keep_scores(scores)
