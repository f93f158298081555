"""Every argument of every metric is used, or refused in one line: this goes over all metrics and all arguments."""

import functools
import inspect
import math

import jaxtyping
import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Groups, calibration, metric
from unweave.metrics.estimators import boosted_factor
from unweave.metrics.tables.arguments import PROTOCOLS
from unweave.settings import keywords

OF_TABLES = [name for name in metrics.names() if metrics.get(name).declares.tables != "models"]
QUICK = {"dci": {"importances": "linear"}}  # the path is the same, and trees take seconds
OTHERS = {  # for every option a value that has to change what comes back, and one that has to be refused
    "bins": (7, 1),
    "form": ({"mig": "histogram"}, "sample"),
    "quantile": (0.8, 1.5),
    "alpha": (0.9, -0.1),
    "pool": ("max", "sum"),
    "kind": ({"sap": "continuous", "r2": "kernel"}, "lin"),
    "importances": ("lasso", "tree"),
    "correlation": ("spearman", "kendall"),
    "predictor": ("boosting", "forest"),
    "trained_on": ("value", "all"),
    "noise": (0.5, 0.0),
    "captured": (1.0, 0.4),
    "shared": (0.0, 1.1),
    "batch": (16, 1),
    "batches": (2, 0),
    "rows": ({"dhsic": 40}, 1),
    "by": ("variance", "entropy"),
    "threshold": (0.9, -0.01),
    "top": (1, 0),
    "target": ((0,), ()),
    "nuisance": ((1,), (7,)),
    "c": (1e-4, 0.0),
    "discrete": (True, "yes"),
    "named": (True, "yes"),
    "labels": (2, 0),
}
STRING = {
    "form": "sampled",
    "rows": "all",
}  # where metrics that share an option differ in its values
OPTIONS = [
    (name, option) for name in OF_TABLES for option in list(keywords(metrics.get(name).measure))[1:]
]


def table(name: str) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Codes, factors and what else the metric cannot do without: a code that is neither perfect nor noise."""
    rng = np.random.default_rng(3)
    v = made.factors(240, 3, (3, 4, 3)).astype(float)
    z = made.turned(made.scaled(v), 20) + 0.4 * rng.standard_normal(v.shape)
    z = np.hstack([z, z[:, :1] ** 2 + 0.3 * rng.standard_normal((240, 1))])
    if metrics.get(name).declares.tables == "classes":
        return np.eye(4)[rng.integers(4, size=240)] + z, v[:, 1:2], {}
    more = (
        {"log_var": rng.uniform(-4, 0.5, z.shape)}
        if metrics.get(name).declares.tables == "posteriors"
        else {}
    )
    return z, v, more


def found(name: str, **more) -> str:
    """Everything that a score says, as text."""
    z, v, needed = table(name)
    options = QUICK.get(name, {}) | needed | more
    return str(metrics.get(name)(z, v, **options).to_dict())


def tried(name: str, **more) -> tuple[str | None, str | None]:
    """What a score says, or the line that an argument is refused with."""
    try:
        return found(name, **more), None
    except ValueError as error:
        return None, str(error)


def refused(name: str, **more) -> str | None:
    """The line that an argument is refused with, None if it is not."""
    return tried(name, **more)[1]


@functools.cache
def plain(name: str) -> str:
    """What a score says without any argument; every process works out those that its tests need."""
    return found(name)


@pytest.fixture(autouse=True)
def as_outside_of_tests(monkeypatch):
    """Without the checks of types that tests turn on, which would refuse nonsense before the metric does."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.fixture(autouse=True, scope="module")
def small():
    """Few groups, few stages of boosting, and values alone: the paths are the same."""
    with pytest.MonkeyPatch.context() as patch:
        made.few_groups(patch)
        made.values_only(patch)
        patch.setattr(boosted_factor, "STAGES", 5)
        yield


@pytest.mark.parametrize("name", OF_TABLES)
def test_every_argument_of_tables_is_used_or_refused(name):
    z, v, _ = table(name)
    rng = np.random.default_rng(5)
    given = {
        "test": (z[::2], v[rng.permutation(240)[::2]]),
        "log_var": rng.uniform(-3, 1, z.shape),
        "active": [0, 2],
        "weights": rng.integers(0, 4, 240),
        "kinds": ["ordered"] * v.shape[1],
        "reference": z,
        "seed": 5,
    }
    for argument, value in given.items():
        text, line = tried(name, **{argument: value})
        assert line is None or (argument in line and "\n" not in line)
        assert line or text != plain(name), f"{name} takes {argument} and does not use it"


@pytest.mark.parametrize("name", OF_TABLES)
def test_every_protocol_is_the_scores_own_or_refused(name):
    for protocol in PROTOCOLS:
        text, line = tried(name, protocol=protocol)
        assert line is None or f"not defined under protocol {protocol!r}" in line
        assert line or f"'protocol': {protocol!r}" in (text or "")


