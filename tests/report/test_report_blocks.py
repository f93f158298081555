"""What a page shows of a code of several blocks: exchanges, samples by class, what each block knows."""

import html

import numpy as np
import pytest
import torch
from torch import nn

from unweave.blocks import Block
from unweave.data.images import ImageData
from unweave.methods.base import Method, NotAvailable
from unweave.report import page, pictures
from unweave.report.absent import Absent
from unweave.report.class_sheet import analogies, class_sheet
from unweave.report.heatmap import LABEL, heatmap
from unweave.report.leaks import probes
from unweave.report.swaps import COLUMNS, ROWS, swaps
from unweave.report.views import Views
from unweave.runs.run import Run
from unweave.types import Posterior


class Halves(Method):
    """The class is the number of lit pixels on the left, shown there again; the style is one pixel on the right."""

    def __init__(self, embedded: bool = False):
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.embedded = embedded

    @property
    def blocks(self):
        if self.embedded:
            return {"class": Block(slice(0, 1)), "style": slice(1, 2)}
        return {"class": slice(0, 3), "style": slice(3, 4)}

    def class_codes(self, y):
        return 10.0 * y[:, None].float() if self.embedded else super().class_codes(y)

    def encode(self, x):
        y = x[:, 0, :, 0].gt(0.5).sum(1)
        return Posterior(torch.cat([self.class_codes(y), x[:, 0, :1, 3]], 1))

    def decode(self, z):
        y = (z[:, 0] / 10).round() if self.embedded else z[:, :3].argmax(1)
        image = torch.zeros(len(z), 1, 4, 4)
        image[:, 0, :, 0] = (torch.arange(4) < y[:, None]).float()
        image[:, 0, 0, 3] = z[:, -1]
        return image

    def sample_prior(self, n):
        return torch.cat([self.class_codes(torch.zeros(n, dtype=torch.long)), torch.rand(n, 1)], 1)


@pytest.fixture
def halves(known_run):
    """A Run around `Halves`, on 300 images of three classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=300)
    images = np.zeros((300, 1, 4, 4), np.uint8)
    images[:, 0, :, 0] = 255 * (np.arange(4) < y[:, None])
    images[:, 0, 0, 3] = rng.integers(0, 256, 300)
    data = ImageData(images, y=y, class_names=("none", "one", "two"), name="halves")
    run = known_run(data)
    return lambda **options: Run(run.folder, Halves(**options), data)


@pytest.mark.parametrize("embedded", [False, True])
def test_an_image_is_decoded_from_the_class_of_its_row_and_the_style_of_its_column(
    halves, embedded, monkeypatch
):
    seen, tiled = [], pictures.tiled
    monkeypatch.setattr(
        pictures,
        "tiled",
        lambda tiles, *how, **more: seen.append(tiles) or tiled(tiles, *how, **more),
    )
    shown = swaps(Views(halves(embedded=embedded)))
    assert (shown.down, shown.across, shown.rest) == ("class", "style", "")
    grid = seen[0].reshape(ROWS + 1, COLUMNS + 1, 4, 4)
    np.testing.assert_array_equal(grid[1:, 1:, :, 0], np.repeat(grid[1:, :1, :, 0], COLUMNS, 1))
    np.testing.assert_array_equal(grid[1:, 1:, 0, 3], np.repeat(grid[:1, 1:, 0, 3], ROWS, 0))
    assert len(np.unique(grid[1:, 0, :, 0], axis=0)) > 1


@pytest.mark.parametrize("embedded", [False, True])
def test_samples_are_of_the_class_they_are_asked_for(halves, embedded):
    run = halves(embedded=embedded)
    lit = run.sample(6, y=[0, 1, 2, 0, 1, 2])[:, 0, :, 0].sum(1)
    assert lit.tolist() == [0, 1, 2, 0, 1, 2]
    np.testing.assert_array_equal(
        run.sample(4, seed=1, y=2)[:, 0, 0, 3], run.sample(4, seed=1)[:, 0, 0, 3]
    )
    sheet = class_sheet(Views(run))
    assert [name for name, _ in sheet.strips] == ["class 0", "class 1", "class 2"]
    for wrong in (3, -1, 0.5):
        with pytest.raises(ValueError, match="classes are whole numbers from 0 to 2"):
            run.sample(2, y=wrong)


@pytest.mark.parametrize("embedded", [False, True])
def test_as_many_classes_as_samples_or_one_for_all(halves, embedded):
    run = halves(embedded=embedded)
    for y, said in [
        ([1, 2], "2 classes"),
        ([1], "1 class"),
        ([], "0 classes"),
        ([[0, 1, 2]], r"shape \(1, 3\)"),
    ]:
        with pytest.raises(ValueError, match=f"y has {said} for 3 samples: give one for all, or"):
            run.sample(3, y=y)
        with pytest.raises(ValueError, match=f"y has {said} for 3 samples"):
            run.with_class(run.sample_codes(3), y)
    assert len(run.sample(0, y=[])) == 0


@pytest.mark.parametrize("embedded", [False, True])
def test_an_analogy_has_the_class_of_its_row_and_the_style_of_the_image_at_its_top(
    halves, embedded, monkeypatch
):
    seen, grid = [], pictures.grid
    monkeypatch.setattr(
        pictures, "grid", lambda frames, *how: seen.append(frames) or grid(frames, *how)
    )
    sheet = analogies(Views(halves(embedded=embedded)))
    assert [name for name, _ in sheet.strips] == ["images", "class 0", "class 1", "class 2"]
    images, *classes = seen  # (n, 1, 4, 4) each
    for k, decoded in enumerate(classes):
        assert (decoded[:, 0, :, 0].sum(1) == k).all()
        np.testing.assert_allclose(decoded[:, 0, 0, 3], images[:, 0, 0, 3] / 255, atol=1e-6)
    assert len(np.unique(images[:, 0, 0, 3])) > 1


def test_a_code_without_a_class_says_so(known_run):
    run = known_run()
    with pytest.raises(NotAvailable, match="no block 'class'; they have code"):
        run.sample(2, y=0)
    views = Views(run)
    for part in (class_sheet, analogies, swaps, probes):
        with pytest.raises(Absent):
            part(views)


def test_the_block_that_is_the_class_tells_it_and_the_style_does_not(halves):
    table = probes(Views(halves()))
    (name, ((score, chance),)), (other, ((beside, _),)) = table.blocks
    assert (table.factors, name, other, table.rows) == (["class"], "class", "style", 300)
    assert score == "1.00"
    assert chance.startswith("chance 0.")
    assert float(beside) < 0.6


def test_the_page_has_a_section_for_each_and_none_where_there_is_one_block(halves, known_run):
    titles = (
        "Samples by class",
        "Analogies",
        "Class from the left, style from above",
        "What each block knows",
    )
    text = html.unescape(page.render([halves()]))
    assert all(title in text for title in titles)
    text = html.unescape(page.render([known_run(folder="known-1")]))
    assert not any(title in text for title in titles)


def test_names_of_rows_have_the_room_that_they_need():
    short, long = (heatmap("", np.ones((1, 1)), [name], ["v"], "") for name in ("z0", "content 12"))
    assert short.label == LABEL
    assert long.label - LABEL == long.cells[0].x - short.cells[0].x == 20
