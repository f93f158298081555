"""KL = I + TC + dimension-wise KL: the minibatch estimates against closed forms, and the faults of peers."""

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import norm

from unweave.maths import information
from unweave.maths.information import aggregate, carried, chain, log_weights
from unweave.maths.whole_chain import of_all_images

N = 737_280  # images of dSprites


def independent(seed: int, m: int, d: int = 10, sd: float = 0.31):
    """Posteriors of m images whose q(z) is N(0, I): TC 0, I = -d log(sd)."""
    g = torch.Generator().manual_seed(seed)
    mean = torch.randn(m, d, generator=g) * math.sqrt(1 - sd**2)
    log_var = torch.full((m, d), 2 * math.log(sd))
    return mean + sd * torch.randn(m, d, generator=g), mean, log_var


def mean_chain(estimator, m=64, n=N, repeats=40, **settings):
    terms = [
        torch.stack(chain(*independent(s, m, **settings), n=n, estimator=estimator))
        for s in range(repeats)
    ]
    return torch.stack(terms).mean(0).tolist()


@pytest.mark.parametrize("m", [2, 5, 64])
def test_stratified_weights_of_a_row_sum_to_one_with_one_nth_on_the_diagonal(m):
    weights = log_weights(m, N, "stratified", torch.device("cpu")).double().exp()
    torch.testing.assert_close(
        weights.sum(1), torch.ones(m, dtype=torch.float64), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        weights.diagonal() * N, torch.ones(m, dtype=torch.float64), atol=1e-5, rtol=0
    )
    assert weights[~torch.eye(m, dtype=torch.bool)].unique().numel() == 1


def test_no_weight_of_the_peers_is_on_the_wrong_cell():
    """Copies of the authors' first code put 1/N down column 0, so one row sums to 1.3 (peers: pythae, disvae, DCF)."""
    weights = log_weights(8, 100, "stratified", torch.device("cpu")).exp()
    others = (100 - 1) / (100 * 7)
    assert weights[3, 3].item() == pytest.approx(1 / 100)
    assert weights[3, 0].item() == weights[0, 3].item() == pytest.approx(others)


def test_weighted_weights_are_one_over_nm():
    torch.testing.assert_close(
        log_weights(4, 100, "weighted", torch.device("cpu")).exp(),
        torch.full((4, 4), 1 / 400),
        rtol=1e-5,
        atol=0,
    )


def test_stratified_weights_of_a_batch_that_holds_an_image_twice():
    """Rows 4, 7, 4: the other row of image 4 is no other image; before, it had the weight 9 / (10 * 2) of one."""
    found = log_weights(3, 10, "stratified", torch.device("cpu"), torch.tensor([4, 7, 4])).exp()
    wanted = torch.tensor([[0.1, 0.9, 0], [0.45, 0.1, 0.45], [0, 0.9, 0.1]])
    torch.testing.assert_close(found, wanted)


def test_the_stratified_estimate_is_unbiased_in_batches_drawn_with_replacement():
    """q(z_0) over all 63 batches of rows 0, a, b, c from 4 images, but for the one of image 0 alone."""
    z, mean, log_var = (t.double() for t in independent(6, 4, d=2))
    batches = [
        torch.tensor((0, *rest)) for rest in itertools.product(range(4), repeat=3) if any(rest)
    ]
    found = [
        aggregate(z[b], mean[b], log_var[b], n=4, estimator="stratified", index=b)[0][0].exp()
        for b in batches
    ]
    others = [float((b[1:] != 0).sum()) for b in batches]
    assert len({*others}) == 3  # batches with one, two and three others
    whole = aggregate(z, mean, log_var, n=4, estimator="stratified")[0][0].exp()
    torch.testing.assert_close(torch.stack(found).mean(), whole)


def test_an_image_drawn_twice_does_not_raise_the_density_of_its_code():
    """200 images, 64 rows with replacement: log q(z) was .40 nats above that of the whole data set."""
    gaps = []
    for seed in range(20):
        _, mean, log_var = independent(seed, 200)
        g = torch.Generator().manual_seed(seed)
        index = torch.randint(200, (64,), generator=g)
        z = mean[index] + 0.31 * torch.randn(64, 10, generator=g)
        each = (
            torch.distributions.Normal(mean, (log_var / 2).exp()).log_prob(z[:, None]).sum(2)
        )  # (64, 200)
        whole = each.logsumexp(1) - math.log(200)
        found, _ = aggregate(
            z, mean[index], log_var[index], n=200, estimator="stratified", index=index
        )
        gaps.append((found - whole).mean())
    assert torch.stack(gaps).mean().item() == pytest.approx(0, abs=0.08)


