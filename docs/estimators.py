"""Measure the bias of estimates of information, of codes and images and of codes and factors; write docs/estimators.md.

python docs/estimators.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.special import digamma
from torch import Tensor

from unweave.maths.information import Estimator, chain
from unweave.maths.whole_chain import of_all_images
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.entropies import entropy

PAGE = Path(__file__).with_name("estimators.md")
IMAGES = 20_000
COLUMNS = 10
CORRELATION = 0.6  # of a pair of columns
DEVIATIONS = (0.5, 0.25)  # of a posterior; a column of q(z) has 1
BATCHES = (32, 64, 256, 1024)
TEXT = """# How far off the estimates of I(x; z) and the total correlation are

Codes of {images:,} images with {columns} columns in pairs of correlation {correlation}, each column of q(z) a standard
normal: there both terms have a closed form. Estimates are means over batches of {drawn:,} images in all, in nats, with their
standard errors. See `unweave.maths.information` for the formulas. Written by `python docs/estimators.py`.

| deviation of a posterior | batch | I, weighted | I, stratified | I, truth | TC, weighted | TC, stratified | TC, truth |
|---|---|---|---|---|---|---|---|
{rows}

- The **weighted** total correlation, as it is logged (without its constant (D - 1) log NM), lies far below the truth and
  says little; its gradient is what beta-TCVAE uses. The **stratified** one comes nearer with the size of the batch.
- No estimate knows an I(x; z) above log N, {most:.1f} nats of all {images:,} images, {ceiling:.1f} of a table of {table:,}.
  In the first block the truth lies below, and the stratified estimates of a large batch are right to a few tenths. In the
  second it lies above: I stops short, and what it lacks stands in the total correlation, **by nats**, whatever the batch. The
  weighted estimate of I is wrong by nats everywhere.
- The last line of each block is a full table, as `information_terms` and `inspect` use it. It warns within 1 nat of log N,
  as it does in the second block.
"""


SPARSE = """
# How far off the information of a code and a factor is

A code in 20 bins beside a factor of so many levels, in nats: means over fresh tables of so many rows, with the true value.
"none": the code is noise. "part": each level has its own random distribution over the bins. "half": the code tells the
level in half of the rows, and is noise in the others. "all": the level determines the code. Plug-in is what protocols
of other code bases take, Miller-Madow and the digamma function are the usual corrections, the last column is the library's
own (`unweave.metrics.estimators.contingency`).

| levels | rows | the code knows | truth | plug-in | Miller-Madow | digamma | chance-corrected |
|---|---|---|---|---|---|---|---|
{rows}

- Noise scores 0 however few rows a level has, and a code that is determined by its factor keeps all it has.
- In between, with fewer than some 10 rows for each level, no estimate is right: ours is off by up to .2 nats either way, the
  others overrate codes, most those that know least.
