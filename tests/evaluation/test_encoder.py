"""Encoders of other tools: what they are given, every form in which they give codes, and what is refused in words."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import (
    Independent,
    Laplace,
    Normal,
    TanhTransform,
    TransformedDistribution,
)

import unweave
from unweave.data.images import ImageData
from unweave.evaluation.encoder import BY_PLACE, EncoderCalls
from unweave.evaluation.scoring import as_names
from unweave.types import Posterior

N = 150
RNG = np.random.default_rng(0)
FACTORS = RNG.integers(0, 4, (N, 2))
IMAGES = RNG.integers(0, 50, (N, 1, 4, 4), dtype=np.uint8)
IMAGES[:, 0, 0, :2] = 60 * FACTORS
DATA = ImageData(IMAGES, labels=FACTORS, factor_names=("a", "b"), factor_sizes=(4, 4))


def codes(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)[:, :3] / 255


def tensor(images: np.ndarray) -> torch.Tensor:
    return torch.tensor(codes(images))


def encoded(encoder: Any) -> np.ndarray:
    return EncoderCalls(encoder)(IMAGES)[0]


class LikeTensorFlow:
    """An array that numpy can read, and nothing else."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.shape = array.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.array, dtype)

    def mean(self) -> None:
        raise AssertionError("an array is no distribution")


