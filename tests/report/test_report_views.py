import numpy as np
import pytest

from unweave.data.images import ImageData
from unweave.report.absent import Absent
from unweave.report.views import FRAMES, Views
from unweave.runs.errors import RunError


def test_latents_are_sorted_by_kl_as_the_log_has_it(run):
    latents = Views(run).latents
    logged = run.records()[-1]["kl per latent"]
    assert [latent.kl for latent in latents] == sorted(logged, reverse=True)
    assert all(logged[latent.column] == latent.kl for latent in latents)


def test_a_log_of_another_number_of_latents_is_named(run, monkeypatch):
    records = run.records()
    views = Views(run)
    for kl in ([0.5, 0.5], [0.5] * 4):
        monkeypatch.setitem(vars(views), "records", [*records, {"step": 99, "kl per latent": kl}])
        with pytest.raises(RunError, match=r"log.jsonl has the KL of \d latents; the codes have 3"):
            _ = views.latents


def test_latents_without_kl_are_sorted_by_spread_and_a_constant_one_is_idle(known_run):
    latents = Views(known_run()).latents
    assert [latent.column for latent in latents] == [1, 2, 0]
    assert [latent.active for latent in latents] == [True, True, False]
    assert latents[0].spread == pytest.approx(2 * latents[1].spread, rel=0.3)


def test_a_sweep_moves_its_latent_over_prior_quantiles_and_leaves_the_others(known_run):
    views = Views(known_run())
    first = views.traversals(5)[0]
    codes, frames = views.start[1], first.frames[1]
    expected = 1 / (1 + np.exp(-np.quantile(views.prior[:, 1], FRAMES)))
    np.testing.assert_allclose(frames[:, 0, 0, 1], expected, atol=1e-5)
    np.testing.assert_allclose(frames[:, 0, 0, 2], 1 / (1 + np.exp(-codes[1, 2])), atol=1e-5)


def test_the_mark_stands_where_the_start_lies_among_the_quantiles(known_run):
    views = Views(known_run())
    traversal, code = views.traversals(5)[0], views.start[1][0, 1]
    share = traversal.at[0] * (len(FRAMES) - 1)
    low = int(min(share, len(FRAMES) - 2))
    value = traversal.values[low] + (share - low) * (
        traversal.values[low + 1] - traversal.values[low]
    )
    assert value == pytest.approx(
        np.clip(code, traversal.values[0], traversal.values[-1]), abs=1e-4
    )


def test_without_an_encoder_sweeps_start_from_the_prior(known_run):
    views = Views(known_run(encodes=False))
    assert views.start[2] == "a sample of the prior"
    assert [s.latent.column for s in views.traversals(5)] == [0, 1, 2]
    with pytest.raises(Absent, match="Known has no encoder"):
        views.reconstructions(4)


def test_without_a_prior_sweeps_run_over_the_codes_of_images(known_run):
    views = Views(known_run(prior=False))
    assert views.values[1] == "quantiles of the codes of images (Known has no prior)"
    np.testing.assert_allclose(views.values[0], np.quantile(views.codes, FRAMES, axis=0), atol=1e-6)
    with pytest.raises(Absent, match="Known has no prior"):
        views.samples(4)


def test_held_out_images_are_shown_where_there_are_some(run):
    images, words = Views(run).source
    assert (len(images), words) == (30, "held out of training")


def test_vectors_are_no_pictures(known_run):
    run = known_run(ImageData(np.zeros((40, 16), np.float32)))
    with pytest.raises(Absent, match="vectors of 16 numbers"):
        Views(run).samples(2)


def test_data_that_cannot_be_opened_are_said(run):
    from unweave.runs.run import load_run

    with pytest.raises(Absent, match="could not be opened"):
        _ = Views(load_run(run.path)).source
