"""Interface of tables of rows and of groups: their columns, and the changed copies that errors and
floors need.

The library scores either through it; what the two do differently is in their own files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:  # beartype, under which the tests run, checks functions alone and knows no Self
    from typing import Self


@dataclass(frozen=True, eq=False, kw_only=True)
class AnyTable(ABC):
    """Abstract table of codes. Latents and factors that never vary were set aside when it was made.

    latents, varying: which of the columns that were given are the latents, and the factors, of this
        table.
    width, height: how many latents and factors were given. kinds: of each of these factors, ()
        where they are not known.
    notes: remarks that every score of it carries. redrawn: whether a half of it takes a new draw,
        which costs as much as a fit.
    """

    redrawn: ClassVar[bool] = False

    protocol: str = "unweave"
    seed: int = 0
    latents: tuple[int, ...] = ()
    varying: tuple[int, ...] = ()
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of rows, or of groups to fit on."""

    @property
    @abstractmethod
    def rows_behind(self) -> int:
        """Number of rows, or of given groups, that vary from sample to sample."""

    @abstractmethod
    def undefined(self) -> str:
        """Why nothing can be measured here, or ''."""

    @abstractmethod
    def audible(self) -> AnyTable:
        """The latents that carry information, as far as that is known."""

    @abstractmethod
    def without_factors(self) -> AnyTable:
        """The codes alone."""

    @abstractmethod
    def grouped(self, *, pairs: bool) -> AnyTable:
        """Groups whose members share a factor; pairs: in each of which every pair of members shares
        a value of its own.
        """

    @abstractmethod
    def without(self, *blocks: int) -> Self:
        """Without some of 20 blocks of rows, for the jackknife. ValueError for groups, whose error
        is by halves.
        """

    @abstractmethod
    def halves(self, i: int) -> tuple[Self, Self]:
        """Two random halves for an error, drawn anew for each i, that share no row and no draw."""

    @abstractmethod
    def permuted(self, i: int) -> Self:
        """The same codes beside factors of other rows, drawn anew for each i: what is chance."""

    @abstractmethod
    def rotated(self) -> Self:
        """The codes after one random rotation."""

    @abstractmethod
    def ceiling(self) -> Self | None:
        """The factors themselves as codes; None where that cannot be."""

    def put_back(
        self, latents: Mapping[str, np.ndarray], factors: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Parts per latent (D,) and per factor (K,) on the columns that were given, NaN where one
        was set aside.
        """
        full: dict[str, np.ndarray] = {}
        for parts, columns, length in (
            (latents, self.latents, self.width),
            (factors, self.varying, self.height),
        ):
            for name, part in parts.items():
                full[name] = np.full(length, np.nan)
                full[name][list(columns)] = part
        return full

    def put_back_matrix(self, matrix: np.ndarray | None) -> np.ndarray | None:
        """A matrix (D, K) on the columns that were given, NaN where one was set aside; one of
        another shape as it is.
        """
        if matrix is None or matrix.shape != (len(self.latents), len(self.varying)):
            return matrix
        full = np.full((self.width, self.height), np.nan)
        full[np.ix_(self.latents, self.varying)] = matrix
        return full

    def kinds_given(self) -> tuple[str, ...]:
        """The kind of every factor that was given, "" of those set aside; () where factors are not
        known.
        """
        of = dict(zip(self.varying, self.kinds, strict=False))
        if not of:
            return ()
        return tuple(of.get(k, "") for k in range(self.height))