def test_aggregate_by_loops():
    z, mean, log_var = (t.double().numpy() for t in independent(0, 5, d=3))
    joint, marginals = np.zeros(5), np.zeros((5, 3))
    for i in range(5):
        weights = [math.log(1 / 50) if i == m else math.log(49 / (50 * 4)) for m in range(5)]
        each = np.array([norm.logpdf(z[i], mean[m], np.exp(log_var[m] / 2)) for m in range(5)])
        joint[i] = logsumexp(np.array(weights) + each.sum(1))
        marginals[i] = logsumexp(np.array(weights)[:, None] + each, axis=0)
    found = aggregate(*map(torch.from_numpy, (z, mean, log_var)), n=50, estimator="stratified")
    np.testing.assert_allclose(found[0], joint, rtol=1e-5)  # the weights are single precision
    np.testing.assert_allclose(found[1], marginals, rtol=1e-5)


def test_the_whole_data_set_as_a_batch_gives_the_mixture_itself():
    z, mean, log_var = independent(1, 40, d=2)
    by_weight = [aggregate(z, mean, log_var, n=40, estimator=e) for e in ("weighted", "stratified")]
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(40)),
        torch.distributions.Independent(torch.distributions.Normal(mean, (log_var / 2).exp()), 1),
    )
    torch.testing.assert_close(by_weight[1][0], mixture.log_prob(z))
    torch.testing.assert_close(by_weight[0][0] + math.log(40), mixture.log_prob(z))


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
def test_the_terms_add_up_to_the_monte_carlo_kl(estimator):
    z, mean, log_var = independent(2, 64)
    terms = chain(z, mean, log_var, n=N, estimator=estimator)
    log_q = torch.distributions.Normal(mean, (log_var / 2).exp()).log_prob(z).sum(1)
    log_p = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    torch.testing.assert_close(sum(terms), (log_q - log_p).mean(), atol=1e-3, rtol=1e-4)


def test_closed_form_of_correlated_gaussians():
    """Codes of covariance S + v I: TC = -1/2 log det of their correlations, I = 1/2 log det(S + v I) - d/2 log v."""
    m, v, rho = 2000, 0.25, 0.7
    scatter = torch.tensor([[1.0, rho], [rho, 1.0]])
    mean = (
        torch.randn(m, 2, generator=torch.Generator().manual_seed(0))
        @ torch.linalg.cholesky(scatter).T
    )
    log_var = torch.full((m, 2), math.log(v))
    z = mean + math.sqrt(v) * torch.randn(m, 2, generator=torch.Generator().manual_seed(1))
    found = chain(z, mean, log_var, n=m, estimator="stratified")
    whole = scatter + v * torch.eye(2)
    information = 0.5 * float(torch.logdet(whole)) - math.log(v)
    correlation = -0.5 * math.log(1 - (rho / (1 + v)) ** 2)
    dimension = 2 * 0.5 * (1 + v - 1 - math.log(1 + v))
    for got, wanted in zip(found, (information, correlation, dimension), strict=True):
        assert float(got) == pytest.approx(wanted, abs=0.06)


def test_stratified_estimate_is_near_the_truth_where_peers_are_not():
    """64 images, 10 independent columns, sd 0.31: TC is 0 and I 11.7. Wrong cells gave pythae TC 7.0 and I 4.3."""
    information, correlation, dimension = mean_chain("stratified")
    assert information == pytest.approx(-10 * math.log(0.31), abs=2.0)
    assert correlation == pytest.approx(0, abs=1.5)
    assert dimension == pytest.approx(0, abs=0.7)


def test_the_logged_weighted_total_correlation_leaves_out_the_constant_of_its_weights():
    """With it pythae logs 129 nats here, truth 0. What is left is disentanglement_lib's number, below the truth."""
    information, correlation, _ = mean_chain("weighted")
    assert correlation + 9 * math.log(N * 64) == pytest.approx(129, abs=1)
    assert -35 < correlation < 0
    assert information == pytest.approx(
        math.log(N * 64), abs=0.1
    )  # no image of the batch explains another's code


def test_the_weighted_total_correlation_lies_below_the_truth_by_d_minus_1_log_n_where_codes_are_apart():
    """Every image alone in each of 3 columns: TC is 2 log 40 = 7.38, the weighted estimate 0; not 2 log M = 4.16 below."""
    mean = 100.0 * torch.stack(
        [torch.randperm(40, generator=torch.Generator().manual_seed(d)) for d in range(3)], 1
    )
    z, log_var = mean + 0.1, torch.zeros(40, 3)
    with pytest.warns(UserWarning, match="at its ceiling"):
        truth = of_all_images(z, mean, log_var).total_correlation
    found = chain(z[:8], mean[:8], log_var[:8], n=40, estimator="weighted").total_correlation
    assert truth.item() == pytest.approx(2 * math.log(40), rel=1e-4)
    assert truth.item() - found.item() == pytest.approx(2 * math.log(40), rel=1e-4)


