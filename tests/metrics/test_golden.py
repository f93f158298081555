"""disentanglement_lib's own values on fixed arrays, on today's scikit-learn and on that of 2018."""

import json
from pathlib import Path

import numpy as np
import pytest

from unweave import metrics

FOLDER = Path(__file__).parents[1] / "golden"
VALUES = json.loads((FOLDER / "dlib_fixed.json").read_text())
ERAS = {"dlib": VALUES["current_sklearn"], "dlib-2018": VALUES["legacy_sklearn"]}


@pytest.fixture(scope="module")
def tables():
    with np.load(FOLDER / "dlib_fixed.npz") as arrays:
        train = arrays["mus_train"].T, arrays["ys_train"].T
        return train, (arrays["mus_test"].T, arrays["ys_test"].T)


@pytest.mark.parametrize("protocol", ERAS)
def test_mig(tables, protocol):
    score, want = metrics.mig(*tables[0], protocol=protocol), ERAS[protocol]["mig"]
    assert score.value == pytest.approx(want["discrete_mig"], abs=1e-9)
    np.testing.assert_allclose(score.matrix, want["_matrix"], atol=1e-9)
    np.testing.assert_allclose(score.parts["entropy"], want["_entropy"], atol=1e-9)
    assert score.bias > 0.01 or score.bias < -0.01, "a plug-in protocol states its bias at this N"


@pytest.mark.parametrize("protocol", ERAS)
def test_modularity_and_explicitness(tables, protocol):
    want = ERAS[protocol]["modularity_explicitness"]
    modularity = metrics.modularity(*tables[0], protocol=protocol)
    assert modularity.value == pytest.approx(want["modularity_score"], abs=1e-9)
    explicitness = metrics.explicitness(*tables[0], test=tables[1], protocol=protocol)
    assert explicitness.value == pytest.approx(want["explicitness_score_test"], abs=1e-3)
    assert explicitness.parts["explicitness_train"] == pytest.approx(
        want["explicitness_score_train"], abs=1e-3
    )
    np.testing.assert_allclose(
        np.stack([explicitness.parts["train"], explicitness.parts["test"]], 1),
        want["_explicitness_per_factor"],
        atol=1e-3,
    )


@pytest.mark.parametrize("protocol", ERAS)
def test_sap(tables, protocol):
    discrete = metrics.sap(*tables[0], test=tables[1], protocol=protocol)
    assert discrete.value == pytest.approx(ERAS[protocol]["sap_score"]["SAP_score"], abs=1e-3)
    np.testing.assert_allclose(
        discrete.matrix, ERAS[protocol]["sap_score"]["_matrix"], atol=2.1e-3
    )  # one test row
    continuous = metrics.sap(*tables[0], test=tables[1], protocol=protocol, kind="continuous")
    assert continuous.value == pytest.approx(
        ERAS[protocol]["sap_score_continuous"]["SAP_score"], abs=1e-9
    )
    np.testing.assert_allclose(
        continuous.matrix, ERAS[protocol]["sap_score_continuous"]["_matrix"], atol=1e-9
    )


def test_dci(tables):
    score, want = metrics.dci(*tables[0], test=tables[1], protocol="dlib"), ERAS["dlib"]["dci"]
    assert (
        score.value
        == score.parts["disentanglement"]
        == pytest.approx(want["disentanglement"], abs=0.01)
    )
    assert score.parts["completeness"] == pytest.approx(want["completeness"], abs=0.01)
    assert score.parts["informativeness"] == pytest.approx(want["informativeness_test"], abs=0.01)
    assert score.parts["informativeness_train"] == pytest.approx(
        want["informativeness_train"], abs=0.01
    )
    np.testing.assert_allclose(score.matrix, want["_matrix"], atol=0.02)
