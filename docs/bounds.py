"""Measure bias and spread of the bounds of mutual information on Gaussians; write docs/bounds.md.

python docs/bounds.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from unweave.maths.bounds import club, donsker_varadhan, infonce, jensen_shannon, nwj

PAGE = Path(__file__).with_name("bounds.md")
COLUMNS = 10  # of x and of y, in pairs of one correlation
INFORMATION = (0.5, 2.0, 5.0)  # nats
BATCHES = (64, 512)
DRAWS = 200  # batches of a line
STEPS = 1_500  # of the critic's training
TEXT = """# How far off the bounds of mutual information are

Two Gaussian vectors of {columns} columns, each column of one correlated with one of the other, so that the information is
known. Mean ± standard deviation over {draws} fresh batches, in nats. See `unweave.maths.bounds` for the formulas. Written by
`python docs/bounds.py`.

## With the best critic, in closed form

| information | batch | log B | Donsker-Varadhan (MINE) | NWJ | InfoNCE | CLUB | 2 JSD |
|---|---|---|---|---|---|---|---|
{best}

## With a critic that was trained on the bound itself

A network of two layers of 256 units for x and one for y, whose 32 features are multiplied; {steps:,} batches, Adam at 1e-3.
CLUB: a linear Gaussian q(y given x), by its log-likelihood. JSD's critic inside NWJ: trained by JSD, read by NWJ.

| information | batch | log B | Donsker-Varadhan (MINE) | NWJ | InfoNCE | CLUB | 2 JSD | JSD's critic inside NWJ |
|---|---|---|---|---|---|---|---|---|
{trained}

- **InfoNCE** has the smallest spread and never passes log B: at 5 nats a batch of 64 shows some 3.5.
- **Donsker-Varadhan** and **NWJ** have no ceiling. Their spread grows with the information, and the mean of a batch of
  Donsker-Varadhan is above the information where few rows are beside each other.
- **CLUB** lies above, by a lot where the information is large: its excess is no error of the estimate. It says that there is
  none where it is 0, and only for a q that is right.
- **2 JSD** is at most 2 log 2 = {ceiling:.2f}: it is no estimate of information.
"""
BOUNDS: tuple[Callable[[Tensor], Tensor], ...] = (
    donsker_varadhan,
    nwj,
    infonce,
    club,
    jensen_shannon,
)


def correlation(information: float) -> float:
    """Of each pair of columns, for an information in nats."""
    return math.sqrt(1 - math.exp(-2 * information / COLUMNS))


def gaussians(information: float, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Vectors x and y, (rows, COLUMNS) each."""
    rho = correlation(information)
    x = torch.randn(rows, COLUMNS, generator=generator)
    return x, rho * x + math.sqrt(1 - rho**2) * torch.randn(rows, COLUMNS, generator=generator)


def log_conditional(x: Tensor, y: Tensor, rho: float) -> Tensor:
    """Log p(y given x) without its constant, (B, B)."""
    apart = (y[None] - rho * x[:, None]).square().sum(2)
    return -apart / (2 * (1 - rho**2))


def log_ratio(x: Tensor, y: Tensor, information: float) -> Tensor:
    """Log p(x, y) / (p(x) p(y)), (B, B)."""
    return (
        information
        + log_conditional(x, y, correlation(information))
        + 0.5 * y.square().sum(1)[None]
    )


def best(information: float, rows: int, draws: int = DRAWS) -> dict[str, Tensor]:
    """Values of each bound at its best critic, (draws,)."""
    generator = torch.Generator().manual_seed(0)
    found: dict[str, list[Tensor]] = {bound.__name__: [] for bound in BOUNDS}
    for _ in range(draws):
        x, y = gaussians(information, rows, generator)
        ratio = log_ratio(x, y, information)
        for bound in BOUNDS:
            scores = ratio
            if bound is nwj:
                scores = 1 + ratio
            elif bound is club:
                scores = log_conditional(x, y, correlation(information))
            found[bound.__name__].append(bound(scores))
    return {name: torch.stack(values) for name, values in found.items()}


class Separable(nn.Module):
    """Scores (B, B): the product of features of x and of y."""

    def __init__(self) -> None:
        super().__init__()
        self.of_x = self._features()
        self.of_y = self._features()

    def _features(self) -> nn.Sequential:
        first = [nn.Linear(COLUMNS, 256), nn.ReLU()]
        second = [nn.Linear(256, 256), nn.ReLU()]
        return nn.Sequential(*first, *second, nn.Linear(256, 32))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Products of features (B, 32)."""
        scores: Tensor = self.of_x(x) @ self.of_y(y).T
        return scores


class Conditional(nn.Module):
    """log q(y given x) without its constant, (B, B): a linear mean and one variance for each column."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Linear(COLUMNS, COLUMNS)
        self.log_var = nn.Parameter(torch.zeros(COLUMNS))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Rows of x beside all rows of y."""
        apart = (y[None] - self.mean(x)[:, None]).square()
        return -0.5 * (apart / self.log_var.exp() + self.log_var).sum(2)


def log_likelihood(scores: Tensor) -> Tensor:
    """Mean log q of the pairs."""
    return scores.diagonal().mean()


def trained(
    objective: Callable[[Tensor], Tensor],
    read: Callable[[Tensor], Tensor],
    information: float,
    rows: int,
) -> Tensor:
    """Values (DRAWS,) of a bound, read from a critic that another objective has trained."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    critic = Conditional() if objective is log_likelihood else Separable()
    optimiser = torch.optim.Adam(critic.parameters(), 1e-3)
    for _ in range(STEPS):
        optimiser.zero_grad()
        (-objective(critic(*gaussians(information, rows, generator)))).backward()
        optimiser.step()
    with torch.no_grad():
        return torch.stack(
            [read(critic(*gaussians(information, rows, generator))) for _ in range(DRAWS)]
        )


def shown(values: Tensor) -> str:
    """Mean and standard deviation."""
    return f"{values.mean():.2f} ± {values.std():.2f}"


def line(information: float, rows: int, cells: list[Tensor]) -> str:
    """A line of a table."""
    texts = [f"{information:g}", str(rows), f"{math.log(rows):.2f}", *map(shown, cells)]
    return f"| {' | '.join(texts)} |"


def of_trained(information: float, rows: int) -> list[Tensor]:
    """Each bound, and JSD's critic read by NWJ, whose best critic is one more than JSD's."""
    found = []
    for bound in BOUNDS:
        objective = log_likelihood if bound is club else bound
        found.append(trained(objective, bound, information, rows))
    found.append(trained(jensen_shannon, lambda scores: nwj(1 + scores), information, rows))
    return found


def main() -> None:
    """Write the page."""
    cells = [(information, rows) for information in INFORMATION for rows in BATCHES]
    text = TEXT.format(
        columns=COLUMNS,
        draws=DRAWS,
        steps=STEPS,
        best="\n".join(line(*cell, list(best(*cell).values())) for cell in cells),
        trained="\n".join(line(*cell, of_trained(*cell)) for cell in cells),
        ceiling=2 * math.log(2),
    )
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
