"""Checkpoints of a training: weights, optimiser states and step in one file, written atomically.

Nothing is pickled. A file has a checksum of all that is in it, since its format has none; equal
tensors give equal files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from unweave.files.atomic import write
from unweave.methods.base import Method
from unweave.runs.errors import RunError
from unweave.training.checksum import checksum
from unweave.training.loop import Training
from unweave.training.optimiser_state import from_slots, pack, unpack

SEAL = "unweave"  # the one name of the metadata: several would be written in any order


def keep(training: Training, seconds: float, whole: Path, weights_alone: Path) -> None:
    """Write all that a resumed run needs to `whole`, then the weights to `weights_alone`.

    seconds: of training so far. A frozen network is not written, its checksum is: the constructor,
    or who handed it in, brings it again.
    """
    still = training.kept.still()
    weights = {k: v for k, v in _weights(training.method).items() if not _within(k, still)}
    tensors = {f"weights/{k}": v for k, v in weights.items()}
    plain: dict[str, Any] = {"step": training.step, "seconds": seconds, "optimisers": {}}
    for name, optimiser in training.optimisers.items():
        try:
            plain["optimisers"][name], own = pack(optimiser, name)
        except TypeError as odd:
            raise RunError(
                f"the optimiser of player {name!r} keeps {odd}: a checkpoint cannot hold it"
            ) from odd
        tensors |= own
    tensors |= {f"log/{term}": value.cpu() for term, value in training.means.values.items()}
    plain["log"] = {"counts": training.means.counts, "units": training.units}
    plain |= {
        "frozen": still,
        "skipped": training.skipped,
        "skips in a row": training.skips_in_a_row,
    }
    whole.parent.mkdir(exist_ok=True)
    write(whole, _sealed(tensors, json.dumps(plain)))
    write(weights_alone, _sealed(weights, json.dumps({"frozen": still})))


def restore(training: Training, path: Path) -> float:
    """Put a new Training where the checkpoint at `path` was.

    Returns the seconds of training before it; 0 without one.
    """
    if not path.is_file():
        return 0.0
    tensors, state = _read(path)
    plain = json.loads(state)
    named = [key for key in tensors if key.startswith("weights/")]
    weights = {key.removeprefix("weights/"): tensors[key] for key in named}
    _load(training.method, weights, plain.get("frozen", {}), path)
    training.step = plain["step"]
    training.skipped = plain["skipped"]
    training.skips_in_a_row = plain["skips in a row"]
    log = plain.get("log", {"counts": {}, "units": {}})  # what was logged since the last record
    training.means.counts = log["counts"]
    training.means.values = {term: tensors[f"log/{term}"] for term in log["counts"]}
    training.units = log["units"]
    for name, optimiser in training.optimisers.items():
        packed = plain.get("optimisers", {}).get(name) or from_slots(optimiser, name, tensors)
        try:
            unpack(optimiser, packed, tensors)
        except ValueError as error:
            reason = f"does not fit the optimiser of player {name!r}: {error}"
            raise RunError(f"{path} {reason}") from error
    seconds: float = plain["seconds"]
    return seconds


def load_weights(method: Method, path: Path) -> None:
    """The weights in a file, into a method of the same making."""
    weights, state = _read(path)
    _load(method, weights, json.loads(state or "{}").get("frozen", {}), path)


def _weights(method: Method) -> dict[str, Tensor]:
    return {k: v.detach().cpu().contiguous().clone() for k, v in method.state_dict().items()}


def _within(name: str, networks: Mapping[str, Any]) -> bool:
    """Whether a weight of this dotted name belongs to one of the networks."""
    return any(name.startswith(f"{network}.") for network in networks)


def _load(
    method: Method, weights: dict[str, Tensor], frozen: Mapping[str, str], path: Path
) -> None:
    """Weights into a method. frozen: {network: checksum} of those that it brings itself."""
    own = {k: v for k, v in method.state_dict().items() if _within(k, frozen)}
    for network, expected in frozen.items():
        inside = [key for key in own if _within(key, {network: ""})]
        brought = {key.removeprefix(f"{network}."): own[key] for key in inside}
        if checksum(brought) != expected:
            raise RunError(
                f"{path} was trained with another {network!r}, a frozen network: "
                "a run does not hold it"
            )
    try:
        method.load_state_dict(own | weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise RunError(f"{path} does not fit the method in config.json: {reason}") from error


def _sealed(tensors: dict[str, Tensor], state: str) -> bytes:
    """A safetensors file with a checksum of names, tensors and state, which the format lacks.

    RunError for tensors that the format cannot hold; MemoryError where there is too little for it.
    """
    # in its bytes, its buffer and its result; without room for these it ends the process, in sixty
    # lines of its own
    bytearray(3 * sum(tensor.nbytes for tensor in tensors.values()))
    seal = {SEAL: json.dumps({"state": state, "crc32": checksum(tensors, state)})}
    try:
        return save(tensors, seal)
    except (SafetensorError, KeyError) as error:  # too many tensors, or of a type without a name
        raise RunError(
            f"the weights cannot be written as safetensors ({error}): fewer layers, or float32"
        ) from error


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    """Tensors and state. RunError for a file that is damaged; OSError if it may not be read."""
    path.open("rb").close()  # safetensors calls a file that may not be read one that is not there
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (not a dict)
            metadata = file.metadata() or {}
        if SEAL in metadata:  # earlier runs have "state" and "crc32" as names of their own
            metadata = json.loads(metadata[SEAL])
        state = str(metadata.get("state", ""))
    except (SafetensorError, OSError, ValueError, AttributeError) as error:
        raise RunError(
            f"{path} is damaged or cut off ({error}): restore it from a copy, or train again"
        ) from error
    if metadata.get("crc32") != checksum(tensors, state):
        raise RunError(
            f"{path} is damaged (its checksum differs): restore it from a copy, or train again"
        )
    return tensors, state