class LikeCupy:
    """An array of another device: numpy may not read it by itself."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __dlpack__(self, **how: Any) -> Any:
        return self.array.__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class LikeTensorFlowProbability:
    """A distribution whose mean is a method."""

    def __init__(self, mean: np.ndarray) -> None:
        self._mean = mean

    def mean(self) -> LikeTensorFlow:
        return LikeTensorFlow(self._mean)


@dataclass
class Output:
    last_hidden_state: torch.Tensor
    pooler_output: torch.Tensor
    attentions: torch.Tensor | None = None


class ModelOutput(OrderedDict):  # type: ignore[type-arg]  # as the class of the same name elsewhere
    pass


Pair = namedtuple("Pair", ("reconstruction", "mu", "logvar"))

FORMS = {
    "an array": codes,
    "float16": lambda x: codes(x).astype(np.float16),
    "a tensor with gradient": lambda x: tensor(x).requires_grad_(),
    "bfloat16": lambda x: tensor(x).bfloat16(),
    "a list of rows": lambda x: codes(x).tolist(),
    "a list of tensors": lambda x: list(tensor(x)),
    "__array__": lambda x: LikeTensorFlow(codes(x)),
    "__dlpack__": lambda x: LikeCupy(codes(x)),
    "mean and log variance": lambda x: (codes(x), np.zeros((len(x), 3))),
    "a list of mean and log variance": lambda x: [tensor(x), torch.zeros(len(x), 3)],
    "mean and None": lambda x: (codes(x), None),
    "a tuple of one": lambda x: (codes(x),),
    "a distribution": lambda x: Normal(tensor(x), 0.1),
    "a wrapped one": lambda x: Independent(Normal(tensor(x), 0.1), 1),
    "another one": lambda x: Laplace(tensor(x), 0.1),
    "a mean that is a method": lambda x: LikeTensorFlowProbability(codes(x)),
    "a posterior of unweave": lambda x: Posterior(tensor(x)),
    "a dict of mu": lambda x: {"mu": codes(x)},
    "a dict of any name": lambda x: {"features": codes(x), "images": x},
    "mean goes before z": lambda x: {
        "z": codes(x)[::-1],
        "mean": codes(x),
        "log_var": codes(x) * 0,
    },
    "z beside others": lambda x: {"z": codes(x), "reconstruction": x.reshape(len(x), -1)},
    "spelled otherwise": lambda x: {"Z_mean": codes(x), "Z_log_var": codes(x) * 0},
    "a distribution in a dict": lambda x: {"posterior": Normal(tensor(x), 0.1), "images": x},
    "a dataclass": lambda x: Output(torch.zeros(len(x), 2, 7, 7), tensor(x)[:, :, None, None]),
    "a model output": lambda x: ModelOutput(
        last_hidden_state=torch.zeros(len(x), 2, 7, 7), pooler_output=tensor(x)
    ),
    "a named tuple": lambda x: Pair(x, codes(x), codes(x) * 0),
    "a namespace": lambda x: SimpleNamespace(latents=codes(x), images=x),
    "maps of one pixel": lambda x: tensor(x)[:, :, None, None],
    "maps of one pixel, channels last": lambda x: codes(x)[:, None, None],
}


@pytest.mark.parametrize("form", FORMS)
def test_codes_in_every_form(form: str) -> None:
    np.testing.assert_allclose(
        encoded(FORMS[form]), codes(IMAGES), rtol=0.01 if "float16" in form else 1e-6
    )


def test_a_single_latent_is_a_column() -> None:
    with pytest.raises(ValueError, match=r"shape \(n, D\), \(n, 1\) for a single latent"):
        unweave.evaluate(lambda x: codes(x)[:, 0], ["mcc"], data=DATA)
    scores = unweave.evaluate(lambda x: codes(x)[:, :1], ["mcc", "active_latents"], data=DATA)
    assert scores["mcc"].value > 0.4
    assert scores["active_latents"].estimator


def test_one_image_in_the_last_batch() -> None:
    """An encoder that ends in squeeze() gives (D,) for it."""
    calls = EncoderCalls(lambda x: tensor(x)[:, :, None, None].squeeze())
    assert calls(IMAGES)[0].shape == (N, 3)
    np.testing.assert_allclose(calls(IMAGES[:1])[0], codes(IMAGES[:1]))


@pytest.mark.parametrize(
    "form", ["mean and log variance", "a distribution", "spelled otherwise", "a named tuple"]
)
def test_log_variances_are_those_of_posteriors(form: str) -> None:
    calls = EncoderCalls(FORMS[form])
    log_var = calls(IMAGES)[1]
    assert log_var is not None
    np.testing.assert_allclose(
        log_var, 2 * np.log(0.1) if form == "a distribution" else 0, atol=1e-6
    )
    assert calls.notes == ((BY_PLACE,) if form == "mean and log variance" else ())


def test_a_pair_is_scored_and_its_reading_is_noted() -> None:
    score = unweave.evaluate(FORMS["mean and log variance"], "information_terms", data=DATA)[
        "information_terms"
    ]
    assert np.isfinite(score.value)
    assert BY_PLACE in score.reason


REFUSED = {
    "None": (lambda x: None, "gave None for 150 images; expected codes"),
    "text": (lambda x: "codes", "gave a str for"),
    "a number": (lambda x: 0.5, "gave a float for"),
    "a generator": (lambda x: (row for row in codes(x)), "gave a generator for"),
    "a class": (lambda x: Output, "gave the class Output"),
    "another number of rows": (
        lambda x: codes(x)[1:],
        r"gave an array of shape \(149, 3\) \(float64\) for 150 images",
    ),
    "rows and columns exchanged": (
        lambda x: tensor(x).T,
        r"gave a Tensor of shape \(3, 150\) \(torch.float64\)",
    ),
    "no columns": (lambda x: codes(x)[:, :0], r"of shape \(150, 0\)"),
    "maps": (lambda x: x, r"of shape \(150, 1, 4, 4\) \(uint8\)"),
    "words": (lambda x: codes(x).astype(str), "of shape .* [(]<U"),
    "complex numbers": (lambda x: tensor(x) + 1j, "complex128"),
    "rows of other lengths": (lambda x: [[0.0], *codes(x)[1:].tolist()], "gave a list of 150"),
    "masked": (lambda x: np.ma.masked_less(codes(x), 0.1), "with masked entries"),
    "no memory": (lambda x: tensor(x).to("meta"), "gave a Tensor that cannot be read as an array"),
    "three things": (
        lambda x: (x, codes(x), codes(x)),
        r"gave a tuple of 3 \(an array of shape \(150, 1, 4, 4\) \(uint8\), an array of shape \(150, 3\)",
    ),
    "a pair of other shapes": (lambda x: (codes(x), codes(x)[:, :2]), "gave a tuple of 2"),
    "two candidates": (
        lambda x: {"a": codes(x), "b": codes(x)},
        "gave a dict of 2 [(]a: an array .*, b: an",
    ),
    "two names": (lambda x: {"mu": codes(x), "mean": codes(x)}, "gave a dict of 2"),
    "no candidate": (lambda x: {"images": x}, "gave a dict of 1 [(]images: an array of shape"),
    "an empty dict": (lambda x: {}, "gave a dict of 0"),
    "log variances of another shape": (
        lambda x: {"mu": codes(x), "log_var": codes(x)[:, :1]},
        "gave a dict of 2",
    ),
    "NaN": (
        lambda x: np.where(codes(x) < 0.01, np.nan, codes(x)),
        r"codes that are NaN or infinite for \d+ of 150",
    ),
    "infinite log variances": (
        lambda x: (codes(x), codes(x) + np.inf),
        "log variances that are NaN or infinite",
    ),
    "an error of its own": (
        lambda x: x.no_such,
        "raised AttributeError: .*given images as ndarray of shape",
    ),
    "random codes": (
        lambda x: RNG.normal(size=(len(x), 3)),
        "gives other codes for the same images in each call",
    ),
    "codes of the whole batch": (
        lambda x: codes(x) - codes(x).mean(0) * 5,
        "other codes beside other images",
    ),
    "a distribution whose mean has no formula": (
        lambda x: TransformedDistribution(Normal(tensor(x), 1.0), [TanhTransform()]),
        "gave a TransformedDistribution for 150 images",
    ),
    "such a distribution in a dict": (
        lambda x: {"q": TransformedDistribution(Normal(tensor(x), 1.0), [TanhTransform()])},
        "gave a dict of 1 [(]q: a TransformedDistribution",
    ),
    "another width": (
        lambda x: np.ones((len(x), len(x))) * codes(x)[:, :1],
        r"shape \(150,\) and \(16,\)",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_is_no_code_is_refused_in_one_line(form: str) -> None:
    encoder, expected = REFUSED[form]
    with pytest.raises(ValueError, match=expected) as caught:
        encoded(encoder)
    assert "\n" not in str(caught.value)


class Network(nn.Module):
    """Two layers with dropout between them; it keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[torch.Tensor] = []
        self.modes: list[bool] = []
        self.inner = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.5), nn.BatchNorm1d(16), nn.Linear(16, 3)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.given.append(x)
        self.modes.append(self.inner.training)
        return self.inner(x)


