"""Calls of an encoder that is not a run: what it is given, and checks of what comes back.

A torch module, or a method of one, is given tensors on its device and is in evaluation mode; any
other function is given arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unweave.evaluation.encoder_output import Codes, NotCodes, Posterior, read
from unweave.nets.evaluating import evaluating
from unweave.runs.chunks import CHUNK
from unweave.types import to_unit

PROBE = 16  # images that are encoded again, to see that their codes are the same
BY_PLACE = "the two arrays that the encoder gives are read as (mean, log variance)"


class EncoderCalls:
    """An encoder as a function from images to (mean (n, D), log variance (n, D) or None).

    encoder: a function of images as the data set has them, uint8 (n, C, H, W) or vectors (n, F); or
    a torch module or a method of one, which takes a tensor on its device and of its type, images
    in [0, 1]. notes: what was assumed of its results. ValueError in one line for what is no code,
    and for codes that are not the same in each call.
    """

    def __init__(self, encoder: Callable[..., Any]) -> None:
        self.encoder = encoder
        self.module = _module(encoder)
        self.shapes: set[tuple[int, ...]] = set()  # of one code
        self.probed = False
        self.notes: tuple[str, ...] = ()

    def __call__(self, images: NDArray[Any]) -> Posterior:
        """Mean and log variance of images (n, ...), as rows in their order."""
        first = images[:PROBE].copy()  # an encoder may work in place
        size = len(images)
        if self.module is not None:
            size = CHUNK
        parts = [self._read(images[i : i + size]) for i in range(0, len(images), size)]
        mean = np.concatenate([part[0] for part in parts])
        log_vars = [part[1] for part in parts if part[1] is not None]
        if len(log_vars) not in (0, len(parts)):
            raise ValueError(
                "the encoder gave log variances for some images only; "
                "expected them for all or for none"
            )
        if not self.probed:
            self._refuse_unsteady(first, mean)
        if not log_vars:
            return mean, None
        return mean, np.concatenate(log_vars)

    def _read(self, images: NDArray[Any]) -> Posterior:
        """What one call gives."""
        given = self._called(images)
        try:
            found = read(given, len(images))
        except NotCodes as error:
            raise ValueError(f"{error}{self._hint()}") from error
        if found[1] is not None and type(given) in (tuple, list):
            self.notes = (BY_PLACE,)
        self.shapes.add(found[0].shape[1:])
        if len(self.shapes) > 1:
            shapes = " and ".join(sorted(map(str, self.shapes)))
            raise ValueError(
                f"the encoder gave codes of shape {shapes}, from call to call; expected one shape"
            )
        return found

    def _called(self, images: NDArray[Any]) -> Any:
        given: Any = images
        if self.module is not None:
            given = _tensor(images, self.module)
        try:
            if self.module is None:
                return self.encoder(given)
            with evaluating(self.module), torch.no_grad():
                return self.encoder(given)
        except Exception as error:
            reason = " ".join(str(error).split())
            what = f"{type(given).__name__} of shape {tuple(given.shape)} ({given.dtype})"
            raise ValueError(
                f"the encoder raised {type(error).__name__}: {reason}; "
                f"it was given images as {what}{self._hint()}"
            ) from error

    def _hint(self) -> str:
        """What may have been meant, of a module whose codes are those of a method of it."""
        if self.encoder is self.module and callable(getattr(self.module, "encode", None)):
            name = type(self.module).__name__.lower()
            return f"; if its codes come from encode, give {name}.encode"
        return ""

    def _refuse_unsteady(self, images: NDArray[Any], codes: Codes) -> None:
        """ValueError if the first images, encoded again, have other codes than they had."""
        self.probed = True
        again = self._read(images.copy())[0]
        if _same(codes[: len(images)], again, codes):
            return
        if _same(again, self._read(images)[0], codes):
            raise ValueError(
                "the encoder gives an image other codes beside other images: it uses the whole "
                "batch, as a batch norm in training mode or a fit_transform does; "
                "fit it before, and put it in evaluation mode"
            )
        raise ValueError(
            "the encoder gives other codes for the same images in each call: "
            "put its module in evaluation mode, and give means, not samples"
        )


def _module(encoder: Any) -> nn.Module | None:
    """The torch module behind an encoder: itself, or the one that it is a method of."""
    while isinstance(encoder, partial):
        encoder = encoder.func
    if isinstance(encoder, nn.Module):
        return encoder
    owner = getattr(encoder, "__self__", None)
    if isinstance(owner, nn.Module):
        return owner
    return None


def _tensor(images: NDArray[Any], module: nn.Module) -> Tensor:
    """Images as a tensor on the device and of the floating type of a module; bytes over 255."""
    x = to_unit(torch.from_numpy(np.ascontiguousarray(images)))
    for weight in (*module.parameters(), *module.buffers()):
        if weight.is_floating_point():
            return x.to(weight.device, weight.dtype)
    return x


def _same(first: Codes, second: Codes, all_codes: Codes) -> bool:
    """Whether two codes of the same images (n, D) differ by rounding alone, up to bfloat16's."""
    apart = np.abs(first - second).mean(0)  # (D,)
    return bool((apart <= 0.01 * all_codes.std(0) + 0.005 * np.abs(all_codes).max(0)).all())
