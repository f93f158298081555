"""What each of two processes does, and one process for comparison: python two_processes.py RANK FOLDER."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from unweave.methods.base import Method, Player
from unweave.runs.train import resume, train
from unweave.settings import Setting
from unweave.training.loop import Training
from unweave.training.ranks import rank
from unweave.types import Batch, Losses

N, STEPS = 8, 5
DRAWN: dict[str, Any] = {
    "encoder.width": 8,
    "decoder.width": 8,
    "lr": 1e-2,
    "batch_size": 8,
    "precision": "float32",
}
RUN = DRAWN | {"encoder": "mlp", "decoder": "mlp", "steps": 6, "log_every": 2, "device": "cpu"}


def batch(step: int) -> Batch:
    rows = torch.arange(N) + step
    return Batch(
        torch.sin(torch.arange(N * 3.0).reshape(N, 3) + step),
        rows,
        labelled=Batch(rows[:, None].float()),
    )


Norm = Annotated[float, Setting("of a gradient", above=0)]
Scale = Annotated[float, Setting("of the loss in the second process", above=0)]


class Seen(Method):
    """Fits numbers; keeps which rows it saw and which noise; `idle` is used by the rows of the second half alone."""

    def __init__(
        self, *, skip: Norm = torch.inf, clip: Norm = torch.inf, scale: Scale = 1.0
    ) -> None:
        super().__init__()
        torch.manual_seed(rank())  # the loop makes them equal
        self.net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        self.idle, self.never = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(()))
        self.skip, self.clip, self.scale = skip, clip, scale
        self.register_buffer("total", torch.zeros(()))
        self._rows: list[list[int]] = []
        self._noise: list[float] = []

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, 0.05, clip=self.clip, skip=self.skip)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        assert batch.index is not None
        assert batch.labelled is not None
        assert batch.labelled.x.flatten().tolist() == batch.index.tolist()
        self._rows.append((batch.index - step).tolist())
        self._noise.append(torch.rand(()).item())
        late = batch.index - step >= N // 2
        error = (self.net(batch.x).squeeze(1) - batch.x.sum(1)) ** 2
        if late.any():
            error = error + self.idle * late
        if rank() and step == 2:
            error = error * self.scale
        self.total += batch.x.mean().detach()
        yield Losses({"model": error.mean()}, {"first row": (batch.index - step).float().mean()})


class Restarted(Seen):
    """Draws new weights from each process's own noise."""

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.net(batch.x).mean() + self.idle})
        with torch.no_grad():
            self.idle.copy_(torch.rand(()))


CASES: dict[str, Callable[[], Seen]] = {
    "plain": Seen,
    "clipped": partial(Seen, clip=0.1),
    "skipped": partial(Seen, skip=50.0, scale=1e6),
}


def learned(case: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights after the steps, and what was seen."""
    method = CASES[case]()
    training = Training(method, batch, seed=3)
    terms = [{k: float(v) for k, v in now.items()} for now in training.until(STEPS)]
    seen = {
        "rows": method._rows,
        "noise": method._noise,
        "terms": terms,
        "skipped": training.skipped,
    }
    return {k: v.clone() for k, v in method.state_dict().items()}, seen


def error(act: Callable[[], Any]) -> str:
    try:
        act()
    except (ValueError, RuntimeError) as found:
        return f"{type(found).__name__}: {found}"
    return ""


def odd() -> None:
    Training(Seen(), lambda step: Batch(torch.zeros(3, 3))).advance()


def pictures(folder: Path) -> Path:
    path = folder / "pictures.npy"
    if not path.exists():
        np.save(path, np.random.default_rng(0).integers(256, size=(32, 1, 4, 4), dtype=np.uint8))
    return path


def broken_off_and_resumed(path: Path, out: Path) -> None:
    """A run that every process leaves at step 3, right after its first checkpoint, and takes up again."""
    whole = Training.advance

    def stopped(training: Training) -> dict[str, Tensor]:
        if training.step == 3:
            raise RuntimeError("stop")
        return whole(training)

    Training.advance = stopped  # type: ignore[method-assign]
    error(lambda: train("vae", str(path), out=out, **RUN))
    Training.advance = whole  # type: ignore[method-assign]
    torch.distributed.barrier()
    (run,) = out.iterdir()
    resume(run)


def main(own: int, folder: Path) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=own, world_size=2
    )
    found: dict[str, Any] = {}
    for case in CASES:
        weights, found[case] = learned(case)
        save_file(weights, folder / f"{case}-{own}.safetensors")
    found["odd"] = error(odd)
    path = folder / "pictures.npy"
    for method in ("ae", "vae"):
        train(method, str(path), out=folder / method, **RUN)
    broken_off_and_resumed(path, folder / "resumed")
    found["restarted"] = error(
        lambda: train(Restarted, np.zeros((8, 3), np.float32), out=folder / "bad", steps=2)
    )
    found["taken"] = error(lambda: train("ae", str(path), out=folder / "ae", **RUN))
    (folder / f"{own}.json").write_text(json.dumps(found))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