@pytest.mark.parametrize("name", OF_TABLES)
def test_calibrate_gives_an_error_or_says_why_there_is_none(name, monkeypatch):
    monkeypatch.setattr(metric, "calibrate", calibration.calibrate)
    z, v, needed = table(name)
    score = metrics.get(name)(z, v, calibrate=True, **needed, **QUICK.get(name, {}))
    assert math.isfinite(score.error) or score.reason


@pytest.mark.parametrize("name", metrics.names())
def test_nonsense_is_refused_in_one_line(name):
    for seed in (-1, 1.5, "0", True, 2**32, None):
        assert "seed" in (nonsense(name, seed=seed) or "")
    if name != "model_centrality":
        for calibrate in ("yes", 1, None):
            assert "calibrate" in (nonsense(name, calibrate=calibrate) or "")
        assert "did you mean 'dlib" in (nonsense(name, protocol="libd") or "")
    assert "no option 'sede'; did you mean 'seed'" in (nonsense(name, sede=3) or "")


def nonsense(name: str, **more) -> str | None:
    """As `refused`, for metrics of models as well."""
    if metrics.get(name).declares.tables != "models":
        return refused(name, **more)
    z = np.random.default_rng(0).standard_normal((2, 60, 3))
    groups = (np.random.default_rng(0).standard_normal((2, 2, 12, 4, 3)), np.arange(12) % 3)
    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        metrics.get(name)(*((z,) if name == "udr" else groups), **more)
    return str(error.value)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_changes_the_score(name, option):
    value = OTHERS[option][0]
    value = value.get(name, STRING.get(option)) if isinstance(value, dict) else value
    own = {"log_var": np.full((240, 4), -2.0)} if option in ("form", "by") else {}
    assert found(name, **own, **{option: value}) != (found(name, **own) if own else plain(name))


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_out_of_range_is_refused(name, option):
    wrong = [OTHERS[option][1], math.nan, -math.inf, 1e300, "no such", None, [1.5], True]
    default = inspect.signature(metrics.get(name).measure).parameters[option].default
    for value in (w for w in wrong if w is not default and not (w is True and default is False)):
        line = refused(name, **{option: value})
        assert line is not None, f"{name} takes {option}={value!r}"
        assert option in line or "factor" in line
        assert "\n" not in line


@pytest.mark.parametrize("bins", [0, -3, 2.5, 1, True, 10**9])
def test_bins_are_refused_with_their_range(bins):
    z, v, _ = table("mig")
    with pytest.raises(ValueError, match=r"bins is .*(2 to 10|at least 2|at most 10)"):
        metrics.mig(z, v, bins=bins)


def test_an_unknown_option_is_named_with_the_nearest():
    z, v, _ = table("mig")
    with pytest.raises(ValueError, match="mig has no option 'binz'; did you mean 'bins'"):
        metrics.mig(z, v, binz=10)
    with pytest.raises(ValueError, match="no option 'weight'; did you mean 'weights'"):
        metrics.dci(z, v, weight=np.ones(240))


def test_groups_refuse_what_is_of_rows():
    groups = Groups(np.random.default_rng(0).standard_normal((60, 8, 3)), np.arange(60) % 3)
    for argument, value in {
        "factors": np.ones((60, 2)),
        "log_var": np.ones((60, 3)),
        "weights": np.ones(60),
    }.items():
        with pytest.raises(ValueError, match=f"{argument}, which is of rows"):
            metrics.factor_vae_score(groups, **{argument: value})


def test_what_is_said_of_arguments_that_are_not_read():
    z, v, _ = table("mig")
    log_var = np.full(z.shape, -2.0)
    assert (
        "of log_var only which latents say anything"
        in metrics.modularity(z, v, log_var=log_var).reason
    )
    assert "not used: log_var" in metrics.modularity(z, v, log_var=log_var, protocol="dlib").reason
    assert "log_var is not used" in metrics.mig(z, v, log_var=log_var, protocol="dlib").reason
    assert "log_var is not used" in metrics.total_correlation(z, log_var=log_var).reason
    assert "not used: factors" in metrics.total_correlation(z, v).reason
    assert "test is not used" in metrics.sap(z, v, test=(z, v), kind="continuous").reason
    assert "not used" not in metrics.mig(z, v, log_var=log_var).reason
    with pytest.raises(ValueError, match="bins are of the histogram"):
        metrics.mig(z, v, log_var=log_var, bins=10)
    with pytest.raises(ValueError, match="no bins and no weights"):
        metrics.infomec(z, v, protocol="infomec", bins=10)
    with pytest.raises(ValueError, match="names a latent twice"):
        metrics.mig(z, v, active=[0, 1, 1, 0])


def test_models_are_told_apart_by_one_kl():
    z = np.random.default_rng(0).standard_normal((2, 60, 3))
    kl = np.ones((2, 3))
    with pytest.raises(ValueError, match="kl and log_vars"):
        metrics.udr(z, kl=kl, log_vars=np.zeros(z.shape))
    with pytest.raises(ValueError, match="threshold of KL and neither"):
        metrics.udr(z, threshold=0.5)
    assert metrics.udr(z, kl=kl, threshold=2.0).parts["active"].sum() == 0
