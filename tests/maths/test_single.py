"""What is computed of codes is right to float32 under autocast: against float64, on the CPU."""

import pytest
import torch

from unweave.maths.divergence import (
    covariance,
    distance_from_identity,
    mmd,
    stein_direction,
    support_gap,
)
from unweave.maths.gaussian import geometric, kl, mixture, product
from unweave.maths.information import chain
from unweave.maths.single import in_float32
from unweave.methods.regularisers.moments import Moments
from unweave.methods.regularisers.total_correlation import TotalCorrelation
from unweave.methods.supervision.covariance import Covariance
from unweave.methods.supervision.embed import Embedding
from unweave.methods.supervision.l2 import SquaredError
from unweave.methods.supervision.mine import MutualInformation
from unweave.methods.supervision.xent import CrossEntropy
from unweave.types import Posterior

G = torch.Generator().manual_seed(0)
CODES = torch.randn(3, 64, 4, generator=G, dtype=torch.float64) + torch.tensor([3.0, 0, 0, 0])
LABELS = torch.randint(3, (64, 3), generator=G).double()


def grouped(f):
    return lambda z, mean, log_var: torch.cat(f(mean.view(16, 4, 4), log_var.view(16, 4, 4)))


def terms(part):
    return lambda z, mean, log_var: torch.stack(
        list(part(Posterior(mean, log_var), z, 0, slice(None)).terms.values())
    )


def supervised(made):
    def loss(z, mean, log_var):
        torch.manual_seed(1)  # of the start, and of the order of the shuffled labels
        part = made((3, 3, 3), 4).to(z.dtype)
        part.sizes = part.sizes.to(z.dtype)
        return part(Posterior(mean), LABELS.to(z.dtype), 0).of["model"]

    return loss


STATISTICS = {
    "covariance": lambda z, mean, log_var: covariance(mean, log_var),
    "moments": lambda z, mean, log_var: torch.stack(distance_from_identity(covariance(z))),
    "stein": lambda z, mean, log_var: stein_direction(z),
    **{
        f"mmd {kind}": lambda z, mean, _, kind=kind: mmd(z, mean, kind)
        for kind in ("imq", "rbf", "infovae")
    },
    "support gap": lambda z, mean, log_var: support_gap(z),
    "weighted": lambda *q: torch.stack(chain(*q, n=1000, estimator="weighted")),
    "stratified": lambda *q: torch.stack(chain(*q, n=1000, estimator="stratified")),
    "kl": lambda z, mean, log_var: kl(mean, log_var, z, log_var.flip(0)),
    "product": grouped(product),
    "geometric": grouped(geometric),
    "mixture": grouped(mixture),
    "dip-vae": terms(Moments()),
    "beta-tcvae": terms(TotalCorrelation(1000)),
    **{
        made.__name__: supervised(made)
        for made in (Covariance, MutualInformation, CrossEntropy, SquaredError, Embedding)
    },
}


@pytest.mark.parametrize("name", STATISTICS)
def test_a_statistic_under_autocast_is_that_of_float64_to_single_precision(name):
    """The covariance was bfloat16 (1.7e-3 off), Stein's direction 2.6e-3, MINE's scores 2e-3."""
    truth = STATISTICS[name](*CODES)
    with torch.autocast("cpu", torch.bfloat16):
        found = STATISTICS[name](*CODES.float())
    assert found.dtype == torch.float32
    assert ((found.double() - truth).norm() / (1 + truth.norm())).item() < 1e-5


@pytest.mark.parametrize("low", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["covariance", "stein", "mmd imq", "support gap", "weighted"])
def test_what_comes_in_low_precision_is_computed_in_float32(name, low):
    codes = CODES.to(low)
    with torch.autocast("cpu", torch.bfloat16):
        found = STATISTICS[name](*codes)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, STATISTICS[name](*codes.float()))


def test_a_keyword_in_low_precision_is_computed_in_float32():
    weight = torch.full((4, 4), 1 / 3, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        found = support_gap(CODES[0].bfloat16(), weight=weight)
    torch.testing.assert_close(
        found, support_gap(CODES[0].bfloat16().float(), weight=weight.float())
    )


def test_without_autocast_nothing_is_touched():
    assert in_float32(lambda t: t)(CODES) is CODES


def test_the_name_and_the_docstring_stay():
    def statistic(codes):
        """Of codes."""

    assert (in_float32(statistic).__name__, in_float32(statistic).__doc__) == (
        "statistic",
        "Of codes.",
    )
