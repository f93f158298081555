"""What two runs are compared by in `kills.py`: weights, optimiser states and log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unweave.training.records import CLOCKED


def weights(path: Path) -> bytes:
    return (path / "weights.safetensors").read_bytes()


def states(path: Path) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """A checkpoint: names and places of its tensors, its other values but the seconds, its tensors."""
    content = (path / "state" / "checkpoint.safetensors").read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    beside = json.loads(json.loads(header.pop("__metadata__")["unweave"])["state"])
    del beside["seconds"]
    return header, beside, content[end:]


def records(path: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (path / "log.jsonl").read_text().splitlines())
    return [{k: v for k, v in record.items() if k not in (*CLOCKED, "crc32")} for record in lines]


WHAT = {"weights": weights, "states": states, "log": records}