def test_the_gradient_of_the_total_correlation_is_that_of_disentanglement_lib():
    """Its formula, without weights: mean of logsumexp_i sum_l log q - sum_l logsumexp_i log q."""
    z, mean, log_var = (t.double().requires_grad_() for t in independent(3, 16, d=4))
    pairs = torch.distributions.Normal(mean[None], (log_var[None] / 2).exp()).log_prob(z[:, None])
    theirs = (pairs.sum(2).logsumexp(1) - pairs.logsumexp(1).sum(1)).mean()
    ours = chain(z, mean, log_var, n=1000, estimator="weighted").total_correlation
    for a, b in zip(
        torch.autograd.grad(ours, (z, mean)), torch.autograd.grad(theirs, (z, mean)), strict=True
    ):
        torch.testing.assert_close(a, b)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_total_correlation_does_not_underflow():
    """exp().sum().log() is -inf at 40 sd (peer: disentanglement-pytorch); logsumexp is not."""
    z = torch.full((8, 20), 40.0).requires_grad_()
    terms = chain(z, torch.zeros(8, 20), torch.zeros(8, 20), n=100, estimator="stratified")
    assert all(t.isfinite() for t in terms)
    assert torch.autograd.grad(terms.total_correlation, z)[0].isfinite().all()


def test_one_image_is_a_batch():
    assert all(
        math.isfinite(float(t)) for t in chain(*independent(0, 1), n=10, estimator="weighted")
    )


def test_the_whole_chain_is_the_stratified_one_of_a_batch_that_is_the_data():
    z, mean, log_var = independent(4, 50)
    with pytest.warns(UserWarning, match="at its ceiling log N = 3.91"):
        found = of_all_images(z, mean, log_var, rows=7)
    for a, b in zip(found, chain(z, mean, log_var, n=50, estimator="stratified"), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_the_whole_chain_finds_the_closed_form_without_a_warning():
    """2,000 images, 2 independent columns of sd .5: I = 2 log 2 = 1.39, far below log N = 7.6; TC 0, marginals normal."""
    information, correlation, dimension = (
        float(t) for t in of_all_images(*independent(5, 2000, d=2, sd=0.5))
    )
    assert information == pytest.approx(2 * math.log(2), abs=0.05)
    assert correlation == pytest.approx(0, abs=0.02)
    assert dimension == pytest.approx(0, abs=0.02)


def test_a_batch_of_one_image_estimates_nothing_but_its_own_posterior():
    """Weights 1/N for itself, and no other image: log q(z) is log q(z given x) - log N, also if it is there twice."""
    z, mean, log_var = (t.expand(2, -1) for t in independent(0, 1, d=3))
    own = torch.distributions.Normal(mean, (log_var / 2).exp()).log_prob(z)
    for rows, index in ((1, None), (2, torch.tensor([7, 7]))):
        given = (t[:rows] for t in (z, mean, log_var))
        joint, marginals = aggregate(*given, n=10, estimator="stratified", index=index)
        torch.testing.assert_close(joint, own[:rows].sum(1) - math.log(10))
        torch.testing.assert_close(marginals, own[:rows] - math.log(10))


def test_the_constant_of_the_weights_counts_shared_columns_once_for_a_group():
    """(D - 1) log(N M) of the code, less 3/4 of (3 - 1) log(N M) of three columns that four images share."""
    share = torch.tensor([0.25, 0.25, 0.25, 1.0, 1.0]).expand(2, 5)
    assert carried(2, 5, n=10, estimator="weighted") == pytest.approx(4 * math.log(20))
    assert float(carried(2, 5, n=10, estimator="weighted", share=share)) == pytest.approx(
        2.5 * math.log(20)
    )
    assert carried(2, 5, n=10, estimator="stratified", share=share) == 0


@pytest.mark.parametrize(("n", "warned"), [(4, True), (6, False)])
def test_the_whole_chain_warns_within_one_nat_of_its_ceiling(n, warned):
    """Two codes far apart, each of half of the images: I is log 2 = .69; log 4 - 1 is .39, log 6 - 1 is .79."""
    mean = torch.tensor([[100.0], [-100.0]]).repeat(n // 2, 1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = of_all_images(mean, mean, torch.zeros(n, 1))
    assert found.mutual_information.item() == pytest.approx(math.log(2), abs=1e-4)
    assert [str(w.message) for w in seen] == [
        "I(x; z) is 0.69 nats, at its ceiling log N = 1.39: take more images" for _ in range(warned)
    ]


@pytest.mark.parametrize("largest", [1, 100, 333])
def test_rows_that_are_compared_some_at_a_time_give_the_same(largest, monkeypatch):
    """Of 13 rows one, two or six at a time: values and gradients of all three inputs."""
    z, mean, log_var = independent(3, 13, d=4)
    index = torch.arange(13) % 11
    columns = torch.tensor([True, True, False, True])

    def found():
        given = [t.clone().requires_grad_() for t in (z, mean, log_var)]
        terms = aggregate(*given, n=50, estimator="stratified", index=index, columns=columns)
        (terms[0].sum() + terms[1].square().sum()).backward()
        return [*terms, *(t.grad for t in given)]

    at_once = found()
    monkeypatch.setattr(information, "LARGEST", largest)
    for expected, some_at_a_time in zip(at_once, found(), strict=True):
        torch.testing.assert_close(some_at_a_time, expected)
