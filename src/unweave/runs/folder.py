"""A run is a folder: what was asked, what happened, what was learned. Written atomically, never unpickled.

    METHOD-DATA-HASH-SEED/
        config.json           everything that was chosen, versions, device
        origin.json           of a run that names code of its user's own: where it stands, sealed (see `seal`)
        log.jsonl             one record a line: the mean of each term of the losses since the one before
        weights.safetensors   of the method, as of the last checkpoint; without frozen networks
        state/checkpoint.safetensors   weights, state of the optimisers, step: all that a resumed run needs, in one file
        scores.json           {metric: score}, once evaluated
        done                  present once the last step was taken

No random state is stored: every step is seeded from (seed, step), so a killed run continues as if it had not been.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from unweave.checksum import checksum
from unweave.files import WriteError, write
from unweave.methods.base import Method
from unweave.metrics.score import Score
from unweave.runs.config import RunConfig
from unweave.settings.typed import typed
from unweave.training.loop import Training
from unweave.training.optimiser_state import from_slots, pack, unpack

FORMAT = 1
CHECKPOINT = "state/checkpoint.safetensors"
SCORES = "scores.json"
ORIGIN = "origin.json"
OWN = ("config.json", ORIGIN, "log.jsonl", "weights.safetensors", "state", CHECKPOINT, SCORES, "done")


class RunError(ValueError):
    """A run folder cannot be used as asked; the message says why and what to do."""


class RunExists(RunError):
    """There is a run in the folder already, finished or not."""

    def __init__(self, path: Path):
        state = "a finished run" if (path / "done").exists() else "an unfinished run"
        super().__init__(f"{path} holds {state}: continue it with resume, or choose overwrite or another out")
        self.path = path


def refuse_links(path: Path) -> None:
    """RunError if a file of a run, or its folder `state`, is a symbolic link: what is written would land elsewhere.

    The run folder itself may be one. Whoever opens a folder to write into it asks first: it may come from anybody.
    """
    if found := [name for name in OWN if (path / name).is_symlink()]:
        raise RunError(
            f"{path} is not written to: its {found[0]} is a symbolic link; put there what it links to, or remove it"
        )


class Folder:
    """The files of one run. `create` makes a new one, `Folder(path)` opens one that exists."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        config = self.path / "config.json"
        if not config.is_file():
            here = "is no run folder (it has no config.json)" if self.path.exists() else "does not exist"
            raise RunError(f"{self.path} {here}")
        self.config = config_in(config.read_bytes(), self.path)

    @classmethod
    def create(cls, path: str | Path, config: RunConfig) -> Folder:
        """A new run folder with its config; RunExists if one is there already."""
        path = Path(path)
        refuse_links(path)
        if (path / "config.json").exists():
            raise RunExists(path)
        path.mkdir(parents=True, exist_ok=True)
        try:
            write(path / "config.json", json.dumps({"format": FORMAT} | config.plain(), indent=1).encode())
        except WriteError:
            if not any(path.iterdir()):  # nothing half-written is left
                path.rmdir()
            raise
        return cls(path)

    @property
    def done(self) -> bool:
        """Whether the last step was taken."""
        return (self.path / "done").exists()

    def append(self, record: dict[str, Any]) -> None:
        """Add a line to the log."""
        try:
            with (self.path / "log.jsonl").open("a") as log:
                log.write(json.dumps(record) + "\n")
        except OSError as error:
            raise WriteError(
                f"could not write {self.path / 'log.jsonl'}: {error.strerror}; resume when it can"
            ) from error

    def records(self) -> Iterator[dict[str, Any]]:
        """The lines of the log; a last line that was cut off is left out."""
        log = self.path / "log.jsonl"
        for line in log.read_text().splitlines() if log.is_file() else ():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return

    def scores(self) -> dict[str, Score]:
        """{metric: score} of what was scored last; empty if nothing was. RunError for a file that is damaged."""
        return {name: Score.from_dict(plain) for name, plain in self._plain_scores().items()}

    def keep_scores(self, scores: Mapping[str, Score]) -> None:
        """Write scores beside those that are there, which stay as they were written; a newer one replaces its like."""
        kept = self._plain_scores() | {name: score.to_dict() for name, score in scores.items()}
        write(self.path / SCORES, json.dumps(kept, indent=1).encode())

    def _plain_scores(self) -> dict[str, dict[str, Any]]:
        file = self.path / SCORES
        try:
            return json.loads(file.read_text()) if file.is_file() else {}
        except json.JSONDecodeError as error:
            raise RunError(f"{file} is damaged: {error}; remove it, and score again") from error

    def forget_after(self, step: int) -> None:
        """Take the log back to `step`: what came later is about to be repeated."""
        kept = [json.dumps(record) + "\n" for record in self.records() if record["step"] <= step]
        write(self.path / "log.jsonl", "".join(kept).encode())

    def checkpoint(self, training: Training, seconds: float) -> None:
        """Keep all that a resumed run needs, then the weights alone. seconds: of training so far.

        A frozen network is not written, its checksum is: the constructor, or who handed it in, brings it again.
        """
        still = training.kept.still()
        weights = {k: v for k, v in _weights(training.method).items() if not _within(k, still)}
        tensors = {f"weights/{k}": v for k, v in weights.items()}
        plain: dict[str, Any] = {"step": training.step, "seconds": seconds, "optimisers": {}}
        for name, optimiser in training.optimisers.items():
            try:
                plain["optimisers"][name], own = pack(optimiser, name)
            except TypeError as odd:
                raise RunError(f"the optimiser of player {name!r} keeps {odd}: a checkpoint cannot hold it") from odd
            tensors |= own
        tensors |= {f"log/{term}": value.cpu() for term, value in training.means.values.items()}
        plain["log"] = {"counts": training.means.counts, "units": training.units}
        plain |= {"frozen": still, "skipped": training.skipped, "skips in a row": training.skips_in_a_row}
        (self.path / "state").mkdir(exist_ok=True)
        write(self.path / CHECKPOINT, _sealed(tensors, json.dumps(plain)))
        write(self.path / "weights.safetensors", _sealed(weights, json.dumps({"frozen": still})))

    def restore(self, training: Training) -> float:
        """Put a new Training where the checkpoint was. Returns the seconds of training before it; 0 without one."""
        path = self.path / CHECKPOINT
        if not path.is_file():
            return 0.0
        tensors, metadata = _read(path)
        plain = json.loads(metadata["state"])
        _load(
            training.method,
            {k.removeprefix("weights/"): v for k, v in tensors.items() if k.startswith("weights/")},
            plain.get("frozen", {}),
            path,
        )
        training.step, training.skipped = plain["step"], plain["skipped"]
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
                raise RunError(f"{path} does not fit the optimiser of player {name!r}: {error}") from error
        return plain["seconds"]

    def load_weights(self, method: Method) -> None:
        """The weights of the last checkpoint, into a method of the same making."""
        path = self.path / "weights.safetensors"
        if not path.is_file():
            raise RunError(f"{self.path} has no weights yet: it stopped before its first checkpoint; resume it")
        weights, metadata = _read(path)
        _load(method, weights, json.loads(metadata["state"] or "{}").get("frozen", {}), path)


