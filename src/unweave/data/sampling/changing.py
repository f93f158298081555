"""Batches of pairs in which some factors change and the others stay."""

from __future__ import annotations

import numpy as np

from unweave.data.base import Dataset
from unweave.data.sampling.cells import count, of_two, shared_cells, varying
from unweave.data.sampling.shown import possible
from unweave.data.sampling.single import Draw, Drawn, Rows


def pairs(data: Dataset, batch_size: int, *, changed: int = 1, sampler: str = "exact") -> Draw:
    """Pairs that differ in `changed` factors (0: a random number of them, uniform from 1 to K - 1).

    sampler: "exact": the factors are chosen uniformly and their values really differ. "dlib": as in
        disentanglement_lib: the number is 1 or `changed` with equal probability (0: 1 or a number
        from 1 to K - 1), and the new value may be the old one. The batch's `changed` (B, K) then
        marks the values that differ, not those that were drawn again.
    Data without a grid of factors: the listed pairs, else two rows of one group, or class, without
    `changed`.
    """
    n = count(batch_size, 2, "pairs")
    factors = data.grid
    if factors is None and (changed, sampler) != (1, "exact"):
        raise ValueError(
            f"{data.name} has pairs or groups and no grid of factors to change: "
            "leave out changed and pairs"
        )
    if factors is None and data.pairs is not None:
        return _listed(data.pairs, n, data.name)
    if factors is None:
        cells = of_two(data, "pairs", shared_cells(data, "pairs", ()))
        return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), 2))
    free = varying(factors)
    if sampler not in ("exact", "dlib"):
        raise ValueError(f"there is no sampler of pairs {sampler!r}; known: exact, dlib")
    if not 0 <= changed <= len(free):
        raise ValueError(
            f"{data.name} has {len(free)} factors that vary; a pair cannot change {changed} of them"
        )

    def propose(rng: np.random.Generator, n: int) -> Rows:
        # (n,): how many factors change in each pair
        numbers = np.full(n, changed)
        if not changed:
            numbers = rng.integers(1, max(len(free), 2), size=n)
        if sampler == "dlib":
            numbers = np.where(rng.random(n) < 0.5, 1, numbers)
        # (n, K): which ones, those with the lowest of random ranks
        ranks = rng.random((n, len(free))).argsort(1).argsort(1)
        which = np.zeros((n, len(factors.sizes)), dtype=bool)
        which[:, free] = ranks < numbers[:, None]
        first = data.sample_factors(n, rng)
        several = which & (np.array(factors.sizes) > 1)
        new = factors.sample(n, rng) if sampler == "dlib" else factors.change(first, several, rng)
        # (n, 2, K): the two factor tuples of each pair
        return np.stack([first, np.where(which, new, first)], axis=1)

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        v, rows = possible(data, propose, rng, n)
        return Drawn(rows, changed=v[:, 0] != v[:, 1])

    return draw


def _listed(pairs: Rows, n: int, name: str) -> Draw:
    if not len(pairs):
        raise ValueError(f"{name} lists pairs, but none of them is whole in this part of it")
    return lambda rng, step: Drawn(pairs[rng.integers(len(pairs), size=n)])
