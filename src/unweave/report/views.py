"""Reconstructions, latent traversals, prior samples and latent statistics of a run, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.data.base import Dataset
from unweave.data.sampling.moving import some_clips
from unweave.evaluation.columns import MOST, column_kl
from unweave.evaluation.encoding import known_factors
from unweave.metrics.tables.silence import ACTIVE
from unweave.report.absent import Absent, able
from unweave.report.traversal import Latent, Traversal, of_classes, of_latent
from unweave.runs.run import Run

FRAMES = np.linspace(0.01, 0.99, 9)  # quantiles of the prior, one for each frame of a traversal
LOOKED_AT = 2_000  # images for statistics of the codes
FEW = 200  # such images for methods that optimise the code of each image
CLIPS = 4  # shown with their reconstructions
CANDIDATES = 24  # images; the second start of a traversal is the one farthest from the first
DRAWN = 10_000  # samples of the prior for its quantiles


class Views:
    """Images and codes of a run, computed on first use.

    Every member raises Absent, with the reason, where the run or its method cannot provide it.
    """

    def __init__(self, run: Run, seed: int = 0):
        self.run = run
        self.seed = seed

    @cached_property
    def source(self) -> tuple[Dataset, str]:
        """The data to show, held-out if there are any, and which part of the data they are."""
        try:
            data = self.run.data
            if self.run.held is not None:
                return self.run.held, "held out of training"
        except (ValueError, OSError, ImportError) as error:
            raise Absent(f"The data could not be opened: {error}.") from error
        return data, "from the training data"

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The log of the run, read once."""
        return self.run.records()

    def rows(self, n: int) -> NDArray[np.int64]:
        """Up to n row indices of the data, drawn at random with the seed."""
        size = len(self.source[0])
        return np.random.default_rng(self.seed).choice(size, min(n, size), replace=False)

    def images(self, n: int) -> NDArray[np.generic]:
        """Up to n images of the data, (n, C, H, W)."""
        return self.source[0].take(self.rows(n))

    @cached_property
    def posterior(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Posterior means and log variances (n, D) of `looked_at` images; no variances for points."""
        return able(lambda: self.run.posterior(self.images(self.looked_at)))

    @property
    def looked_at(self) -> int:
        """Number of images for statistics of the codes; few where encoding optimises each code."""
        return FEW if self.run.method.encode_is_costly else LOOKED_AT

    @cached_property
    def codes(self) -> NDArray[np.float32]:
        """Codes (n, D) of `looked_at` images."""
        return self.posterior[0]

    @cached_property
    def prior(self) -> NDArray[np.float32]:
        """Codes (n, D) sampled from the prior."""
        return able(lambda: self.run.sample_codes(DRAWN, self.seed))

    def refuse_clips(self) -> None:
        """Raise Absent if a code is of a clip, or of a frame of one."""
        if self.run.method.encodes == "clips":
            raise Absent(
                "This run encodes clips: what is shown of it are reconstructions and swaps."
            )

    def pictures(self) -> None:
        """Raise Absent if the data are not images."""
        if len(self.run.info.shape) != 3:
            raise Absent(f"The data are vectors of {self.run.info.shape[0]} numbers, not pictures.")

    @property
    def inferred(self) -> dict[str, Block]:
        """The blocks of the code that an encoder infers: all but noise."""
        return {name: block for name, block in self.run.blocks.items() if block.kind != "noise"}

    def reconstructions(self, n: int) -> tuple[NDArray[np.generic], NDArray[np.float32]]:
        """Images (n, C, H, W), or a few clips (n, M, C, H, W), and their reconstructions."""
        self.pictures()
        images = self.clips(CLIPS) if self.run.method.encodes == "clips" else self.images(n)
        return images, able(lambda: self.run.reconstruct(images))

    def clips(self, n: int) -> NDArray[np.generic]:
        """Up to n clips of the data, (n, M, C, H, W)."""
        length = int(self.run.config.batches["clip_length"])
        rows = some_clips(self.source[0], n, length, self.seed)  # (n, M)
        return self.source[0].take(rows.ravel()).reshape(*rows.shape, *self.run.info.shape)

    def samples(self, n: int) -> NDArray[np.float32]:
        """Images (n, C, H, W) decoded from samples of the prior."""
        self.pictures()
        self.refuse_clips()
        return able(lambda: self.run.sample(n, self.seed))

    @cached_property
    def latents(self) -> list[Latent]:
        """The columns of the code, most used first, without noise and one-hot blocks."""
        kl = self._kl()
        try:
            spread = self.codes.std(0)  # (n, D) -> (D,)
        except Absent:
            spread = None
        if kl is not None:
            width = len(kl)
        elif spread is not None:
            width = len(spread)
        else:
            width = self.prior.shape[-1]
        found = [self._latent(column, name, kl, spread) for column, name in self._columns(width)]
        return sorted(found, key=lambda latent: -latent.use)

    def _kl(self) -> Sequence[float] | None:
        """KL of each column in nats: the last one logged, or measured where the log has only the largest.

        None if codes have no variance.
        """
        logged = [r["kl per latent"] for r in self.records if "kl per latent" in r]
        last = logged[-1] if logged else None
        if not isinstance(last, dict):
            return last
        try:
            mean, log_var = self.posterior
        except Absent:
            return None
        if log_var is None:
            return None
        return column_kl(self.run.blocks, mean, log_var).tolist()

    @cached_property
    def start(self) -> tuple[NDArray[np.generic], NDArray[np.float32], str]:
        """Two starting images far from each other, their codes (2, D), and what the codes are."""
        try:
            images = self.images(CANDIDATES)
            codes = able(lambda: self.run.encode(images))
            farthest = int(((codes - codes[0]) ** 2).sum(1).argmax())
            pair = [0, farthest][: len(images)]  # data of one image have one start
            return images[pair], codes[pair], "the code of an image"
        except Absent:
            codes = self.prior[:2]
            return able(lambda: self.run.decode(codes)), codes, "a sample of the prior"

    @cached_property
    def values(self) -> tuple[NDArray[np.float32], str]:
        """Values (T, D) that a latent traversal sets, and what they are quantiles of."""
        try:
            codes = self.prior
            origin = "quantiles of the prior"
        except Absent as no_prior:
            codes = self.codes
            reason = str(no_prior).rstrip(".")
            origin = f"quantiles of the codes of images ({reason})"
        return np.quantile(codes, FRAMES, axis=0).astype(np.float32), origin

    def traversals(self, most: int) -> list[Traversal]:
        """Traversals of up to `most` active latents, most used first, then of every one-hot block."""
        self.pictures()
        self.refuse_clips()
        start = self.start[1]
        values = self.values[0]
        active = [latent for latent in self.latents if latent.active][:most]
        one_hot = [name for name, block in self.run.blocks.items() if block.kind == "one-hot"]
        found = [
            of_latent(latent, start, values[:, latent.column], self._decoded) for latent in active
        ]
        for name in one_hot:
            columns = np.array(self.run.blocks[name].places(start.shape[1]))
            found.append(of_classes(name, columns, start, self._decoded))
        return found

    def _decoded(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        return able(lambda: self.run.decode(codes))

    def mutual_information(self) -> tuple[Any, str]:
        """The Score `mig` of `looked_at` images, with its matrix (D, K) in nats, and a note on them."""
        from unweave.metrics import get

        factors = known_factors(self.source[0], self.rows(self.looked_at))
        if factors is None:
            raise Absent(
                "These data come without known factors or classes, so there is nothing to compare codes with."
            )
        used = np.ones(self.codes.shape[1], dtype=bool)  # (D,); also columns that are not latents
        for i, latent in enumerate(self.latents):
            used[latent.column] = latent.active and i < MOST
        return get("mig")(
            self.codes, factors, active=used
        ), f"measured for this page on {len(factors):,} images"

    def _columns(self, width: int) -> Iterator[tuple[int, str]]:
        """The columns of a code of `width` with their names, without noise and one-hot blocks."""
        for name, block in self.run.blocks.items():
            if block.kind in ("one-hot", "noise"):
                continue
            for i, column in enumerate(block.places(width)):
                yield column, f"z{column}" if name == "code" else f"{name} {i}"

    def _latent(
        self,
        column: int,
        name: str,
        kl: Sequence[float] | None,
        spread: NDArray[np.floating] | None,
    ) -> Latent:
        """A column with its statistics; active by its KL, or else if it varies at all."""
        own_kl = None if kl is None else float(kl[column])
        own_spread = None if spread is None else float(spread[column])
        active = own_spread is None or own_spread > 1e-6
        if own_kl is not None:
            active = own_kl > ACTIVE
        return Latent(column, name, own_kl, own_spread, active)
