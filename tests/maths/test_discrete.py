"""The identities of the survey, exact on random finite tables (hypothesis draws them)."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unweave.maths.discrete import conditional_entropy, divergence, entropy, jensen_shannon, mutual_information

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**31)
sizes = st.integers(2, 5)


def table(seed, *shape, holes=0.0):
    """Random probabilities, some of them 0."""
    g = torch.Generator().manual_seed(seed)
    p = torch.rand(*shape, generator=g, dtype=torch.float64) + 1e-3
    p = p * (torch.rand(*shape, generator=g) >= holes)
    p.view(-1)[0] += 1e-3
    return p / p.sum()


def close(a, b):
    return float(a) == pytest.approx(float(b), abs=1e-12)


@pytest.mark.parametrize("n", [2, 10])
def test_uniform_entropy_is_the_log_of_the_number(n):
    assert close(entropy(torch.full((n,), 1 / n, dtype=torch.float64)), math.log(n))
    assert entropy(torch.eye(n)[0]) == 0


@few
@given(seeds, sizes, sizes)
def test_conditional_entropy_is_joint_less_marginal_and_the_mean_of_the_rows(seed, n, m):
    joint = table(seed, n, m)
    rows = sum(joint[:, j].sum() * entropy(joint[:, j] / joint[:, j].sum()) for j in range(m))
    assert close(conditional_entropy(joint), rows)
    assert close(conditional_entropy(joint), entropy(joint) - entropy(joint.sum(0)))


@few
@given(seeds, sizes, sizes)
def test_the_three_forms_of_mutual_information(seed, n, m):
    joint = table(seed, n, m, holes=0.3)
    x, y = joint.sum(1), joint.sum(0)
    forms = [
        entropy(x) - conditional_entropy(joint),
        entropy(y) - conditional_entropy(joint.T),
        entropy(x) + entropy(y) - entropy(joint),
    ]
    assert all(close(mutual_information(joint), form) for form in forms)
    assert -1e-12 <= mutual_information(joint) <= min(entropy(x), entropy(y)) + 1e-12


@few
@given(seeds, sizes, sizes)
def test_conditional_entropy_is_0_iff_determined_and_whole_iff_independent(seed, n, m):
    p, q = table(seed, n), table(seed + 1, m)
    assert close(conditional_entropy(p[:, None] * q), entropy(p))
    value_of = torch.randint(n, (m,), generator=torch.Generator().manual_seed(seed))
    determined = torch.zeros(n, m, dtype=torch.float64)
    determined[value_of, torch.arange(m)] = q
    assert close(conditional_entropy(determined), 0)
    mixed = table(seed, n, m)
    assert 1e-9 < conditional_entropy(mixed) < entropy(mixed.sum(1)) - 1e-12


@few
@given(seeds, sizes)
def test_divergence_is_positive_0_iff_equal_and_not_symmetric(seed, n):
    p, q = table(seed, n), table(seed + 1, n)
    assert divergence(p, q) > 0
    assert close(divergence(p, p), 0)


def test_divergence_is_not_symmetric_and_infinite_outside_the_support():
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.5, 0.25])
    assert float(divergence(p, q)) == pytest.approx(0.5 * math.log(2))
    assert float(divergence(q, p)) == math.inf


@few
@given(seeds, sizes, sizes)
def test_the_information_of_a_code_is_infogan_s_bound_plus_the_reader_s_divergence(seed, n, m):
    """I(c; G) = L + E KL(P || Q), L = E log Q(c given x) + H(c), for any reader Q (survey, InfoGAN)."""
    joint = table(seed, n, m)  # of c and x
    x = joint.sum(0)
    posterior, reader = (
        joint / x,
        torch.softmax(torch.randn(n, m, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), 0),
    )
    bound = (joint * reader.log()).sum() + entropy(joint.sum(1))
    gap = sum(x[j] * divergence(posterior[:, j], reader[:, j]) for j in range(m))
    assert close(mutual_information(joint), bound + gap)
    assert bound <= mutual_information(joint)


@few
@given(seeds, sizes, sizes)
def test_the_contrastive_regulariser_s_least_loss_is_log_k_less_jensen_shannon(seed, k, n):
    """InfoGAN-CR: the best guess of i is R_i / sum of R, and its cross-entropy log K - JS(R_1, ..., R_K)."""
    tables = torch.stack([table(seed + i, n) for i in range(k)])
    guess = tables / tables.sum(0)
    loss = -(tables / k * guess.log()).sum()
    assert close(loss, math.log(k) - jensen_shannon(tables))
    worse = torch.softmax(guess.log() + 0.1 * torch.randn(k, n, generator=torch.Generator().manual_seed(seed)), 0)
    assert -(tables / k * worse.log()).sum() >= loss
    assert 0 <= jensen_shannon(tables) <= math.log(k)


@few
@given(seeds, sizes, sizes, sizes)
def test_what_a_code_keeps_of_the_nuisance_is_what_it_does_not_need(seed, classes, nuisances, codes):
    """I(z; n) <= I(z; x) - I(x; y) for y -> x <- n, z of x, and z sufficient for y: I(z; y) = I(x; y)."""
    y, n = table(seed, classes), table(seed + 1, nuisances)
    x = y[:, None] * n  # x = (y, n), so I(x; y) = H(y)
    keep = torch.softmax(
        torch.randn(nuisances, codes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), 1
    )
    z = x[:, :, None, None] * keep[None, :, None] * torch.eye(classes, dtype=torch.float64)[:, None, :, None]
    of_x = z.flatten(0, 1).flatten(1)  # z = (y, a noisy reading of n): sufficient
    information = mutual_information(of_x)
    of_n = mutual_information(z.sum(0).flatten(1))
    assert close(mutual_information(z.sum(1).flatten(1)), entropy(y))
    assert of_n <= information - entropy(y) + 1e-12


def test_the_invariance_bound_is_met_with_equality_by_a_code_that_splits_class_and_nuisance():
    y, n = table(0, 3), table(1, 4)
    z_of_x = torch.diag((y[:, None] * n).flatten())  # z = x
    z_of_n = torch.einsum("y,n,nm->nym", y, n, torch.eye(4, dtype=torch.float64)).flatten(1)
    assert close(mutual_information(z_of_n), mutual_information(z_of_x) - entropy(y))
    minimal = (y[:, None] * n).flatten()[:, None] * torch.eye(3, dtype=torch.float64).repeat_interleave(4, 0)  # z = y
    assert close(mutual_information(minimal) - entropy(y), 0)
