"""Registry of methods and parts: names, import paths, one-line descriptions. Imports no method.

To add a method, write one file and one line here. `names()` lists them, `resolve.py` looks them up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One line of a table.

    where: "module:Class". about: a description of one line. parts: the parts it is made of, by
    kind.
    defaults: settings that differ from the class's own, with dotted names for parts
    ("regulariser.beta").
    """

    where: str
    about: str
    parts: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)


_VAE = "unweave.methods.vae:VAE"

METHODS: dict[str, Entry] = {
    "ae": Entry("unweave.methods.ae:AE", "autoencoder with a deterministic code, no regulariser"),
    "vae": Entry(
        _VAE, "variational autoencoder", {"regulariser": "beta"}, {"regulariser.beta": 1.0}
    ),
    "beta-vae": Entry(_VAE, "KL divergence weighted by beta", {"regulariser": "beta"}),
    "annealed-vae": Entry(
        _VAE, "KL divergence kept at a growing capacity", {"regulariser": "capacity"}
    ),
    "beta-tcvae": Entry(
        _VAE, "total correlation weighted, minibatch estimate", {"regulariser": "total-correlation"}
    ),
    "factor-vae": Entry(
        _VAE, "total correlation weighted, estimated by a critic", {"regulariser": "density-ratio"}
    ),
    "constrained-vae": Entry(
        _VAE, "KL divergence kept below delta by a multiplier", {"regulariser": "constrained"}
    ),
    "dip-vae-1": Entry(
        _VAE,
        "penalty on the covariance of the means: its distance from the identity",
        {"regulariser": "moments"},
        {"regulariser.kind": "i", "regulariser.diagonal": 100.0},
    ),
    "dip-vae-2": Entry(
        _VAE,
        "penalty on the covariance of the codes: its distance from the identity",
        {"regulariser": "moments"},
        {"regulariser.kind": "ii"},
    ),
    "info-vae": Entry(
        _VAE,
        "divergence of the aggregated posterior from the prior",
        {"regulariser": "info"},
    ),
    "aae": Entry(
        _VAE,
        "divergence of the aggregated posterior from the prior, by a critic; codes are points",
        {"regulariser": "info", "regulariser.divergence": "adversarial"},
        {"regulariser.alpha": 1.0, "regulariser.lam": 1.0, "posterior": "point"},
    ),
    "hfs-vae": Entry(
        _VAE,
        "penalty on the support of the codes: its distance from a product",
        {"regulariser": "hausdorff"},
    ),
    "ml-vae": Entry(
        _VAE,
        "groups share content columns: product of posteriors",
        {"regulariser": "beta", "pooling": "product"},
        {"regulariser.beta": 1.0},
    ),
    "gvae": Entry(
        _VAE,
        "groups share content columns: average of posteriors",
        {"regulariser": "beta", "pooling": "mean"},
        {"regulariser.beta": 1.0},
    ),
    "ada-ml-vae": Entry(
        _VAE,
        "shared columns of a pair are estimated: geometric mean",
        {"regulariser": "beta", "pooling": "adaptive"},
        {"regulariser.beta": 1.0, "pooling.average": "geometric"},
    ),
    "ada-gvae": Entry(
        _VAE,
        "shared columns of a pair are estimated: average",
        {"regulariser": "beta", "pooling": "adaptive"},
        {"regulariser.beta": 1.0, "pooling.average": "mean"},
    ),
    "s2-beta-vae": Entry(
        _VAE, "beta-VAE and few labels", {"regulariser": "beta", "supervision": "xent"}
    ),
    "s2-factor-vae": Entry(
        _VAE, "FactorVAE and few labels", {"regulariser": "density-ratio", "supervision": "xent"}
    ),
    "s2-dip-vae": Entry(
        _VAE, "DIP-VAE and few labels", {"regulariser": "moments", "supervision": "xent"}
    ),
    "s2-beta-tcvae": Entry(
        _VAE,
        "beta-TCVAE and few labels",
        {"regulariser": "total-correlation", "supervision": "xent"},
    ),
    "m1": Entry(
        _VAE,
        "VAE whose codes classifiers read from few labels (metric few_labels)",
        {"regulariser": "beta"},
        {"regulariser.beta": 1.0},
    ),
    "m2": Entry("unweave.methods.m2:M2", "class and style, learned from few labels of classes"),
    "m1-m2": Entry(
        "unweave.methods.m1_m2:M1M2",
        "m2 of the codes of a VAE, in two stages",
        {"code_encoder": "mlp", "class_encoder": "mlp", "code_decoder": "mlp"},
    ),
    "vae-gan": Entry(
        "unweave.methods.vae_gan:VAEGAN",
        "content and style from triplets, by swaps and a discriminator",
        {"judge_encoder": "conv64"},
    ),
    "drnet": Entry(
        "unweave.methods.drnet:DrNet",
        "content and pose of clips, by an adversary that compares poses; a predictor of frames",
        {"scene_encoder": "mlp"},
        {"scene_encoder.width": 256, "scene_encoder.depth": 3},
    ),
    "lord": Entry(
        "unweave.methods.lord:Lord", "class and content by latent optimisation, then encoders"
    ),
    "f-statistic": Entry(
        "unweave.methods.f_statistic:FStatistic",
        "encoder in a few of whose dimensions classes differ beyond chance",
    ),
    "graph-vae": Entry(
        "unweave.methods.graph_vae:GraphVAE",
        "named variables in graphs of your own, from few labels",
    ),
    "cv-mim": Entry(
        "unweave.methods.cv_mim:CVMIM",
        "pose and view from pairs of views, by bounds of mutual information",
        {"encoder": "mlp", "whole_encoder": "mlp"},
        {"encoder.batch_norm": True, "whole_encoder.batch_norm": True},
    ),
    "infogan": Entry(
        "unweave.methods.infogan:InfoGAN", "generator whose codes can be inferred from its images"
    ),
}

