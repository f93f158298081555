"""The config of a run: everything that was chosen, and what of it its name hashes."""

from __future__ import annotations

import dataclasses
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from unweave import data as datasets
from unweave.data.base import Dataset
from unweave.methods import build
from unweave.training.precision import resolve
from unweave.types import DataInfo


def describe(
    choice: build.Choice,
    given: Any,
    source: Dataset,
    info: DataInfo,
    root: str | Path | None,
    data_options: Mapping[str, Any],
    batch_options: Mapping[str, Any],
    loop: Mapping[str, Any],
) -> dict[str, Any]:
    """The config of a run: everything chosen, plain enough for JSON. info: of the rows that are trained on."""
    facts = dataclasses.asdict(info)
    return {
        "method": {
            "name": choice.method,
            "parts": choice.parts,
            "settings": choice.settings,
            "modules": sorted(choice.modules),
        },
        "data": {
            "name": source.name,
            "source": _named(given),
            "root": None if root is None else str(root),
            "options": dict(data_options),
            "about": source.about,
            "rows": len(source),
            "white": source.white,
            "floats": None if source.floats is None else list(source.floats),
            "info": {k: list(v) if isinstance(v, tuple) else v for k, v in facts.items()},
        },
        "batches": dict(batch_options),
        "loop": dict(loop),
        "resolved": resolved(loop),
        "versions": {name: version(name) for name in ("unweave", "torch", "numpy")}
        | {"python": platform.python_version(), "commit": commit()},
    }


def resolved(loop: Mapping[str, Any]) -> dict[str, str]:
    """What "auto" stands for on this machine; a resumed run keeps the precision it began with."""
    device = pick_device(loop["device"])
    return {
        "device": str(device),
        "precision": "bf16" if resolve(loop["precision"], device) is torch.bfloat16 else "float32",
    }


def commit() -> str | None:
    """The commit of unweave's own checkout, None where it was installed from a package."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    asked = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or None


def _named(given: Any) -> str | None:
    """What opens the data again from anywhere: a name, or a path in full; None if they were handed in as an object."""
    if not isinstance(given, str | Path):
        return None
    return str(given) if str(given) in datasets.TABLE or not Path(given).exists() else str(Path(given).resolve())


def hashed(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that a run's name hashes: what may change its numbers, but not the seed."""
    loop = {k: v for k, v in config["loop"].items() if k != "seed"}
    data = {k: config["data"][k] for k in ("name", "source", "options", "info")}
    return {"method": config["method"], "data": data, "batches": config["batches"], "loop": loop}


def pick_device(name: str) -> torch.device:
    """The device of a name; "auto" is the first accelerator there is, else the CPU."""
    if name == "auto":
        return (
            torch.accelerator.current_accelerator() or torch.device("cpu")
            if torch.accelerator.is_available()
            else torch.device("cpu")
        )
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not available here: {str(error).splitlines()[0]}") from error
    return device
