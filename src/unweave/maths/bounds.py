"""Bounds of the mutual information of two variables, from a critic's scores of a batch.

scores (B, B): entry i, j is the critic's value of x_i beside y_j, so that the diagonal holds the
pairs and the rest holds x and y of different rows. Rows that repeat another row are no such rest.

| function | bounds, in expectation | is tight at the critic |
|---|---|---|
| donsker_varadhan | I from below, for large batches | the log ratio + any c |
| nwj | I from below | 1 + the log ratio |
| infonce | min(I, log B) from below | the log ratio + any c(x) |
| club | I from above, if q is p | log q(y given x) |
| jensen_shannon | **not I**: 2 JSD(p(x, y), p(x) p(y)), at most 2 log 2 | the log ratio |

The log ratio is log p(x, y) / (p(x) p(y)). All in nats. The critic or q is trained by the gradient
of these; that of `donsker_varadhan` is biased on a batch, as MINE's is without its moving average.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from unweave.maths.single import in_float32

Scores = Float[Tensor, "B B"]


@in_float32
def donsker_varadhan(scores: Scores) -> Tensor:
    """E of the pairs' scores - log E exp of the others': MINE's (Belghazi et al., 2018, eq. 5)."""
    pairs, others = _apart(scores)  # (B,), (B * (B - 1),)
    log_mean_exp = others.logsumexp(0) - math.log(len(others))
    return pairs.mean() - log_mean_exp


@in_float32
def nwj(scores: Scores) -> Tensor:
    """E of the pairs' scores - E exp(score - 1) of the others'; of high variance where I is large.

    Nguyen et al. (2010); Poole et al. (2019), eq. 6.
    """
    pairs, others = _apart(scores)
    # E exp(score - 1) as exp of a log-mean-exp, which does not overflow where the mean is finite
    return pairs.mean() - torch.exp(others.logsumexp(0) - 1 - math.log(len(others)))


@in_float32
def infonce(scores: Scores) -> Tensor:
    """Log B - cross-entropy of finding y_i beside x_i among the batch's B: never above log B.

    van den Oord et al. (2018); Poole et al. (2019), eq. 12.
    """
    _apart(scores)  # refuses a batch of one row
    target = torch.arange(len(scores), device=scores.device)  # (B,): y_i is beside x_i
    return math.log(len(scores)) - F.cross_entropy(scores, target)


@in_float32
def club(log_q: Scores) -> Tensor:
    """E of log q(y given x) of the pairs - that of the others; below 0 if q is worse than chance.

    Cheng et al. (2020), eq. 3. Not clipped: a value below 0 says that q lags behind. As a penalty
    clipped at 0 it has no gradient there.
    """
    pairs, others = _apart(log_q)
    return pairs.mean() - others.mean()


@in_float32
def jensen_shannon(scores: Scores) -> Tensor:
    """Twice the Jensen-Shannon divergence of pairs and others, from below: 0 to 2 log 2.

    Hjelm et al. (2019), eq. 4. It grows with the information and says when there is none; it is
    no estimate of it.
    """
    pairs, others = _apart(scores)
    return 2 * math.log(2) - F.softplus(-pairs).mean() - F.softplus(others).mean()


def _apart(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The diagonal (B,) and the other entries (B * (B - 1),). ValueError if there are none."""
    rows = len(scores)
    if scores.shape != (rows, rows) or rows < 2:
        raise ValueError(
            f"scores of shape {tuple(scores.shape)}: a square of two rows or more is needed"
        )
    # (B * B - 1,) without the first entry, in rows of B + 1 whose last one is on the diagonal
    others = scores.flatten()[1:].view(rows - 1, rows + 1)[:, :-1]
    return scores.diagonal(), others.flatten()
