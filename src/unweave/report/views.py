"""Reconstructions, latent traversals, prior samples and latent statistics of a run, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.data.base import Dataset
from unweave.data.sampling.moving import some_clips
from unweave.evaluation.columns import MOST, column_kl
from unweave.evaluation.encoding import known_factors
from unweave.report.absent import Absent, able
from unweave.report.latents import Latent, latents
from unweave.report.traversal import Traversal, of_classes, of_latent
from unweave.runs.errors import RunError
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
        """Posterior means and log variances (n, D) of `looked_at` images; None for points."""
        return able(lambda: self.run.posterior(self.images(self.looked_at)))

    @property
    def looked_at(self) -> int:
        """Number of images for statistics of the codes; few where encoding optimises each code."""
        if self.run.method.encode_is_costly:
            return FEW
        return LOOKED_AT

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
        if self.run.method.encodes == "clips":
            images = self.clips(CLIPS)
        else:
            images = self.images(n)
        return images, able(lambda: self.run.reconstruct(images))

    def clips(self, n: int) -> NDArray[np.generic]:
        """Up to n clips of the data, (n, M, C, H, W)."""
        length = self.run.config.batches.clip_length
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
            if spread is not None and len(spread) != width:
                raise RunError(
                    f"{self.run.folder.log.path} has the KL of {width} latents; "
                    f"the codes have {len(spread)}: restore it from a copy"
                )
        elif spread is not None:
            width = len(spread)
        else:
            width = self.prior.shape[-1]
        return latents(self.run.blocks, width, kl, spread)

    def _kl(self) -> Sequence[float] | None:
        """KL of each column in nats; None if codes have no variance.

        The last one logged, or measured where the log has only the largest.
        """
        logged = [r["kl per latent"] for r in self.records if "kl per latent" in r]
        if not logged:
            return None
        if not isinstance(logged[-1], dict):
            return logged[-1]
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
        """Traversals of up to `most` active latents, most used first, and of one-hot blocks."""
        self.pictures()
        self.refuse_clips()
        start = self.start[1]
        values = self.values[0]
        active = [latent for latent in self.latents if latent.active][:most]
        one_hot = [name for name, block in self.run.blocks.items() if block.kind == "one-hot"]
        found = []
        for latent in active:
            found.append(of_latent(latent, start, values[:, latent.column], self._decoded))
        for name in one_hot:
            columns = np.array(self.run.blocks[name].places(start.shape[1]))
            found.append(of_classes(name, columns, start, self._decoded))
        return found

    def _decoded(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        return able(lambda: self.run.decode(codes))

    def mutual_information(self) -> tuple[Any, str]:
        """The Score `mig` of `looked_at` images, with its matrix (D, K) in nats, and a note."""
        from unweave.metrics import get

        factors = known_factors(self.source[0], self.rows(self.looked_at))
        if factors is None:
            raise Absent(
                "These data come without known factors or classes, "
                "so there is nothing to compare codes with."
            )
        used = np.ones(self.codes.shape[1], dtype=bool)  # (D,); also columns that are not latents
        for i, latent in enumerate(self.latents):
            used[latent.column] = latent.active and i < MOST
        note = f"measured for this page on {len(factors):,} images"
        return get("mig")(self.codes, factors, active=used), note
