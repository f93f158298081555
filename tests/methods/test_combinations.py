"""Every regulariser trains with every pooling and every supervision: three steps, saved after two, resumed, the same."""

import math
from itertools import product

import pytest
import torch
from tests.configs import config
from torch import nn

from unweave.methods import PARTS
from unweave.methods.resolve import resolve
from unweave.runs.folder import Folder
from unweave.seeds import fold
from unweave.training.loop import Training
from unweave.types import Batch, DataInfo

INFO = DataInfo(n=1000, shape=(1, 8, 8), factor_names=("a", "b", "c"), factor_sizes=(3, 4, 1))
LATENTS = 4
TINY = {"width": 8, "depth": 1}
REGULARISERS = [(name, None) for name in PARTS["regulariser"] if name != "info"]
REGULARISERS += [("info", divergence) for divergence in PARTS["divergence"]]
POOLINGS = [None, *PARTS["pooling"]]
SUPERVISIONS = [None, *PARTS["supervision"]]


def toy(regulariser="beta", divergence=None, pooling=None, supervision=None, **settings):
    """A VAE of toy networks, built as the command line builds it. Smooth units: none is dead, so all weights move."""
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 2 * LATENTS))
    decoder = nn.Sequential(
        nn.Linear(LATENTS, 8), nn.Tanh(), nn.Linear(8, 64), nn.Unflatten(1, (1, 8, 8))
    )
    given = {"regulariser": regulariser, "latents": LATENTS, "lr": 1e-3} | settings
    parts = {"encoder": encoder, "decoder": decoder, "pooling": pooling, "supervision": supervision}
    if divergence:
        given["regulariser.divergence"] = divergence
    critic = {
        "density-ratio": "regulariser.critic.",
        "adversarial": "regulariser.divergence.critic.",
    }
    if prefix := critic.get(divergence or regulariser):
        given |= {prefix + name: value for name, value in TINY.items()}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for net in (encoder, decoder):
            for layer in net:
                if isinstance(layer, nn.Linear):
                    layer.reset_parameters()
        return resolve("vae", given | parts, INFO).make(INFO)


def stream(needs):
    """Random images of 8x8: 4 groups of 3, 6 pairs, or 12 images, with labels of which some are missing."""
    shape = (4, 3) if "groups" in needs else (6, 2) if "pairs" in needs else (12,)

    def at(step):
        g = torch.Generator().manual_seed(fold(7, step))
        images = torch.rand(*shape, 1, 8, 8, generator=g)
        changed = torch.tensor([True, False, False]).expand(6, 3) if "pairs" in needs else None
        labels = torch.stack(
            [torch.randint(n, (12,), generator=g).float() for n in INFO.factor_sizes], 1
        )
        labels[torch.rand(12, 3, generator=g) < 0.25] = math.nan
        labelled = (
            Batch(torch.rand(12, 1, 8, 8, generator=g), v=labels) if "labels" in needs else None
        )
        return Batch(images, changed=changed, labelled=labelled)

    return at


def training(*names, **settings):
    method = toy(*names, **settings)
    return Training(method, stream(method.needs), seed=3)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize(("regulariser", "divergence"), REGULARISERS)
def test_trains_and_resumes_with_every_supervision(
    regulariser, divergence, pooling, tmp_path, monkeypatch
):
    monkeypatch.setattr("os.fsync", lambda file: None)  # 700 files: the disk is not what is tested
    for supervision in SUPERVISIONS:
        names = (regulariser, divergence, pooling, supervision)
        whole, broken = training(*names), training(*names)
        before = {name: [w.clone() for w in ws] for name, ws in whole.weights.items()}
        losses = list(whole.until(3))
        again = list(broken.until(2))
        assert all(torch.equal(losses[i][k], again[i][k]) for i in range(2) for k in losses[i]), (
            names
        )
        folder = Folder.create(tmp_path / str(supervision), config())
        folder.checkpoint(broken, seconds=1.0)
        resumed = training(*names)
        folder.restore(resumed)
        assert resumed.step == 2
        third = resumed.advance()
        assert all(torch.equal(third[term], value) for term, value in losses[2].items()), names
        for name, weights in whole.weights.items():
            assert losses[0][f"loss/{name}"] != losses[2][f"loss/{name}"], names
            for old, new, other in zip(before[name], weights, resumed.weights[name], strict=True):
                assert torch.equal(new, other), names
                assert not torch.equal(old, new), (
                    names,
                    name,
                    tuple(new.shape),
                )  # every owned parameter moved


def test_the_table_of_combinations_is_the_registry():
    assert len(list(product(REGULARISERS, POOLINGS, SUPERVISIONS))) >= 10 * 4 * 6


@pytest.mark.parametrize(
    "settings",
    [
        {"regulariser": "total-correlation", "estimator": "stratified", "alpha": 2.0, "gamma": 0.5},
        {"regulariser": "density-ratio", "batches": "second"},
        {"regulariser": "moments", "kind": "i"},
        {"regulariser": "info", "divergence": "mmd", "kernel": "rbf"},
        {"regulariser": "info", "divergence": "mmd", "kernel": "infovae"},
        {"regulariser": "hausdorff", "pairs": 0, "draws": 0},
        {"pooling": "product", "mode": "geometric", "content": 3},
        {"pooling": "adaptive", "average": "geometric", "told": "number"},
        {"pooling": "adaptive", "average": "product", "told": "factors"},
        {"supervision": "xent", "schedule": "ramp", "schedule_steps": 2},
        {"supervision": "mine", "schedule": "fine-tune", "schedule_steps": 1},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_every_option_trains(settings):
    run = training(**settings)
    before = [w.clone() for w in run.method.parameters() if w.requires_grad]
    for terms in run.until(3):
        assert all(v.isfinite() for v in terms.values())
    after = [w for w in run.method.parameters() if w.requires_grad]
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
