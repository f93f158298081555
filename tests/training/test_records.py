"""The log: every turn of every step is in it, as a mean since the last record, and each term has a unit of its own."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import unweave.runs.monitor
from unweave.cli.progress import Progress, worded
from unweave.data.images import ImageData
from unweave.methods.base import Method, Player
from unweave.methods.regularisers.density_ratio import DensityRatio
from unweave.report import compare, page
from unweave.report.charts import charts as log_charts
from unweave.runs.run import Run
from unweave.runs.train import resume, train
from unweave.training.loop import NotFinite, Training
from unweave.training.records import CLOCKED, COLUMNS, duration, units
from unweave.training.term_means import Means
from unweave.types import NATS, Batch, Losses, Posterior

ONE = torch.ones(())


class Lazy(Method):
    """Two moves of one player in every step; `every` in each third one, from 0 on; `late` in step 7 alone."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(1, 1)
        self.register_buffer("seen", torch.zeros(()))
        self.seen: torch.Tensor

    def players(self) -> dict[str, Player]:
        return {"model": Player(self.line, 0.0)}

    def zero(self) -> torch.Tensor:
        return 0 * self.line.weight.sum()

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        self.seen.fill_(step + 1)
        yield Losses(
            {"model": self.zero() + step},
            {"place": ONE * step, "seen": self.seen},
            {"place": "steps"},
        )
        if step % 3 == 0:
            yield Losses(
                {"model": self.zero() + 100 + step}, {"every": ONE * step, "place": ONE * 50}, NATS
            )
        if step == 7:
            yield Losses({"model": self.zero()}, {"late": ONE, "accuracy": 0.625 * ONE})
        self.seen += 10  # after the move, until the next step


@pytest.fixture
def data() -> ImageData:
    noise = np.random.default_rng(0).integers(256, size=(16, 1, 8, 8), dtype=np.uint8)
    return ImageData(noise, name="noise")


def fit(data: ImageData, out: Path, **loop: Any) -> Run:
    return train(
        Lazy,
        data,
        **({"steps": 10, "log_every": 5, "batch_size": 4, "out": out, "device": "cpu"} | loop),
    )


# -- every turn is in it


def test_a_record_is_the_mean_of_every_turn_since_the_last_one(
    data: ImageData, tmp_path: Path
) -> None:
    first, second = fit(data, tmp_path).records()
    assert (first["loss/model"], second["loss/model"]) == (2.0, 7.0)
    assert (first["seen"], second["seen"]) == (3.0, 8.0), (
        "the value at each step, not the buffer as it was in the end"
    )
    assert (first["every"], second["every"]) == (1.5, 7.5), (
        "over the steps that had it: 0 and 3; 6 and 9"
    )
    assert first["loss/model 2"] == 101.5, "the second move of the step"
    assert second["loss/model 2"] == pytest.approx((106 + 0 + 109) / 3)


def test_a_term_that_two_turns_log_is_told_apart(data: ImageData) -> None:
    found = Training(Lazy(), lambda step: Batch(torch.zeros(1))).advance()
    assert found.keys() == {"loss/model", "loss/model 2", "place", "place 2", "seen", "every"}


def test_a_term_of_one_step_in_many_is_logged_once(data: ImageData, tmp_path: Path) -> None:
    records = fit(data, tmp_path, steps=20, log_every=5).records()
    assert [r.get("late") for r in records] == [None, 1.0, None, None]


def test_the_last_record_is_of_what_is_left(data: ImageData, tmp_path: Path) -> None:
    records = fit(data, tmp_path, steps=12, log_every=5).records()
    assert [(r["step"], r["loss/model"]) for r in records] == [(5, 2.0), (10, 7.0), (12, 10.5)]


def test_stopped_between_two_records_the_log_ends_as_it_would_have(
    data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def keep_at_eight_and_stop(clock: Any) -> bool:
        if len(due) == 8:
            raise Stopped
        due.append(1)
        return len(due) == 8

    due: list[int] = []
    whole = fit(data, tmp_path / "whole", log_every=6, steps=18)
    with monkeypatch.context() as patched:
        patched.setattr(unweave.runs.monitor.Clock, "due", keep_at_eight_and_stop)
        with pytest.raises(Stopped):
            fit(data, tmp_path / "cut", log_every=6, steps=18)
    cut = resume(next((tmp_path / "cut").iterdir()), data=data)
    assert [timeless(r) for r in cut.records()] == [timeless(r) for r in whole.records()]


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k not in CLOCKED}


def test_means_stay_on_their_device_and_wait_for_nothing() -> None:
    """A tensor without data cannot be read; where it could, reading would wait for the device."""
    means = Means()
    for _ in range(3):
        means.add({"kl": torch.ones((), device="meta")})
    assert (means.values["kl"].device.type, means.counts) == ("meta", {"kl": 3})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", [0, 3])
def test_nan_in_any_step_is_found_at_the_record(value: float, at: int) -> None:
    """Where the device is not asked in every step."""
    training = Training(Lazy(), lambda step: Batch(torch.zeros(1)))
    for step in range(8):
        training.means.add(
            {"kl": torch.tensor(value if step == at else 1.0), "other": torch.ones(())}
        )
    with pytest.raises(NotFinite, match=r"step 0: kl is not finite"):
        training.check_finite(training.means.values)


