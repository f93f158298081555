"""What a run has learned, as arrays to look at: reconstructions, traversals, prior samples, latents in order of use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.data.base import Dataset
from unweave.data.sampling.moving import some_clips
from unweave.evaluation.columns import MOST, column_kl
from unweave.evaluation.encoding import known_factors
from unweave.methods.base import NotAvailable
from unweave.metrics.tables.silence import ACTIVE
from unweave.runs.run import Run

FRAMES = np.linspace(0.01, 0.99, 9)  # prior quantiles of a traversal
LOOKED_AT = 2_000  # images for statistics of the codes
FEW = 200  # such images where each code is optimised
CLIPS = 4  # shown beside their reconstructions
CANDIDATES = 24  # images of which the second start is the one farthest from the first
DRAWN = 10_000  # prior samples for quantiles
T = TypeVar("T")


class Absent(Exception):
    """There is nothing to show here; the message says why, for the reader of the page."""


@dataclass(frozen=True)
class Latent:
    """One column of a code.

    column: its place. name: "z3", or "style 2" in a block of its own. kl: nats per image; None if the code has no
    variance. spread: standard deviation of its means over images; None without an encoder. active: whether it is used.
    """

    column: int
    name: str
    kl: float | None
    spread: float | None
    active: bool

    @property
    def use(self) -> float:
        """What latents are sorted by: KL, or spread where there is none."""
        return self.kl if self.kl is not None else (self.spread or 0.0)


@dataclass(frozen=True)
class Traversal:
    """Images as one latent, or one one-hot block, takes value after value.

    frames: for each starting code, images (T, C, H, W). values: (T,) of the latent. at: for each starting code, where on
    the strip, 0 to 1, its own value lies (None for a block). labels: of the frames.
    """

    name: str
    latent: Latent | None
    frames: list[NDArray[np.float32]]
    values: NDArray[np.floating]
    at: list[float | None]
    labels: list[str]


class Views:
    """All that can be seen of a run. What it cannot do raises Absent with the reason."""

    def __init__(self, run: Run, seed: int = 0):
        self.run, self.seed = run, seed

    @cached_property
    def source(self) -> tuple[Dataset, str]:
        """The data to look at, and what they are: the held-out part if there is one."""
        try:
            data = self.run.data
            if self.run.held is not None:
                return self.run.held, "held out of training"
        except (ValueError, OSError, ImportError) as error:
            raise Absent(f"The data could not be opened: {error}.") from error
        return data, "from the training data"

    def rows(self, n: int) -> NDArray[np.int64]:
        """Some rows of the data, seeded, all if there are fewer."""
        size = len(self.source[0])
        return np.random.default_rng(self.seed).choice(size, min(n, size), replace=False)

    def images(self, n: int) -> NDArray[np.generic]:
        """Some images of the data, (n, C, H, W)."""
        return self.source[0].take(self.rows(n))

    @cached_property
    def posterior(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Means and log variances (n, D) of some images, encoded once."""
        return able(lambda: self.run.posterior(self.images(self.looked_at)))

    @property
    def looked_at(self) -> int:
        """How many images statistics of the codes are of; few where each code is optimised."""
        return FEW if self.run.method.encode_is_costly else LOOKED_AT

    @cached_property
    def codes(self) -> NDArray[np.float32]:
        """Codes (n, D) of some images."""
        return self.posterior[0]

    @cached_property
    def prior(self) -> NDArray[np.float32]:
        """Codes (n, D) drawn from the prior."""
        return able(lambda: self.run.sample_codes(DRAWN, self.seed))

    def pictures(self) -> None:
        """Absent if the data are not pictures."""
        if len(self.run.info.shape) != 3:
            raise Absent(f"The data are vectors of {self.run.info.shape[0]} numbers, not pictures.")

    @property
    def inferred(self) -> dict[str, Block]:
        """The blocks of the code that an encoder tells, noise left out."""
        return {name: block for name, block in self.run.blocks.items() if block.kind != "noise"}

    def reconstructions(self, n: int) -> tuple[NDArray[np.generic], NDArray[np.float32]]:
        """Images, or a few clips (n, M, C, H, W), and what the run makes of them."""
        self.pictures()
        images = self.clips(CLIPS) if self.run.method.encodes == "clips" else self.images(n)
        return images, able(lambda: self.run.reconstruct(images))

    def clips(self, n: int) -> NDArray[np.generic]:
        """Some clips of the data, (n, M, C, H, W)."""
        rows = some_clips(self.source[0], n, int(self.run.config.batches["clip_length"]), self.seed)
        return self.source[0].take(rows.ravel()).reshape(*rows.shape, *self.run.info.shape)

    def samples(self, n: int) -> NDArray[np.float32]:
        """New images from the prior."""
        self.pictures()
        return able(lambda: self.run.sample(n, self.seed))

    @cached_property
    def latents(self) -> list[Latent]:
        """The columns of the code that can be told apart by use, most used first; noise and one-hot blocks left out."""
        kl = self._kl()
        try:
            spread = self.codes.std(0)
        except Absent:
            spread = None
        width = len(kl) if kl is not None else len(spread) if spread is not None else self.prior.shape[1]
        found = [self._latent(*named, kl, spread) for named in self._columns(width)]
        return sorted(found, key=lambda latent: -latent.use)

    def _kl(self) -> Sequence[float] | None:
        """Nats of each column as the log has them last; where it has the largest alone, of some images; None without."""
        last = next((r["kl per latent"] for r in reversed(self.run.records()) if "kl per latent" in r), None)
        if not isinstance(last, dict):
            return last
        try:
            mean, log_var = self.posterior
        except Absent:
            return None
        return None if log_var is None else column_kl(self.run.blocks, mean, log_var).tolist()

    @cached_property
    def start(self) -> tuple[NDArray[np.generic], NDArray[np.float32], str]:
        """Two images to start from, far from each other, their codes, and what they are."""
        try:
            images = self.images(CANDIDATES)
            codes = able(lambda: self.run.encode(images))
            pair = [0, int(((codes - codes[0]) ** 2).sum(1).argmax())][: len(images)]
            return images[pair], codes[pair], "the code of an image"
        except Absent:
            codes = self.prior[:2]
            return able(lambda: self.run.decode(codes)), codes, "a sample of the prior"

    @cached_property
    def values(self) -> tuple[NDArray[np.float32], str]:
        """Values (T, D) that latents are set to, and where they come from."""
        try:
            codes, words = self.prior, "quantiles of the prior"
        except Absent as no_prior:
            codes, words = self.codes, f"quantiles of the codes of images ({str(no_prior).rstrip('.')})"
        return np.quantile(codes, FRAMES, axis=0).astype(np.float32), words

    def traversals(self, most: int) -> list[Traversal]:
        """A traversal of every active latent, most used first, at most this many, then of every one-hot block."""
        self.pictures()
        start, values = self.start[1], self.values[0]
        active = [latent for latent in self.latents if latent.active][:most]
        found = [self._traversal(latent, start, values[:, latent.column]) for latent in active]
        return found + [
            self._classes(name, start) for name, block in self.run.blocks.items() if block.kind == "one-hot"
        ]

    def mutual_information(self) -> tuple[Any, str]:
        """The Score `mig` of some images, with its matrix (D, K) in nats, and a line on where it comes from."""
        from unweave.metrics import get

        factors = known_factors(self.source[0], self.rows(self.looked_at))
        if factors is None:
            raise Absent("These data come without known factors or classes, so there is nothing to compare codes with.")
        unused = {latent.column for i, latent in enumerate(self.latents) if i >= MOST or not latent.active}
        used = np.array([column not in unused for column in range(self.codes.shape[1])])
        return get("mig")(self.codes, factors, active=used), f"measured for this page on {len(factors):,} images"

    def _columns(self, width: int) -> Iterator[tuple[int, str]]:
        for name, block in self.run.blocks.items():
            if block.kind not in ("one-hot", "noise"):
                for i, column in enumerate(block.places(width)):
                    yield column, f"z{column}" if name == "code" else f"{name} {i}"

    def _latent(
        self, column: int, name: str, kl: Sequence[float] | None, spread: NDArray[np.floating] | None
    ) -> Latent:
        own = None if kl is None else float(kl[column])
        width = None if spread is None else float(spread[column])
        active = own > ACTIVE if own is not None else width is None or width > 1e-6
        return Latent(column, name, own, width, active)

    def _traversal(self, latent: Latent, start: NDArray[np.float32], values: NDArray[np.float32]) -> Traversal:
        codes = np.repeat(start, len(values), 0)
        codes[:, latent.column] = np.tile(values, len(start))
        at = [float(np.interp(v, values, np.linspace(0, 1, len(values)))) for v in start[:, latent.column]]
        labels = [f"{latent.name} = {v:z.2f}" for v in values]
        return Traversal(latent.name, latent, self._frames(codes, len(start)), values, list(at), labels)

    def _classes(self, name: str, start: NDArray[np.float32]) -> Traversal:
        columns = np.array(self.run.blocks[name].places(start.shape[1]))
        codes = np.repeat(start, len(columns), 0)
        codes[:, columns] = np.tile(np.eye(len(columns), dtype=np.float32), (len(start), 1))
        labels = [f"{name} {i}" for i in range(len(columns))]
        values = np.arange(len(columns), dtype=np.float32)
        return Traversal(name, None, self._frames(codes, len(start)), values, [None] * len(start), labels)

    def _frames(self, codes: NDArray[np.float32], starts: int) -> list[NDArray[np.float32]]:
        return np.split(able(lambda: self.run.decode(codes)), starts)


def able(make: Callable[[], T]) -> T:
    """What a method makes; Absent with its own words if it cannot."""
    try:
        return make()
    except NotAvailable as reason:
        raise Absent(f"{str(reason).rstrip('.')}.") from reason
