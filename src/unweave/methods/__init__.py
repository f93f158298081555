"""The methods and their parts, as plain tables: what exists, where it stands, one line of what it is. Imports nothing.

To add a method, write one file and one line here. `names()` lists them, `build.py` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One line of a table.

    where: "module:Class". about: one line. parts: the parts it is made of, by kind. defaults: settings that differ from
    the class's own, with dotted names for parts ("regulariser.beta").
    """

    where: str
    about: str
    parts: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)


_VAE = "unweave.methods.vae:VAE"

METHODS: dict[str, Entry] = {
    "ae": Entry("unweave.methods.ae:AE", "autoencoder with a deterministic code, no regulariser"),
    "vae": Entry(_VAE, "variational autoencoder", {"regulariser": "beta"}, {"regulariser.beta": 1.0}),
    "beta-vae": Entry(_VAE, "KL divergence weighed by beta", {"regulariser": "beta"}),
    "annealed-vae": Entry(_VAE, "KL divergence held at a growing capacity", {"regulariser": "capacity"}),
    "beta-tcvae": Entry(_VAE, "total correlation weighed, minibatch estimate", {"regulariser": "total-correlation"}),
    "factor-vae": Entry(_VAE, "total correlation weighed, by a critic", {"regulariser": "density-ratio"}),
}

_NETS = "unweave.nets."

PARTS: dict[str, dict[str, Entry]] = {
    "encoder": {
        "conv64": Entry(_NETS + "conv64:Conv64Encoder", "disentanglement_lib's convolutions, any image size"),
        "burgess": Entry(_NETS + "conv64:BurgessEncoder", "4x4 kernels throughout (Burgess et al., 2018)"),
        "mlp": Entry(_NETS + "mlp:MLPEncoder", "fully connected, for vectors and small images"),
    },
    "decoder": {
        "conv64": Entry(_NETS + "conv64:Conv64Decoder", "the mirror of its encoder"),
        "burgess": Entry(_NETS + "conv64:BurgessDecoder", "the mirror of its encoder"),
        "mlp": Entry(_NETS + "mlp:MLPDecoder", "fully connected, for vectors and small images"),
    },
    "critic": {"mlp": Entry(_NETS + "mlp:Critic", "six leaky layers of 1,000 units, one logit")},
    "likelihood": {
        "bernoulli": Entry(_NETS + "likelihood:Bernoulli", "cross-entropy on logits"),
        "gaussian": Entry(_NETS + "likelihood:Gaussian", "squared error, fixed or learned scale"),
        "laplace": Entry(_NETS + "likelihood:Laplace", "absolute error"),
    },
    "regulariser": {
        "beta": Entry("unweave.methods.regularisers.beta:Beta", "beta * KL"),
        "capacity": Entry("unweave.methods.regularisers.capacity:Capacity", "gamma * abs(KL - C)"),
        "total-correlation": Entry(
            "unweave.methods.regularisers.total_correlation:TotalCorrelation", "I, TC and dimension-wise KL weighed"
        ),
        "density-ratio": Entry(
            "unweave.methods.regularisers.density_ratio:DensityRatio", "KL + gamma * TC by a critic"
        ),
    },
    "pooling": {},
    "supervision": {},
}


def names() -> list[str]:
    """The names that `unweave train` and `unweave.train` take."""
    return list(METHODS)
