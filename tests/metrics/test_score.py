import json
import math
import subprocess
import sys

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Groups, Score


def test_dictionary_of_a_score_is_json():
    score = metrics.mig(*made.good_code(200))
    back = json.loads(json.dumps(score.to_dict(), allow_nan=False))
    assert set(back) == set(Score.__dataclass_fields__)
    assert back["value"] == score.value
    assert np.shape(back["matrix"]) == (4, 4)
    assert (
        json.loads(
            json.dumps(metrics.mig(*made.good_code(200, sizes=(4,))).to_dict(), allow_nan=False)
        )["value"]
        is None
    )


EVERY_FIELD = Score(
    0.5,
    error=0.1,
    low=0.4,
    high=0.6,
    null=0.02,
    rotated=-0.25,
    ceiling=1.0,
    n=3,
    estimator="bins",
    protocol="dlib",
    seed=7,
    reason="why",
    parts={
        "gap": np.array([0.1, math.nan]),
        "best": 2,
        "undefined": math.nan,
        "counts": np.array([[1, 2], [3, 4]]),
        "words": ["a", "b"],
        "uneven": [np.array([1.0]), np.array([1.0, math.nan])],
        "intervals": {"gap": {"error": 0.01, "low": math.nan, "high": 0.2}},
    },
    matrix=np.array([[1.0, math.nan]]),
    bias=0.01,
    kinds=("ordered", ""),
)


def through_json(score):
    return Score.from_dict(json.loads(json.dumps(score.to_dict(), allow_nan=False)))


@pytest.mark.parametrize("name", Score.__dataclass_fields__)
def test_every_field_comes_back_from_json_as_it_was(name):
    was, back = getattr(EVERY_FIELD, name), getattr(through_json(EVERY_FIELD), name)
    assert was is not Score.__dataclass_fields__[name].default, (
        "a field that is not given comes back by itself"
    )
    assert type(back) is type(was)
    np.testing.assert_equal(back, was)


@pytest.mark.parametrize("score", [EVERY_FIELD, Score(math.nan, reason="one latent")])
def test_what_came_back_is_written_as_it_was(score):
    assert through_json(score).to_dict() == score.to_dict()


def test_none_is_nan_again():
    back = through_json(Score(math.inf, low=math.nan))
    assert all(math.isnan(number) for number in (back.value, back.error, back.low))
    assert back.matrix is None


def test_a_measured_score_comes_back():
    score = metrics.mig(*made.good_code(300))
    back = through_json(score)
    np.testing.assert_equal(back.parts, score.parts)
    np.testing.assert_array_equal(back.matrix, score.matrix)
    assert (str(back), back.kinds) == (str(score), score.kinds)


def test_fields_of_another_version_are_left_out_or_not_measured():
    back = Score.from_dict({"value": 1.0, "from the future": 2})
    assert back.value == 1
    assert math.isnan(back.bias)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.12345, 0.0, "0.12"),
        (0.12345, 0.4, "0.1 ± 0.4"),
        (0.12344, 0.00099, "0.1234 ± 0.0010"),
        (3.0, 1.2, "3.0 ± 1.2"),
    ],
)
def test_text_shows_the_digits_that_the_error_supports(value, error, text):
    assert str(Score(value, error=error)) == text


@pytest.mark.parametrize("value", [-0.001, -1e-12, -0.0])
def test_zero_has_no_sign(value):
    assert str(Score(value)) == "0.00"
    assert str(Score(value, error=0.04)) == "0.00 ± 0.04"
    assert json.dumps(Score(-0.0, null=-0.0).to_dict()).count("-0.0") == 0
    assert str(Score(-0.25, error=0.04)) == "-0.25 ± 0.04"


def test_floats():
    assert float(Score(0.25)) == 0.25


def test_metrics_import_neither_torch_nor_scikit_learn_nor_scipy():
    code = "import unweave.metrics as m, sys; m.names(); print([x for x in ('torch', 'sklearn', 'scipy') if x in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_registry_names_are_metrics_also_after_their_file_was_imported():
    import importlib

    importlib.import_module("unweave.metrics.scores.mig")
    importlib.import_module("unweave.metrics.scores.dci")
    assert repr(metrics.mig) == "<metric mig>"
    assert all(callable(metrics.get(name)) for name in metrics.names())
    with pytest.raises(ValueError, match="did you mean modularity"):
        metrics.get("modulaity")
    with pytest.raises(AttributeError, match="no attribute 'migg'"):
        _ = metrics.migg


def test_every_score_says_how_it_was_found():
    z, v = made.good_code(300)
    score = metrics.explicitness(z, v, seed=3)
    assert (
        score.estimator
        == "multinomial logistic regression; 200 rows fitted, 100 tested, split by seed 3"
    )
    assert (score.protocol, score.seed, score.n) == ("unweave", 3, 200)
    given = metrics.explicitness(z, v, test=(z, v))
    assert "300 rows fitted, 300 tested, as given" in given.estimator


def test_same_seed_same_score():
    z, v = made.good_code(300)
    for name in ("mig", "factor_vae_score", "explicitness"):
        a, b = (metrics.get(name)(z, v, seed=1, calibrate=True).to_dict() for _ in range(2))
        assert a == b


def test_calibration_of_a_metric_that_fits():
    z, v = made.good_code(600, noise=0.3)
    plain = metrics.downstream(z, v)
    assert np.isnan(plain.error)
    assert "ask with --calibrate (calibrate=True)" in plain.reason
    score = metrics.downstream(z, v, calibrate=True)
    assert score.value == plain.value
    assert 0 < score.error < 0.05
    assert score.low < score.value < score.high
    assert score.null == pytest.approx(0.2, abs=0.06)
    assert score.ceiling > score.value


def test_groups_of_the_user_are_scored():
    rng = np.random.default_rng(0)
    fixed = rng.integers(3, size=600)
    codes = rng.standard_normal((600, 16, 3))
    codes[np.arange(600), :, fixed] = rng.standard_normal((600, 1))
    score = metrics.factor_vae_score(Groups(codes, fixed), reference=rng.standard_normal((1000, 3)))
    assert score.value == 1
    assert score.null == pytest.approx(1 / 3, abs=0.1)
    assert metrics.beta_vae_score(Groups(codes, fixed), calibrate=True).value == 1
