"""A trained VAE and its entangled twin, measured: equal likelihoods, other scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.evaluation.evaluate import evaluate
from unweave.evaluation.impossibility import Entangled, entangle, reflection
from unweave.evaluation.latents import log_likelihood
from unweave.evaluation.scoring import DEFAULT
from unweave.methods.vae import VAE
from unweave.metrics.base import Score
from unweave.report.absent import Absent
from unweave.report.latents import Latent
from unweave.report.views import LOOKED_AT, Views
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.seeds.generators import seeded
from unweave.types import to_unit

LIKELY = 200  # images whose likelihood is estimated
SAMPLES = 100  # of the posterior, for the likelihood of an image
BOUNDS = 20  # samples of the ELBO of an image
DRAWN = 1_000  # codes of the prior that both decode
SCORED = 4_000  # images
# share of the reflection for all inactive latents together: they are mixed too, but hardly
IDLE = 0.04


class CentredViews(Views):
    """Views whose traversals start from the image nearest to the centre of the prior."""

    @cached_property
    def start(self) -> tuple[NDArray[np.generic], NDArray[np.float32], str]:
        """The image whose code is nearest to 0, its code (1, D), and what the code is."""
        at = np.linalg.norm(self.codes, axis=1).argmin()
        return self.images(LOOKED_AT)[[at]], self.codes[[at]], "the code of an image"


class TwinViews(Views):
    """Views of the twin of a run, with the latents in the order of the run."""

    def __init__(self, of: CentredViews):
        self.of = of
        twin = entangle(of.run, share=shares(of)).to(of.run.device)
        super().__init__(Run(of.run.folder, twin, of.run.data), of.seed)

    @cached_property
    def start(self) -> tuple[NDArray[np.generic], NDArray[np.float32], str]:
        """The starting image of the run, with its code under the twin."""
        images, _, words = self.of.start
        return images, self.run.encode(images), words

    @cached_property
    def latents(self) -> list[Latent]:
        """The columns of the code in the order of the run; each mixes all, so none has a KL."""
        return [replace(latent, kl=None, spread=None) for latent in self.of.latents]


@dataclass(frozen=True)
class Side:
    """Measurements of one of the two models.

    log_p: (n,), nats, by importance weighting. bound: (n,), nats, the ELBO with a diagonal
    posterior. scores: {metric: Score}.
    """

    log_p: NDArray[np.float64]
    bound: NDArray[np.float64]
    scores: dict[str, Score]


@dataclass(frozen=True)
class Pair:
    """A model and its twin.

    apart: the largest difference of a pixel in [0, 1], over decoded prior samples and
    reconstructions.
    """

    model: Side
    twin: Side
    apart: float


def shares(views: Views) -> list[float]:
    """The share (D,) of each latent in the reflection, equal for the active ones.

    See `reflection`. Mixing with inactive latents would change a code little; these get `IDLE`
    between them.
    """
    latents = sorted(views.latents, key=lambda latent: latent.column)
    used = [latent.column for latent in latents if latent.active]
    if len(used) < 2:
        used = [latent.column for latent in latents]
    idle = len(latents) - len(used)
    left = 1.0  # of the reflection, for the active latents
    if idle:
        left = 1 - IDLE
    found = np.full(len(latents), IDLE / max(idle, 1))
    found[used] = (1 - reflection(len(used)).diagonal()) / 2 * left
    return [float(share) for share in found]


def measure(views: Views, twin: TwinViews) -> Pair:
    """Measure both models on the same images, each with its own random numbers."""
    images = views.images(LIKELY)
    codes = views.run.sample_codes(DRAWN, views.seed)
    method = twin.run.method
    assert isinstance(method, Entangled)
    rotated = codes @ method.rotation.cpu().numpy().T  # (n, D): the same images under the twin
    decoded = np.abs(views.run.decode(codes) - twin.run.decode(rotated))
    rebuilt = np.abs(views.run.reconstruct(images) - twin.run.reconstruct(images))
    apart = max(float(decoded.max()), float(rebuilt.max()))
    return Pair(side(views, images, "model"), side(twin, images, "twin"), apart)


def side(views: Views, images: NDArray[np.generic], name: str) -> Side:
    """Likelihood and ELBO of images under one model, and its scores. name: of its random stream."""
    method = views.run.method
    assert isinstance(method, VAE | Entangled)
    x = to_unit(torch.from_numpy(np.ascontiguousarray(images)).to(views.run.device))
    with seeded(fold(views.seed, "likelihood", name), views.run.device), torch.no_grad():
        if isinstance(method, Entangled):
            log_p = method.log_likelihood(x, samples=SAMPLES)
        else:
            log_p = log_likelihood(method, x, samples=SAMPLES)
        bound = torch.stack([method.elbo(x) for _ in range(BOUNDS)]).mean(0)  # (BOUNDS, n) -> (n,)
    return Side(log_p.double().cpu().numpy(), bound.double().cpu().numpy(), scores(views))


def scores(views: Views) -> dict[str, Score]:
    """The default metrics of the codes of `SCORED` images. Raises Absent if no factor is known."""
    source = views.source[0]
    rows = views.rows(SCORED)
    factors = known_factors(source, rows)
    if factors is None:
        raise Absent(
            "These data come without known factors or classes, "
            "so there is nothing to score codes against."
        )
    codes = views.run.encode(source.take(rows))
    return evaluate((codes, factors), DEFAULT, kinds=known_kinds(source))