def test_means_of_many_steps_are_exact() -> None:
    means = Means()
    for i in range(10_000):
        means.add({"kl": torch.tensor(1e4 + i % 2)})
    assert means.values["kl"].item() == pytest.approx(1e4 + 0.5, abs=0.01)


# -- units


def test_units_add_up_with_their_terms() -> None:
    turn = (
        Losses({}, {"kl": ONE}, NATS)
        + Losses({}, {"a": ONE, "b": ONE}, {"a": "share"})
        + Losses({}, {"c": ONE})
    )
    assert [turn.unit(term) for term in ("kl", "a", "b", "c")] == [NATS, "share", "", ""]


def test_the_log_tells_each_unit_once(data: ImageData, tmp_path: Path) -> None:
    first, second = fit(data, tmp_path).records()
    assert first["units"] == {
        "loss/model": NATS,
        "loss/model 2": NATS,
        "place": "steps",
        "place 2": NATS,
        "every": NATS,
    }
    assert "units" not in second
    assert units([second, first]) == first["units"]


def test_only_what_is_said_to_be_nats_is_drawn_as_nats(data: ImageData, tmp_path: Path) -> None:
    """An outside method's accuracy, of which it said no unit, has none."""
    run = fit(data, tmp_path, log_every=1, steps=12)
    other = fit(data, tmp_path, log_every=1, steps=12, seed=1)
    for charts in (
        log_charts(run.records()),
        page.overlaid([run, other], compare.groups([run.config] * 2)),
    ):
        drawn = {chart.title: chart.unit for chart in charts}
        assert {t: drawn[t] for t in ("place", "place 2", "seen", "every", "loss/model")} == {
            "place": "steps",
            "place 2": NATS,
            "seen": "",
            "every": NATS,
            "loss/model": NATS,
        }


class Accurate(Lazy):
    """Logs what is no nat in every step."""

    unit = ""

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.zero()}, {"accuracy": 0.625 * ONE}, self.unit)


class Taken(Lazy):
    """Logs a term of any name."""

    term = "kl"

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.zero()}, {self.term: ONE})


@pytest.mark.parametrize(
    ("unit", "shown"), [("", "accuracy 0.625  "), ("share", "accuracy 0.625 (share)  ")]
)
def test_the_terminal_says_the_unit_of_each_term(
    unit: str, shown: str, data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first record, in a later one that does not repeat it, and after a resume, whose first record was before."""
    monkeypatch.setattr(Accurate, "unit", unit)
    told: list[dict[str, Any]] = []
    run = train(
        Accurate, data, steps=10, log_every=5, batch_size=4, out=tmp_path, progress=told.append
    )
    (run.path / "done").unlink()
    again: list[dict[str, Any]] = []
    resume(run.path, data=data, progress=again.append)
    for heard in (told[:2], told, [*again, run.records()[1]]):
        progress = Progress(io.StringIO())
        for record in heard:
            progress(record)
        assert shown in progress.line(heard[-1])


def test_units_are_grouped_in_a_line() -> None:
    values = {"reconstruction": 41.23456, "kl": 3.0, "accuracy": 0.625, "odd": 2.0, "tc": 0.5}
    units = {"reconstruction": NATS, "kl": NATS, "accuracy": "share", "tc": NATS}
    expected = "reconstruction 41.23  kl 3  tc 0.5 (nats per image)  accuracy 0.625 (share)  odd 2"
    assert worded(values, units) == expected


def test_a_length_of_time_is_in_two_units() -> None:
    ends = {
        59.4: "59 s",
        59.6: "1 min 0 s",
        100: "1 min 40 s",
        3599.4: "59 min 59 s",
        3599.6: "1 h 0 min",
        9000: "2 h 30 min",
    }
    assert {seconds: duration(seconds) for seconds in ends} == ends


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_term_named_like_a_column_of_the_log_is_refused(
    name: str, data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Taken, "term", name)
    with pytest.raises(
        ValueError,
        match=rf"a term of the losses is called {name!r}, as a column of the log: rename it",
    ):
        train(Taken, data, steps=2, batch_size=4, out=tmp_path)


# -- FactorVAE's critic


class Answers(nn.Module):
    """A critic that gives logits by rote: first of the codes, then of the shuffled ones."""

    def __init__(self, *logits: list[float]) -> None:
        super().__init__()
        self.logits = [torch.tensor(row) for row in logits]

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.logits.pop(0)


@pytest.mark.parametrize(
    ("real", "shuffled", "expected"),
    [
        ([1.0, 2.0, 3.0, -1.0], [-1.0, -2.0, 3.0, 4.0], (3 / 4 + 2 / 4) / 2),
        ([9.0, 9.0, 9.0, 9.0], [9.0, 9.0, 9.0, 9.0], 1 / 2),
        ([0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], 1 / 2),
        ([1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, -1.0], 1.0),
    ],
    ids=["some", "all one way", "undecided", "perfect"],
)
def test_the_critics_accuracy_is_balanced(
    real: list[float], shuffled: list[float], expected: float
) -> None:
    part = DensityRatio(Answers(real, shuffled))
    q = Posterior(torch.zeros(4, 2), torch.zeros(4, 2))
    turn = part(q, q.mean, 0, slice(None))
    assert turn.terms["critic accuracy"].item() == pytest.approx(expected)
    assert (turn.unit("critic accuracy"), turn.unit("total correlation")) == ("share", NATS)
