"""A trained VAE beside its entangled twin: the same images with the same probabilities, and other scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.evaluation.evaluate import evaluate
from unweave.evaluation.impossibility import Entangled, entangle, reflection
from unweave.evaluation.latents import log_likelihood
from unweave.evaluation.scoring import DEFAULT
from unweave.generators import seeded
from unweave.methods.vae import VAE
from unweave.metrics.base import Score
from unweave.report.views import LOOKED_AT, Absent, Latent, Views
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.types import to_unit

LIKELY = 200  # images whose likelihood is estimated
SAMPLES = 100  # of the posterior, for each of them
BOUNDS = 20  # samples for each bound
DRAWN = 1_000  # codes of the prior that both decode
SCORED = 4_000  # images
IDLE = 0.04  # of the mirror, for all latents that carry nothing: they are mixed too, but hardly


class CentredViews(Views):
    """What can be seen of a run, started from an image in the middle of the prior, so that every way is open."""

    @cached_property
    def start(self) -> tuple[NDArray[np.generic], NDArray[np.float32], str]:
        """The image, of many, whose code is nearest to 0, its code, and what it is."""
        at = np.linalg.norm(self.codes, axis=1).argmin()
        return self.images(LOOKED_AT)[[at]], self.codes[[at]], "the code of an image"


class TwinViews(Views):
    """What can be seen of the twin of a run; its latents stand in the order of the run's."""

    def __init__(self, of: CentredViews):
        self.of = of
        twin = entangle(of.run, share=shares(of)).to(of.run.device)
        super().__init__(Run(of.run.folder, twin, of.run.data), of.seed)

    @cached_property
    def start(self) -> tuple[NDArray[np.generic], NDArray[np.float32], str]:
        """The image that the run starts from, with its code here."""
        images, _, words = self.of.start
        return images, self.run.encode(images), words

    @cached_property
    def latents(self) -> list[Latent]:
        """The columns of its code in the order of the run's latents: each mixes them all, so none is used more."""
        return [replace(latent, kl=None, spread=None) for latent in self.of.latents]


@dataclass(frozen=True)
class Side:
    """One of the two models.

    log_p: (n,), nats, by importance weighting. bound: (n,), the ELBO with a diagonal posterior. scores: {metric: Score}.
    """

    log_p: NDArray[np.float64]
    bound: NDArray[np.float64]
    scores: dict[str, Score]


@dataclass(frozen=True)
class Pair:
    """A model and its twin. apart: largest difference of a pixel, of 1, over codes of the prior and reconstructions."""

    model: Side
    twin: Side
    apart: float


def shares(views: Views) -> list[float]:
    """How much each latent is mixed: see `reflection`. As in the plain case, but among the latents in use.

    Mixed with latents that carry nothing, a code changes little; so those get `IDLE` between them.
    """
    latents = sorted(views.latents, key=lambda latent: latent.column)
    used = [latent.column for latent in latents if latent.active]
    if len(used) < 2:
        used = [latent.column for latent in latents]
    idle = len(latents) - len(used)
    found = np.full(len(latents), IDLE / max(idle, 1))
    found[used] = (1 - reflection(len(used)).diagonal()) / 2 * (1 - IDLE * (idle > 0))
    return [float(share) for share in found]


def measure(views: Views, twin: TwinViews) -> Pair:
    """Both models, measured on the same images, each with random numbers of its own."""
    images = views.images(LIKELY)
    codes = views.run.sample_codes(DRAWN, views.seed)
    method = twin.run.method
    assert isinstance(method, Entangled)
    turned = codes @ method.rotation.cpu().numpy().T
    apart = max(
        float(np.abs(views.run.decode(codes) - twin.run.decode(turned)).max()),
        float(np.abs(views.run.reconstruct(images) - twin.run.reconstruct(images)).max()),
    )
    return Pair(side(views, images, "model"), side(twin, images, "twin"), apart)


def side(views: Views, images: NDArray[np.generic], name: str) -> Side:
    """One model's likelihood and bound of the images, and its scores."""
    method = views.run.method
    assert isinstance(method, VAE | Entangled)
    x = to_unit(torch.from_numpy(np.ascontiguousarray(images)).to(views.run.device))
    with seeded(fold(views.seed, "likelihood", name), views.run.device), torch.no_grad():
        estimate = method.log_likelihood if isinstance(method, Entangled) else partial(log_likelihood, method)
        log_p = estimate(x, samples=SAMPLES)
        bound = torch.stack([method.elbo(x) for _ in range(BOUNDS)]).mean(0)
    return Side(log_p.double().cpu().numpy(), bound.double().cpu().numpy(), scores(views))


def scores(views: Views) -> dict[str, Score]:
    """The usual six of the codes of some images. Absent if no factor of them is known."""
    source, rows = views.source[0], views.rows(SCORED)
    factors = known_factors(source, rows)
    if factors is None:
        raise Absent("These data come without known factors or classes, so there is nothing to score codes against.")
    return evaluate((views.run.encode(source.take(rows)), factors), DEFAULT, kinds=known_kinds(source))