_NETS = "unweave.nets."
_REGULARISERS = "unweave.methods.regularisers."
_POOLING = "unweave.methods.pooling."
_SUPERVISION = "unweave.methods.supervision."

PARTS: dict[str, dict[str, Entry]] = {
    "encoder": {
        "conv64": Entry(
            _NETS + "conv64:Conv64Encoder", "disentanglement_lib's convolutions, any image size"
        ),
        "burgess": Entry(
            _NETS + "conv64:BurgessEncoder", "4x4 kernels throughout (Burgess et al., 2018)"
        ),
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
        "beta": Entry(_REGULARISERS + "beta:Beta", "beta * KL"),
        "constrained": Entry(
            _REGULARISERS + "constrained:Constrained", "KL kept below delta by a multiplier"
        ),
        "capacity": Entry(_REGULARISERS + "capacity:Capacity", "gamma * abs(KL - C)"),
        "total-correlation": Entry(
            _REGULARISERS + "total_correlation:TotalCorrelation",
            "I, TC and dimension-wise KL, weighted",
        ),
        "density-ratio": Entry(
            _REGULARISERS + "density_ratio:DensityRatio", "KL + gamma * TC by a critic"
        ),
        "moments": Entry(
            _REGULARISERS + "moments:Moments", "KL + distance of the covariance from the identity"
        ),
        "info": Entry(
            _REGULARISERS + "info:Info",
            "KL of images traded for a divergence of the aggregated posterior",
        ),
        "hausdorff": Entry(
            _REGULARISERS + "hausdorff:Hausdorff", "beta * KL + gamma * gap to a product support"
        ),
    },
    "divergence": {
        "mmd": Entry(_REGULARISERS + "mmd:MMD", "maximum mean discrepancy, unbiased"),
        "stein": Entry(_REGULARISERS + "stein:Stein", "Stein variational gradient"),
        "adversarial": Entry(
            _REGULARISERS + "adversarial:Adversarial",
            "a critic separates codes from samples of the prior",
        ),
    },
    "pooling": {
        "product": Entry(_POOLING + "product:Product", "product of a group's posteriors (ML-VAE)"),
        "mean": Entry(_POOLING + "mean:Mean", "average of a group's posteriors (GVAE)"),
        "adaptive": Entry(
            _POOLING + "adaptive:Adaptive",
            "average of the columns that a pair is estimated to share (Ada-GVAE)",
        ),
        "random": Entry(
            _POOLING + "random:Random",
            "average of all columns but a random one (ablation of adaptive)",
        ),
    },
    "supervision": {
        "xent": Entry(_SUPERVISION + "xent:CrossEntropy", "cross-entropy of mean k with label k"),
        "l2": Entry(_SUPERVISION + "l2:SquaredError", "squared error of mean k to label k"),
        "cov": Entry(
            _SUPERVISION + "covariance:Covariance",
            "squared covariances of column and other factors",
        ),
        "embed": Entry(
            _SUPERVISION + "embed:Embedding", "mean k classified by learned points on a line"
        ),
        "mine": Entry(
            _SUPERVISION + "mine:MutualInformation",
            "squared mutual information of column and other factors",
        ),
    },
}


def names() -> list[str]:
    """The names that `unweave train` and `unweave.train` take."""
    return list(METHODS)


def kind_of(keyword: str) -> str | None:
    """The kind of part that a constructor's keyword takes, by its last word; None if it takes none.

    >>> kind_of("encoder"), kind_of("content_encoder"), kind_of("latents")
    ('encoder', 'encoder', None)
    """
    last = keyword.rpartition("_")[2]
    return last if last in PARTS else None
