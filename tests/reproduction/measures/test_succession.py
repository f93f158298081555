"""When the latents of a run begin to say something, from logs written by hand."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from unweave.reproduction.measures.succession import latents, onsets, succession
from unweave.runs.run import Run


def run_with(*kl: list[float]) -> Run:
    """A run that recorded the KL of each latent every 100 steps; other records lie between."""
    records = [{"step": 100 * i + 99, "kl per latent": one} for i, one in enumerate(kl)]
    between = [{"step": record["step"] + 50, "loss": 1.0} for record in records[:-1]]
    run = Run.__new__(Run)
    run.path = Path("runs/made")
    run.folder = SimpleNamespace(records=lambda: sorted(records + between, key=lambda r: r["step"]))
    return run


def test_onsets_are_the_steps_since_which_a_latent_stays_above():
    run = run_with(
        [0.0, 0.9, 0.0, 0.7], [0.6, 0.9, 0.0, 0.6], [0.2, 0.9, 0.0, 0.4], [1.0, 0.9, 0.8, 0.3]
    )
    assert onsets(run) == [99, 399, 399]
    assert latents(run) == 3
    assert succession(run) == pytest.approx(300 / 399)
    assert onsets(run, least=0.25) == [99, 99, 399, 399]


def test_all_at_once_is_no_succession():
    assert succession(run_with([0.0, 0.0], [2.0, 1.0], [2.0, 1.0])) == 0


def test_a_run_without_active_latents_has_no_order():
    with pytest.raises(ValueError, match="runs/made: no latent ends above"):
        succession(run_with([0.0, 0.1], [0.1, 0.0]))
