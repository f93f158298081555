"""`unweave choose`: the methods that data can train, and why not the others."""

import re

import numpy as np
import pytest

import unweave as unweave_package
from unweave import data, methods
from unweave.reproduction.listed import nearest_recipe
from unweave.runs.fitting import fits, kind_of


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def test_every_method_is_in_one_list_and_classes_decide(digits):
    found = {fit.method: fit for fit in fits(digits)}
    assert list(found) == methods.names()
    assert not found["m2"].reason
    assert not found["lord"].reason
    assert not found["beta-vae"].reason
    assert "no factors" in found["s2-beta-vae"].reason
    assert found["m2"].kind == "labels"


def test_what_is_needed_does_not_hang_on_the_data():
    needed = {
        "m2": "labels",
        "lord": "classes",
        "f-statistic": "classes",
        "vae-gan": "triplets",
        "gvae": "groups",
    }
    needed |= {"ada-gvae": "pairs", "beta-vae": "images", "s2-dip-vae": "labels"}
    assert {name: kind_of(name) for name in needed} == needed


@pytest.mark.parametrize("name", ["m2", "s2-dip-vae", "ada-gvae", "gvae", "vae-gan", "lord"])
def test_the_reason_is_the_refusal_of_train(name, tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8), dtype=np.uint8)
    (reason,) = [fit.reason for fit in fits(data.load(images)) if fit.method == name]
    assert reason
    with pytest.raises(ValueError, match=re.escape(reason)):
        unweave_package.train(name, images, steps=1, out=tmp_path)


def test_the_nearest_recipe():
    assert nearest_recipe("factor-vae") == "factor-vae"
    assert nearest_recipe("vae", "digits") == "info-vae"  # of these data
    assert nearest_recipe("vae", "scene3d") == "vae"  # of its own name; trade-off too has it first
    assert nearest_recipe("annealed-vae", "dsprites") == "succession"
    assert nearest_recipe("no-such-method") == ""


def test_the_command_prints_both_lists(unweave):
    code, out, _ = unweave("choose", "digits")
    assert code == 0
    fitting, _, unfit = out.partition("not on these data")
    assert "m2 " in fitting
    assert "unweave reproduce m2" in fitting
    assert "s2-beta-vae" not in fitting
    assert "s2-beta-vae" in unfit


def test_what_is_no_option_is_refused(unweave):
    code, _, error = unweave("choose", "digits", "--colour", "red")
    assert code == 2
    assert error.count("\n") == 1
