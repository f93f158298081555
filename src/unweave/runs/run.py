"""A trained run, for use: encode, decode, reconstruct, sample, edit. Arrays in, arrays out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unweave.blocks import Block, as_blocks
from unweave.data.base import Dataset
from unweave.methods.answers import bound, encoded
from unweave.methods.base import Method
from unweave.nets.evaluating import evaluating
from unweave.runs.chunks import by_chunks
from unweave.runs.class_block import classes_of, with_class
from unweave.runs.codes import decoded, drawn
from unweave.runs.folder import Folder
from unweave.runs.given_images import array, as_trained
from unweave.runs.opening import differ, method_of, open_data, parted, refuse_other
from unweave.runs.seal import admit
from unweave.seeds import fold
from unweave.seeds.generators import seeded
from unweave.tensors import plain


class Run:
    """A run folder with its method in evaluation mode.

    path: the folder. method: the module, on `device`. config: what was chosen. info: facts of the
    data.
    """

    def __init__(
        self,
        folder: Folder,
        method: Method,
        source: Dataset | None = None,
        *,
        other_data: bool = False,
    ):
        self.folder = folder
        self.method = method.eval()
        self._source = source
        self.path = folder.path
        self.config = folder.config
        self.info = folder.config.data.info
        self.other_data = other_data

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle or a copy holds: weights on the CPU and no data; no folder or device."""
        state = {name: value for name, value in vars(self).items() if name not in ("data", "held")}
        method = self.method
        if self.device.type != "cpu":
            method = copy.deepcopy(self.method).cpu()
        return state | {"method": method, "_source": None}

    @property
    def device(self) -> torch.device:
        """Where the weights are; the CPU if there are none."""
        return next((weight.device for weight in self.method.parameters()), torch.device("cpu"))

    @property
    def blocks(self) -> dict[str, Block]:
        """What the columns of a code are."""
        return as_blocks(self.method.blocks)

    @cached_property
    def data(self) -> Dataset:
        """The data set it was trained on, opened again.

        RunError if it was handed in as an object; OtherData if its contents are others by now,
        unless `other_data` allows them, which its scores and its page then say.
        """
        if self._source is not None:
            return self._source
        found = open_data(self.config)
        if not self.other_data:
            hint = "--other-data (other_data=True of load_run) takes them all the same"
            refuse_other(found, self.config, hint)
        return found

    @property
    def data_differ(self) -> bool:
        """Whether the data are known to have other contents than those that it was trained on."""
        return self._source is None and differ(self.data, self.config)

    @cached_property
    def held(self) -> Dataset | None:
        """The rows that were held out of training, as a data set; None if none were."""
        return parted(self.data, self.config.loop)[1]

    def records(self) -> list[dict[str, Any]]:
        """The log, one dictionary a line."""
        return list(self.folder.records())

    def to(self, device: str | torch.device) -> Run:
        """The same run with its weights on another device."""
        self.method.to(device)
        return self

    def posterior(self, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Mean and log variance (n, D) of the codes of images (n, C, H, W).

        The log variance is None if the codes are deterministic.
        """

        def step(x: Tensor) -> tuple[Tensor, ...]:
            q = encoded(self.method, x)
            return tuple(t for t in (q.mean, q.log_var) if t is not None)

        mean, *log_var = self._by_chunks(step, self._images(images))
        return mean, next(iter(log_var), None)

    def encode(self, images: Any) -> NDArray[np.float32]:
        """Codes (n, D), posterior means, of images (n, C, H, W) or vectors (n, F), in their order.

        Of clips (n, M, C, H, W), where the method encodes clips: one code each (n, D), or one for
        each frame (n, M, D).

        Numbers mean what they did in the data that it was trained on: uint8 are bytes, and floats
        have the black and white of the data's floats, [0, 1] where it had none; other whole numbers
        those of the data where they were black and white, or deeper than bytes. So what was
        decoded, in [0, 1], is made bytes first where the data had floats of another scale.
        ValueError for values beyond, NaN and masked values.
        """
        return self.posterior(images)[0]

    def decode(self, codes: Any) -> NDArray[np.float32]:
        """Images (n, C, H, W) in [0, 1] of codes (n, D), or vectors (n, F) in the data's range."""
        return decoded(self.method, codes, self.device)

    def reconstruct(self, images: Any) -> NDArray[np.float32]:
        """Images, encoded and decoded again."""
        return self.decode(self.encode(images))

    def sample(self, n: int, seed: int = 0, *, y: Any = None) -> NDArray[np.float32]:
        """`n` new images from the prior.

        Of class y, or of classes y (n,), where the code has a block "class".
        """
        codes = self.sample_codes(n, seed)
        if y is not None:
            codes = self.with_class(codes, y)
        return self.decode(codes)

    def sample_codes(self, n: int, seed: int = 0) -> NDArray[np.float32]:
        """`n` codes (n, D) from the prior."""
        return drawn(self.method, n, seed, self.device)

    @property
    def classes(self) -> int:
        """How many classes the block "class" has; those of the data if it is no one-hot."""
        return classes_of(self.blocks, self.info.classes)

    def with_class(self, codes: Any, y: Any) -> NDArray[np.float32]:
        """Codes (n, D) whose block "class" says class y, or classes y (n,); the rest stays.

        Class k is the k-th column of a one-hot; whether that is class k of the data,
        `method.classes_named` says. NotAvailable if the codes have no class; ValueError for a class
        that there is not.
        """
        copied = np.array(plain(codes), dtype=np.float32, ndmin=2)
        return with_class(self.method, copied, y, self.classes, self.device)

    def edit(self, image: Any, *, latent: int, to: float) -> NDArray[np.float32]:
        """One image (C, H, W) decoded again with one latent of its code set to a value."""
        code = self.encode(array(image)[None])
        if not 0 <= latent < code.shape[1]:
            raise ValueError(f"latent is {latent}; there are {code.shape[1]}, counted from 0")
        code[:, latent] = to
        return self.decode(code)[0]

    def elbo(self, images: Any, seed: int = 0) -> NDArray[np.float32]:
        """A lower bound of log p(x) for each image, (n,), nats; one sample of the code each."""
        with seeded(fold(seed, "elbo"), self.device):
            return self._by_chunks(lambda x: (bound(self.method, x),), self._images(images))[0]

    def _images(self, images: Any) -> NDArray[np.generic]:
        """The images as the method takes them."""
        return as_trained(array(images), self.config.data, clips=self.method.encodes == "clips")

    def _by_chunks(
        self, f: Callable[[Tensor], tuple[Tensor, ...]], rows: NDArray[np.generic]
    ) -> list[NDArray[np.float32]]:
        """Each result of `f`, in evaluation mode, over the rows, as one array."""
        with evaluating(self.method):
            return by_chunks(f, rows, self.device)


def load_run(
    path: str | Path,
    *,
    device: str = "cpu",
    trust: bool = False,
    other_data: bool = False,
    **modules: nn.Module,
) -> Run:
    """The run in a folder, finished or not, with the weights of its last checkpoint.

    trust: whether code that the folder names and that is not unweave's may be imported; the user's
    own runs need no word. other_data: whether its data may have other contents than when it was
    trained, once they are looked at. modules: the parts that were handed in as objects when it was
    trained, by their kind ("encoder", ...).

    Raises NotTrusted, which says what would be imported; RunError for a folder that is none, or
    damaged.
    """
    folder = Folder(path)
    admit(folder.path, folder.config, trusted=trust, given=modules)
    method = method_of(folder, modules)
    folder.load_weights(method)
    return Run(folder, method.to(device), other_data=other_data)
