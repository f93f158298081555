import mmap
from pathlib import Path

import numpy as np
import pytest
import torch

from unweave.data.factors import FactorSpace
from unweave.data.files import pages as module
from unweave.data.files.pages import READS, Pages
from unweave.data.images import FactorImages, ImageData
from unweave.data.sampling import prefetch as ahead
from unweave.data.sampling.batches import stream
from unweave.data.sampling.prefetch import PREFETCHED
from unweave.data.sampling.single import Drawn
from unweave.data.subsets import split

N, SHAPE = 400, (2, 32, 62)
ROW = 3968  # bytes: rows share pages, and the first one, 128 behind the beginning of the file, ends with its page
KINDS = ("images", "groups", "pairs", "triplets", "clips", "views", "classes")
linux = pytest.mark.skipif(
    not hasattr(mmap, "MADV_WILLNEED"), reason="this system takes no advice on memory"
)


class Told(mmap.mmap):
    """Memory that writes down the pages it is asked for."""

    asked: list[set[int]]

    def madvise(self, option: int, start: int, length: int) -> None:
        assert option == mmap.MADV_WILLNEED
        assert start % mmap.PAGESIZE == length % mmap.PAGESIZE == 0
        self.asked.append(set(range(start // mmap.PAGESIZE, (start + length) // mmap.PAGESIZE)))
        super().madvise(option, start, length)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    images = np.random.default_rng(0).integers(256, size=(N, *SHAPE), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    return tmp_path / "images.npy"


def opened(path: Path) -> tuple[np.ndarray, Told]:
    """The array of the file, mapped, and its memory."""
    with path.open("rb") as file:
        memory = Told(file.fileno(), 0, access=mmap.ACCESS_READ)
    memory.asked = []
    return np.ndarray((N, *SHAPE), np.uint8, memory, 128), memory


def pages_of(rows: np.ndarray) -> set[int]:
    """The pages of the rows, found by going through their bytes."""
    return {
        (128 + r * ROW + byte) // mmap.PAGESIZE
        for r in np.ravel(rows).tolist()
        for byte in (*range(0, ROW, 64), ROW - 1)
    }


def taken(memory: Told) -> set[int]:
    """The pages asked for since the last time."""
    found = set().union(*memory.asked)
    memory.asked.clear()
    return found


def waiting(monkeypatch: pytest.MonkeyPatch, yes: bool) -> None:
    """From now on every read waits for the disk, or none."""
    count = iter(range(10**9))
    monkeypatch.setattr(module, "_waits", lambda: next(count) if yes else 0)


@linux
def test_a_step_asks_for_exactly_the_pages_of_the_rows_two_steps_ahead(path):
    array, memory = opened(path)
    at = stream(ImageData(array, binary=False), {"images"}, batch_size=16, seed=1)
    held = stream(ImageData(array.copy(), binary=False), {"images"}, batch_size=16, seed=1)
    rows = [held(t).index for t in range(20)]
    at(0)
    assert taken(memory) == pages_of(torch.cat(rows[: PREFETCHED + 1]).numpy())
    for step in range(1, 6):
        at(step)
        assert sum(map(len, memory.asked)) == len(set().union(*memory.asked))  # no page twice
        assert all(
            max(a) + 1 < min(b) for a, b in zip(memory.asked, memory.asked[1:], strict=False)
        )  # neighbours are one call
        assert taken(memory) == pages_of(rows[step + PREFETCHED].numpy())
    at(12)  # elsewhere: nothing is known beforehand
    assert taken(memory) == pages_of(torch.cat(rows[12 : 12 + PREFETCHED + 1]).numpy())


@linux
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", ["whole", "part", "photos"])
def test_every_kind_of_stream_asks_and_gives_the_batches_it_gives_from_memory(path, kind, view):
    def made(array: np.ndarray) -> ImageData | FactorImages:
        grid = FactorImages(FactorSpace(("a", "b", "c"), (5, 8, 10)), array, binary=False)
        photos = ImageData(array, y=np.arange(N) % 3, groups=np.arange(N) // 20, binary=False)
        return {"whole": grid, "part": split(grid, 0.3, 0)[0], "photos": photos}[view]

    array, memory = opened(path)
    data, needs = made(array), {kind} if view == "photos" else {kind, "labels"}
    mapped, held = (
        stream(d, needs, batch_size=24, seed=2, labels=100) for d in (data, made(array.copy()))
    )
    for step in (0, 1, 2, 3, 9, 10, 1, 0, 0):
        a, b = mapped(step), held(step)
        pairs = [(a, b)] if a.labelled is None else [(a, b), (a.labelled, b.labelled)]
        assert all(torch.equal(x.x, y.x) and torch.equal(x.index, y.index) for x, y in pairs)
        a.index.zero_()  # what was handed out is nobody else's
    taken(memory)
    mapped(50)
    rows = [
        b.index
        for t in range(50, 50 + PREFETCHED + 1)
        for b in (held(t), held(t).labelled)
        if b is not None
    ]
    places = np.concatenate([r.numpy().reshape(-1) for r in rows])
    assert taken(memory) == pages_of(data.base_rows[places] if view == "part" else places)


@linux
def test_steps_in_any_order_leave_no_more_behind_than_the_steps_ahead(path):
    draws = ahead.Prefetch(
        lambda step: Drawn(np.array([step])), Pages.of(opened(path)[0]), lambda rows: rows
    )
    assert [draws(step).rows.item() for step in (0, 90, 5, 91, 6)] == [0, 90, 5, 91, 6]
    assert sorted(draws.known) == [6 + k for k in range(1, PREFETCHED + 1)]


@linux
def test_advice_ends_where_nothing_waits_and_comes_back_for_longer(path, monkeypatch):
    array, memory = opened(path)
    at = stream(ImageData(array, binary=False), {"images"}, batch_size=4)
    waiting(monkeypatch, False)
    asked = [bool(at(t).index.numel() and taken(memory)) for t in range(READS + 50)]
    assert asked == [True] * READS + [False] * 50
    waiting(monkeypatch, True)
    start = READS + 50
    asked = [bool(at(start + t).index.numel() and taken(memory)) for t in range(6 * READS + 4)]
    assert asked == [False] + [True] * 2 * READS + [False] + [True] * 4 * READS + [False, True]


@linux
@pytest.mark.parametrize("form", ["transposed", "flipped", "part", "memmap"])
def test_a_view_is_asked_for_where_it_lies_in_the_file(path, form):
    array, memory = opened(path)
    every = np.arange(N)
    view, there = {
        "transposed": (array.transpose(0, 2, 3, 1), every),
        "flipped": (array[::-1, :, ::-1], every[::-1]),
        "part": (array[1::2], every[1::2]),
        "memmap": (np.load(path, mmap_mode="r"), every),
    }[form]
    pages = Pages.of(view)
    pages.memory = memory
    for row, place in enumerate(there):
        pages.prefetch(np.array([row]))
        assert taken(memory) == pages_of(place)
    pages.prefetch(np.array([[60, 0], [1, 60]]))
    assert taken(memory) == pages_of(there[[0, 1, 60]])


def test_arrays_in_memory_and_rows_that_lie_across_the_file_are_not_asked_for(path):
    mapped = np.load(path, mmap_mode="r")
    assert Pages.of(None) is None
    assert Pages.of(np.array(mapped)) is None
    assert Pages.of(np.ndarray((N, *SHAPE), np.uint8, mapped, order="F")) is None
    assert Pages.of(np.broadcast_to(mapped[:1], mapped.shape)) is None
    assert (Pages.of(mapped[:, None, 0]) is not None) == hasattr(mmap, "MADV_WILLNEED")


@pytest.mark.parametrize("lacks", ["advice", "counts", "a file system that takes it"])
def test_where_there_is_no_advice_the_batches_are_the_same(path, monkeypatch, lacks):
    array, memory = opened(path)
    if lacks == "advice":
        monkeypatch.delattr(mmap, "MADV_WILLNEED", raising=False)
    elif lacks == "counts":
        monkeypatch.setattr(module, "resource", None)
    else:
        refused = []

        def madvise(self: Told, *given: int) -> None:
            refused.append(given)
            raise OSError(22, "Invalid argument")

        monkeypatch.setattr(Told, "madvise", madvise)
        waiting(monkeypatch, True)
    at = stream(ImageData(array, binary=False), {"images"}, batch_size=16)
    held = stream(ImageData(array.copy(), binary=False), {"images"}, batch_size=16)
    for step in range(5):
        assert torch.equal(at(step).x, held(step).x)
    assert not memory.asked
    if lacks == "a file system that takes it" and hasattr(mmap, "MADV_WILLNEED"):
        assert len(refused) <= PREFETCHED + 1
