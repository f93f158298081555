"""What belongs to the loop: the names of its options, which no setting may have, and the run's length, a fact."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from torch import nn

from unweave.cli import main
from unweave.data.images import ImageData
from unweave.estimator import Disentangler
from unweave.methods import METHODS
from unweave.methods.base import Method, Part
from unweave.methods.regularisers.beta import Beta
from unweave.methods.resolve import resolve
from unweave.runs.run import Run, load_run
from unweave.runs.train import resume, train
from unweave.settings import Setting, keywords
from unweave.types import Batch, DataInfo, Losses

IMAGES = np.random.default_rng(0).integers(256, size=(16, 1, 8, 8), dtype=np.uint8)
SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "batch_size": 4,
}
Length = Annotated[int, Setting("of something", low=1)]


class Point(Method):
    """Learns nothing of interest. steps: of the run."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps, self.line = steps, nn.Linear(1, 1)

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"model": self.line.weight.sum()})


class Own(Point):
    """Takes the loop's `steps` for a setting of its own."""

    def __init__(self, *, steps: Length = 7) -> None:
        super().__init__(steps)


class OwnPart(Beta):
    """A regulariser that does so."""

    def __init__(self, *, steps: Length = 7) -> None:
        super().__init__(beta=float(steps))


class Shell(Point):
    """Takes a word of the command line for a setting."""

    def __init__(self, *, resume: Length = 7) -> None:
        super().__init__(resume)


class Batched(Point):
    """Takes the prefix of the options of batches for a setting, which the command line can tell apart."""

    def __init__(self, *, batches: Length = 7) -> None:
        super().__init__(batches)


class Timed(Beta):
    """A regulariser that asks how long the run is."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps


class Wired(Point):
    """Its part_arguments depends on the run's length."""

    seen: ClassVar[list[int]] = []

    def __init__(self, steps: int, regulariser: Part) -> None:
        super().__init__(steps)
        self.regulariser = regulariser

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        cls.seen.append(known["steps"])
        return {}


def with_setting(name: str) -> type[Method]:
    """A method with one setting of this name."""

    def __init__(self: Method, **settings: int) -> None:
        Method.__init__(self)

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    setting = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=1)
    __init__.__signature__ = inspect.Signature([own, setting])  # type: ignore[attr-defined]
    __init__.__annotations__ = {name: Length}
    return type("Named", (Method,), {"__init__": __init__})


def data() -> ImageData:
    return ImageData(IMAGES, name="noise")


# -- names


@pytest.mark.parametrize("name", keywords(train))
def test_a_setting_named_like_an_option_of_the_loop_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match=rf"Named has a setting {name!r}, which is an option of the loop: rename it",
    ):
        train(with_setting(name), data(), out=tmp_path, steps=1)
    assert not list(tmp_path.iterdir())


def by_train(method: Any, given: dict[str, Any]) -> None:
    train(method, data(), steps=1, **given)


def by_estimator(method: Any, given: dict[str, Any]) -> None:
    Disentangler(method, steps=1, **given).fit(IMAGES[:, 0])


@pytest.mark.parametrize("way", [by_train, by_estimator])
@pytest.mark.parametrize(
    ("method", "given", "expected"),
    [
        (Own, {}, "Own has a setting 'steps'"),
        ("beta-vae", {"regulariser": OwnPart}, "OwnPart has a setting 'steps'"),
    ],
    ids=["of the method", "of a part"],
)
def test_the_run_length_is_no_setting(
    way: Callable[[Any, dict[str, Any]], None],
    method: Any,
    given: dict[str, Any],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=expected) as caught:
        way(method, (SMALL if method == "beta-vae" else {}) | given)
    assert "without Setting it is filled in with the run's length" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("tests.test_loop_names:Own",),
            "Own has a setting 'steps', which is an option of the loop",
        ),
        (
            ("vae", "--regulariser", "tests.test_loop_names:OwnPart"),
            "OwnPart has a setting 'steps'",
        ),
        (
            ("tests.test_loop_names:Shell",),
            "Shell has a setting 'resume', which is an option of the command",
        ),
        (("tests.test_loop_names:Own", "--dry-run"), "Own has a setting 'steps'"),
    ],
)
def test_the_command_line_refuses_them_too(
    words: tuple[str, ...],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save(tmp_path / "noise.npy", IMAGES)
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words, "--data", "noise.npy", "--steps", "1"]) == 2
    assert expected in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["noise.npy"]


def test_the_prefix_of_other_options_is_a_name_that_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "noise.npy", IMAGES)
    monkeypatch.chdir(tmp_path)
    words = (
        "tests.test_loop_names:Batched",
        "--batches",
        "3",
        "--data",
        "noise.npy",
        "--steps",
        "1",
    )
    assert main(["train", *words]) == 0
    assert load_run(capsys.readouterr().out.splitlines()[-1]).config.method.settings == {
        "batches": 3
    }


@pytest.mark.parametrize("name", METHODS)
def test_no_method_of_ours_takes_a_name_of_the_loop(name: str) -> None:
    info = DataInfo(10, (1, 16, 16), factor_names=("a", "b"), factor_sizes=(2, 3))
    words = {key.rpartition(".")[2] for key in resolve(name, {}, info).flat()}
    assert not words & keywords(train).keys()


# -- the run's length


def lengths(run: Run) -> tuple[Any, Any]:
    """What the method and its regulariser were told."""
    return getattr(run.method, "steps", None), getattr(
        getattr(run.method, "regulariser", None), "steps", None
    )


def test_a_method_that_asks_is_told_how_long_the_run_is(tmp_path: Path) -> None:
    run = train(Point, data(), steps=3, batch_size=4, out=tmp_path)
    (run.path / "done").unlink()
    assert [
        lengths(again) for again in (run, load_run(run.path), resume(run.path, data=data()))
    ] == [(3, None)] * 3
    assert "steps" not in run.config.method.settings
    assert run.config.loop.steps == 3


def test_a_part_that_asks_is_told_too(tmp_path: Path) -> None:
    run = train("beta-vae", data(), steps=2, regulariser=Timed, out=tmp_path, **SMALL)
    assert [lengths(again) for again in (run, load_run(run.path))] == [(None, 2)] * 2


def test_built_without_a_run_it_is_the_loops_default() -> None:
    info = data().info
    method = resolve(Point, {}, info).make(info)
    assert method.steps == keywords(train)["steps"].default


def test_wiring_knows_it() -> None:
    info = data().info
    made = resolve(Wired, {"regulariser": "beta"}, info).make(info, steps=11)
    assert made.steps == 11
    assert Wired.seen == [11]