"""
CASES = ((5, 1_000), (40, 1_000), (40, 10_000), (183, 1_000), (1_000, 10_000))
KNOWN = ("none", "part", "half", "all")


def truth(deviation: float) -> tuple[float, float]:
    """(I(x; z), total correlation) in nats, of infinitely many images."""
    correlated = -0.5 * math.log(1 - CORRELATION**2) * (COLUMNS // 2)
    return -COLUMNS * math.log(deviation) - correlated, correlated


def codes(deviation: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Means (N, D) and log variances (N, D) whose mixture has unit variances, and pairs of correlated columns."""
    block = torch.tensor([[1.0, CORRELATION], [CORRELATION, 1.0]])
    between = torch.block_diag(*[block] * (COLUMNS // 2)) - deviation**2 * torch.eye(COLUMNS)
    mean = torch.randn(IMAGES, COLUMNS, generator=generator) @ torch.linalg.cholesky(between).T
    return mean, torch.full_like(mean, 2 * math.log(deviation))


def estimates(deviation: float, batch: int, draws: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The (I, TC) of each of the two estimators, means and standard errors over so many batches."""
    generator = torch.Generator().manual_seed(batch)
    mean, log_var = codes(deviation, generator)
    found: dict[Estimator, list[Tensor]] = {"weighted": [], "stratified": []}
    for _ in range(draws):
        rows = torch.randint(IMAGES, (batch,), generator=generator)
        m = mean[rows]  # (M, D)
        v = log_var[rows]
        z = m + torch.exp(0.5 * v) * torch.randn(m.shape, generator=generator)
        for name, values in found.items():
            values.append(torch.stack(chain(z, m, v, n=IMAGES, estimator=name)[:2]))
    for values in found.values():
        table = torch.stack(values)
        yield table.mean(0), table.std(0) / math.sqrt(draws)


def full(deviation: float, images: int) -> Tensor:
    """(I, TC) of so many images as if they were all there are."""
    generator = torch.Generator().manual_seed(0)
    mean, log_var = (t[:images] for t in codes(deviation, generator))
    z = mean + torch.exp(0.5 * log_var) * torch.randn(mean.shape, generator=generator)
    return torch.stack(of_all_images(z, mean, log_var)[:2])


def rows(drawn: int, table: int) -> Iterator[str]:
    """The lines of the table."""
    for deviation in DEVIATIONS:
        information, correlated = truth(deviation)
        for batch in BATCHES:
            both = list(estimates(deviation, batch, max(8, drawn // batch)))
            of_information = [f"{mean[0]:.2f} ± {error[0]:.2f}" for mean, error in both]
            of_correlation = [f"{mean[1]:.2f} ± {error[1]:.2f}" for mean, error in both]
            cells = [*of_information, f"{information:.2f}", *of_correlation, f"{correlated:.2f}"]
            yield f"| {deviation} | {batch} | " + " | ".join(cells) + " |"
        found = full(deviation, table)
        yield f"| {deviation} | all of {table:,} | | {found[0]:.2f} | {information:.2f} | | {found[1]:.2f} | {correlated:.2f} |"


def channel(known: str, levels: int, rng: np.random.Generator, bins: int = 20) -> np.ndarray:
    """P(bin | level), (levels, bins)."""
    if known == "none":
        return np.full((levels, bins), 1 / bins)
    if known == "part":
        return rng.dirichlet(np.ones(bins), levels)
    determined = np.eye(bins)[np.arange(levels) * bins // levels]
    if known == "all":
        return determined
    return (determined + 1 / bins) / 2


def of_a_table(known: str, levels: int, n: int, rng: np.random.Generator) -> list[float]:
    """Truth, plug-in, Miller-Madow, digamma and the library's estimate of information for one new table, in nats."""
    chances = channel(known, levels, rng)
    joint = chances / levels
    truth = float(entropy(joint.sum(0)) + math.log(levels) - entropy(joint))
    v = rng.integers(levels, size=n)
    z = (rng.random((n, 1)) > chances.cumsum(1)[v]).sum(1).clip(0, chances.shape[1] - 1)
    cells = np.bincount(z * levels + v).astype(float)
    of_code = np.bincount(z).astype(float)
    of_factor = np.bincount(v).astype(float)
    plug_in, own = (
        from_indices(z[:, None], v[:, None], corrected=c).uncut[0, 0] for c in (False, True)
    )
    occupied = [(c > 0).sum() for c in (cells, of_code, of_factor)]
    c_psi = [(c * digamma(np.maximum(c, 1))).sum() / n for c in (cells, of_code, of_factor)]
    corrections = plug_in - (occupied[0] - occupied[1] - occupied[2] + 1) / (2 * n)
    return [truth, plug_in, corrections, float(digamma(n) + c_psi[0] - c_psi[1] - c_psi[2]), own]


def sparse_rows(draws: int = 8) -> Iterator[str]:
    """The lines of the second table."""
    for levels, n in CASES:
        for known in KNOWN:
            rng = np.random.default_rng([levels, n])
            found = np.mean([of_a_table(known, levels, n, rng) for _ in range(draws)], 0)
            cells = " | ".join(f"{x:z.2f}" for x in found)
            yield f"| {levels:,} | {n:,} | {known} | {cells} |"


def page(drawn: int = 16384, table: int = 4096) -> str:
    """The page as text."""
    facts = {
        "images": IMAGES,
        "columns": COLUMNS,
        "correlation": CORRELATION,
        "drawn": drawn,
        "table": table,
    }
    first = TEXT.format(
        rows="\n".join(rows(drawn, table)), ceiling=math.log(table), most=math.log(IMAGES), **facts
    )
    return first + SPARSE.format(rows="\n".join(sparse_rows()))


if __name__ == "__main__":
    PAGE.write_text(page())
