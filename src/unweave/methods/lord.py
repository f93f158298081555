"""LORD (Gabbay and Hoshen, 2020): class and content by latent optimisation, then encoders.

Stage 1 optimises a code e of each class, a code c of each image and the generator G:

    distance(G(e_y, c_i + noise), x_i) + decay * |c_i|^2,  noise ~ N(0, sigma^2)       (eq. 4, 5)

What the images of a class share is cheap to say once, in e; noise and decay leave the content code
no room to say it again. Stage 2 trains encoders on the codes of stage 1, and G with them:

    distance(G(E_y(x), E_c(x)), x) + match * (|E_y(x) - e_y|^2 + |E_c(x) - c_i|^2)        (eq. 6)

with squared differences as means over columns.

**Departures**: the distance is of images at several scales, unless `vgg` names a file with the
network of the paper; the decay belongs to that distance and is tuned with it. Each code has a step
of Adam only where its image or class is in the batch: one an epoch for a content code, as many as
the class has images for a class code. The paper's optimiser also moves the rows that are not in
the batch, so content codes have a learning rate of their own here, which makes up for it. Batches
of both stages are the run's; there is no early stopping. `encode` is that of the encoders, which
stage 1 does not train.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.methods.base import Method, Player
from unweave.methods.class_model import refuse_no_classes
from unweave.methods.stages import cosine_rate, end_of_first
from unweave.nets.adain import AdaINGenerator
from unweave.nets.perceptual import Perceptual
from unweave.settings import Setting
from unweave.types import Batch, Losses, Posterior

BETAS = (0.5, 0.999)
UNITS = {
    "distance": "absolute difference of pixels",
    "content length": "squared length of codes",
    "class error": "squared difference of codes",
    "content error": "squared difference of codes",
}
LAST_LR = 1e-5  # of the generator, at the end of stage 1


class Lord(Method):
    """A code is [class code, content code]; players "classes", "contents", "generator", "encoders".

    encoder: images (B, C, H, W) to content codes (B, content). class_encoder: images to class codes
    (B, columns). n, classes, steps, shape: filled in. ValueError if the data have no classes.
    """

    loss_unit = "distance of images"

    def __init__(
        self,
        encoder: nn.Module,
        class_encoder: nn.Module,
        *,
        n: int,
        classes: int,
        steps: int,
        shape: tuple[int, ...],
        content: Annotated[
            int, Setting("columns of the content code", low=1, search=(16, 32, 128))
        ] = 128,
        columns: Annotated[
            int, Setting("columns of the class code", low=1, search=(32, 256))
        ] = 256,
        channels: Annotated[
            int, Setting("channels of the generator's maps", low=4, search=(64, 256))
        ] = 256,
        sigma: Annotated[
            float, Setting("deviation of the noise on content codes", low=0, search=(0, 0.1, 1))
        ] = 1.0,
        decay: Annotated[
            float,
            Setting(
                "distance per unit of a content code's squared length",
                low=0,
                search=("log", 1e-5, 1e-2),
            ),
        ] = 1e-4,
        first: Annotated[
            float, Setting("share of the run that is stage 1", above=0, search=(0.5, 0.7))
        ] = 0.6,
        match: Annotated[
            float,
            Setting("distance per unit of the encoders' squared error", low=0, search=(1, 10, 100)),
        ] = 10.0,
        vgg: Annotated[
            str, Setting("a .safetensors file of VGG16's convolutions, torchvision's names")
        ] = "",
        lr: Annotated[
            float, Setting("learning rate of the generator", above=0, search=("log", 1e-4, 1e-2))
        ] = 3e-4,
        class_lr: Annotated[
            float, Setting("learning rate of the class codes", above=0, search=("log", 1e-3, 1e-1))
        ] = 3e-3,
        content_lr: Annotated[
            float,
            Setting(
                "learning rate of the content codes, one step an epoch",
                above=0,
                search=("log", 1e-3, 1),
            ),
        ] = 3e-2,
        encoders_lr: Annotated[
            float, Setting("learning rate of stage 2", above=0, search=("log", 1e-4, 1e-3))
        ] = 1e-4,
    ):
        super().__init__()
        self.boundary = end_of_first(first, steps)
        self.encoder = encoder
        self.class_encoder = class_encoder
        self.generator = AdaINGenerator(shape, content, columns, channels)
        self.of_image = nn.Embedding(n, content, sparse=True)
        self.of_class = nn.Embedding(classes, columns, sparse=True)
        for table in (self.of_image, self.of_class):
            nn.init.uniform_(table.weight, -0.05, 0.05)
        self.distance = Perceptual(vgg)
        self.columns = columns
        self.content = content
        self.sigma = sigma
        self.decay = decay
        self.match = match
        self.lr = lr
        self.class_lr = class_lr
        self.content_lr = content_lr
        self.encoders_lr = encoders_lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        refuse_no_classes(known["classes"])
        return {
            "encoder": {"outputs": known["content"]},
            "class_encoder": {"outputs": known["columns"]},
        }

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        return {
            "class": Block(slice(0, self.columns), kind="point"),
            "content": Block(slice(self.columns, self.columns + self.content), kind="point"),
        }

    @property
    def classes_named(self) -> bool:
        return True

    def players(self) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, betas=BETAS)
        sparse = partial(torch.optim.SparseAdam, betas=BETAS)
        return {
            "classes": Player(self.of_class, self._cosine(self.class_lr), sparse),
            "contents": Player(self.of_image, self._cosine(self.content_lr), sparse),
            "generator": Player(self.generator, self._cosine(self.lr), adam),
            "encoders": Player(
                (self.encoder, self.class_encoder, self.generator), self.encoders_lr, adam
            ),
        }

    def _cosine(self, lr: float) -> Callable[[int], float]:
        """The learning rate of a player of stage 1; all keep their ratios."""
        return cosine_rate(lr, lr * LAST_LR / self.lr, self.boundary)

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        assert batch.index is not None  # of every batch of images
        assert batch.y is not None  # the data have classes
        if step < self.boundary:
            yield self._optimised(batch.x, batch.index, batch.y)
        else:
            yield self._amortised(batch.x, batch.index, batch.y)

    def _optimised(self, x: Tensor, index: Tensor, y: Tensor) -> Losses:
        """Stage 1: codes and generator."""
        content = self.of_image(index)  # (B, content), without noise
        noisy = content + self.sigma * torch.randn_like(content)
        made = self._image(self.of_class(y), noisy)  # (B, C, H, W)
        distance = self.distance(made, x).mean()
        length = content.square().sum(1).mean()
        loss = distance + self.decay * length
        terms = {"distance": distance, "content length": length}
        return Losses(dict.fromkeys(("classes", "contents", "generator"), loss), terms, UNITS)

    def _amortised(self, x: Tensor, index: Tensor, y: Tensor) -> Losses:
        """Stage 2: encoders and generator; the codes of stage 1 are targets."""
        of_class = self.class_encoder(x).float()  # (B, columns)
        content = self.encoder(x).float()  # (B, content)
        distance = self.distance(self._image(of_class, content), x).mean()
        class_error = (of_class - self.of_class(y).detach()).square().mean()
        content_error = (content - self.of_image(index).detach()).square().mean()
        loss = distance + self.match * (class_error + content_error)
        terms = {"distance": distance, "class error": class_error, "content error": content_error}
        return Losses({"encoders": loss}, terms, UNITS)

    def _image(self, of_class: Tensor, content: Tensor) -> Tensor:
        image: Tensor = self.generator(of_class, content).float().sigmoid()
        return image

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(torch.cat([self.class_encoder(x), self.encoder(x)], 1).float())

    def decode(self, z: Tensor) -> Tensor:
        return self._image(z[:, : self.columns], z[:, self.columns :])

    def class_codes(self, y: Tensor) -> Tensor:
        return self.of_class(y)

    def sample_prior(self, n: int) -> Tensor:
        """Class and content codes of stage 1 of different images, which stand for a prior."""
        device = self.of_class.weight.device
        y = torch.randint(self.of_class.num_embeddings, (n,), device=device)
        rows = torch.randint(self.of_image.num_embeddings, (n,), device=device)
        return torch.cat([self.of_class(y), self.of_image(rows)], 1)