def config_in(written: bytes, path: Path) -> RunConfig:
    """What the config.json of the run folder `path` says. RunError if it is damaged, or newer than this unweave."""
    file = path / "config.json"
    try:
        plain = json.loads(written)
        version = plain.pop("format", 0) if isinstance(plain, dict) else 0
        if isinstance(version, int) and version > FORMAT:
            raise RunError(f"{path} was written by a newer unweave; this one reads format {FORMAT}: upgrade")
        typed("format", version, int)
        return RunConfig.read(plain, file.name)
    except RunError:
        raise
    except ValueError as error:  # of JSON, of its encoding, or of what it says
        raise RunError(f"{file} is damaged: {error}") from error


def _weights(method: Method) -> dict[str, Tensor]:
    return {k: v.detach().cpu().contiguous().clone() for k, v in method.state_dict().items()}


def _within(name: str, networks: Mapping[str, Any]) -> bool:
    """Whether a weight of this dotted name belongs to one of the networks."""
    return any(name.startswith(f"{network}.") for network in networks)


def _load(method: Method, weights: dict[str, Tensor], frozen: Mapping[str, str], path: Path) -> None:
    """Weights into a method. frozen: {network: checksum} of those that it brings itself."""
    own = {k: v for k, v in method.state_dict().items() if _within(k, frozen)}
    for network, expected in frozen.items():
        if (
            checksum({k.removeprefix(f"{network}."): v for k, v in own.items() if _within(k, {network: ""})})
            != expected
        ):
            raise RunError(f"{path} was trained with another {network!r}, a frozen network: a run does not hold it")
    try:
        method.load_state_dict(own | weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise RunError(f"{path} does not fit the method in config.json: {reason}") from error


def _sealed(tensors: dict[str, Tensor], state: str = "") -> bytes:
    """A safetensors file with a checksum: the format has none, and a flipped bit would pass for a weight."""
    return save(tensors, {"state": state, "crc32": checksum(tensors, state)})


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (not a dict)
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise RunError(f"{path} is damaged or cut off ({error}): restore it from a copy, or train again") from error
    if metadata.get("crc32") != checksum(tensors, metadata.get("state", "")):
        raise RunError(f"{path} is damaged (its checksum differs): restore it from a copy, or train again")
    return tensors, metadata