class Whole(nn.Module):
    """An autoencoder, whose codes are those of a method."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()

    def encode(self, x: torch.Tensor, log_var: bool = True) -> Any:
        mean = self.network(x)
        return (mean, 0 * mean) if log_var else mean

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return (x, *self.encode(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_module_is_given_tensors_in_its_evaluation_mode(dtype: torch.dtype) -> None:
    network = Network().to(dtype)
    network.inner[2].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert np.isfinite(encoded(network)).all()
    assert network.modes == [False, False]
    assert [module.training for module in network.modules()] == [
        True,
        True,
        True,
        True,
        False,
        True,
    ]
    assert network.given[0].dtype == dtype
    assert float(network.given[0].max()) == pytest.approx(IMAGES.max() / 255, abs=1e-2)
    assert not any(x.requires_grad for x in network.given)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_method_of_a_module_is_in_its_evaluation_mode_too() -> None:
    whole = Whole()
    np.testing.assert_array_equal(
        encoded(whole.encode), encoded(partial(whole.encode, log_var=False))
    )
    assert whole.training
    with pytest.raises(
        ValueError, match=r"a tuple of 3 .*; if its codes come from encode, give whole\.encode"
    ):
        encoded(whole)


def test_the_method_of_a_run_is_an_encoder(tmp_path: Any) -> None:
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "latents": 3,
    }
    run = unweave.train("vae", DATA, steps=5, batch_size=8, out=tmp_path, **small)
    expected = run.posterior(IMAGES)
    for encoder in (run.posterior, run.method.encode):
        for mine, its in zip(EncoderCalls(encoder)(IMAGES), expected, strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(encoded(run.encode), expected[0])


def test_a_module_that_is_in_training_mode_inside_of_a_function_is_noticed() -> None:
    network = Network()
    with pytest.raises(ValueError, match="put its module in evaluation mode"):
        encoded(lambda x: network(torch.tensor(x) / 255))
    network.inner[1].p = 0.0
    with pytest.raises(ValueError, match="a batch norm in training mode"):
        encoded(lambda x: network(torch.tensor(x) / 255))
    network.eval()
    assert np.isfinite(encoded(lambda x: network(torch.tensor(x) / 255))).all()


def test_an_encoder_may_work_in_place() -> None:
    def inverted(x: np.ndarray) -> np.ndarray:
        x[:] = 255 - x
        return codes(x)

    np.testing.assert_array_equal(EncoderCalls(inverted)(IMAGES.copy())[0], codes(255 - IMAGES))


def test_an_error_in_a_module_names_what_it_was_given() -> None:
    with pytest.raises(
        ValueError,
        match=r"raised RuntimeError: .*as Tensor of shape \(150, 1, 4, 4\) \(torch.float32\)",
    ):
        encoded(nn.Linear(7, 2))


def test_what_is_no_encoder_is_told_from_what_has_one() -> None:
    from sklearn.decomposition import PCA

    with pytest.raises(ValueError, match="its method transform may be the function"):
        unweave.evaluate(PCA(2), "mig", data=DATA)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ValueError, match="Network is a class; give an object of it"):
        unweave.evaluate(Network, "mig", data=DATA)


@pytest.mark.parametrize(
    "metrics", ["MIG, dci", "mig,DCI,", ["Mig", "DCI"], ["MIG,Dci"], ("mig", "dci", "MIG")]
)
def test_names_of_metrics_in_any_case_and_with_commas(metrics: Any) -> None:
    assert list(dict.fromkeys(as_names(metrics) or ())) == ["mig", "dci"]


def test_all_metrics_in_any_case() -> None:
    assert as_names(" ALL") == as_names(["All"]) == "all"
    with pytest.raises(ValueError, match="unknown metric 'MIGG'; did you mean mig"):
        unweave.evaluate((codes(IMAGES), FACTORS), "MIGG, dci")
    with pytest.raises(ValueError, match="metrics names none"):
        unweave.evaluate((codes(IMAGES), FACTORS), " , ")
