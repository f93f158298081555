"""scikit-learn transformer for every method: images or vectors to codes."""

from __future__ import annotations

import tempfile
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from unweave.data.convert.layout import Layout, channels_of, refuse_single
from unweave.data.convert.ones import as_stored
from unweave.data.convert.scale import scale_of, unmasked
from unweave.data.images import ImageData
from unweave.methods.spec import STEPS
from unweave.runs.run import Run
from unweave.runs.train import train
from unweave.tensors import plain

RANKS = {"vectors": 2, "plane": 3, "channels first": 4, "channels last": 4}


class Disentangler(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A method of `unweave list methods` behind `fit`, `transform` and `inverse_transform`.

    X: vectors (n, d), best scaled to unit variance; or images (n, h, w), (n, h, w, c) or (n, c, h,
    w) with c 1, 3 or 4, stored in 8 bits: floats or whole numbers, whose black and white
    `unweave.data.convert.scale` determines in `fit`, for all later calls. y is ignored: methods
    that learn from labels or groups need more than a table, see `unweave.train`.

    Args:
        method: a name, a class or "module:Class". steps, batch_size, seed, precision, device: as in
            `unweave.train`.
        layout: of images of rank 4, where the channels are: "hwc", "chw", or "auto", the rule of
            `unweave.data.convert.layout`, which refuses what it cannot decide.
        out: the folder for the run's folder; with None the model is in memory only.
        settings: of the method and its parts: beta=6, regulariser="density-ratio",
            regulariser__gamma=35. They are checked by `fit`, and can be set and searched over like
            any other parameter.

    Attributes:
        run_: the `unweave.Run`. layout_: how X was laid out, a key of `RANKS`. n_features_in_:
            length of X's second axis.

    >>> from sklearn.datasets import load_digits
    >>> images = load_digits().images / 16
    >>> model = Disentangler("vae", steps=2, latents=4, encoder="mlp", decoder="mlp").fit(images)
    >>> model.transform(images).shape, model.inverse_transform(model.transform(images)).shape
    ((1797, 4), (1797, 8, 8))
    """

    def __init__(
        self,
        method: Any = "beta-vae",
        *,
        steps: Any = STEPS,
        batch_size: Any = 64,
        seed: Any = 0,
        precision: Any = "auto",
        device: Any = "auto",
        layout: Any = "auto",
        out: Any = None,
        **settings: Any,
    ):
        self.method = method
        self.steps = steps
        self.batch_size = batch_size
        self.seed = seed
        self.precision = precision
        self.device = device
        self.layout = layout
        self.out = out
        self.settings = settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, with the settings of the method."""
        return super().get_params(deep) | self.settings

    def set_params(self, **params: Any) -> Disentangler:
        """Change parameters; names that are not the constructor's are settings of the method."""
        names = self._get_param_names()
        own = {name: value for name, value in params.items() if name in names}
        settings = {name: value for name, value in params.items() if name not in names}
        self.settings = self.settings | settings
        return super().set_params(**own)

    def fit(self, X: Any, y: Any = None) -> Disentangler:
        """Train on X.

        ValueError for unknown settings, values out of range and arrays that are no images or
        vectors.
        """
        X = validate_data(self, unmasked(plain(X), "X"), allow_nd=True, ensure_min_samples=2)
        self.layout_ = _layout(X, self.layout)
        with tempfile.TemporaryDirectory() as temporary:
            out = temporary if self.out is None else self.out
            self.run_: Run = train(
                self.method,
                _data(_arranged(X, self.layout_)),
                steps=self.steps,
                batch_size=self.batch_size,
                seed=self.seed,
                precision=self.precision,
                device=self.device,
                out=out,
                **self.settings,
            )
        self._n_features_out = self.run_.encode(self.run_.data.take([0])).shape[1]
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Posterior means (n, D).

        Floats have the scale of the fitted floats, or [0, 1] if none were fitted.
        """
        X = self._checked(X)
        return self.run_.encode(X)

    def inverse_transform(self, X: Any) -> NDArray[np.float32]:
        """Codes (n, D) to vectors, or to images in [0, 1] in the layout of the fitted ones."""
        check_is_fitted(self)
        codes = np.asarray(plain(X), dtype=np.float32)
        if codes.ndim != 2 or codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"codes have shape {codes.shape}; expected (n, {self._n_features_out})"
            )
        found = self.run_.decode(codes)  # (n, F) or (n, c, h, w)
        if self.layout_ == "plane":
            return found[:, 0]
        if self.layout_ == "channels last":
            return found.transpose(0, 2, 3, 1)
        return found

    def score(self, X: Any, y: Any = None) -> float:
        """The mean over X of a lower bound of log p(x), nats per image; higher is better."""
        X = self._checked(X)
        return float(self.run_.elbo(X).mean())

    def _checked(self, X: Any) -> NDArray[np.generic]:
        check_is_fitted(self)
        X = validate_data(self, unmasked(plain(X), "X"), allow_nd=True, reset=False)
        if X.ndim != RANKS[self.layout_]:
            raise ValueError(f"X has shape {X.shape}; this model was fitted on {self.layout_}")
        return _arranged(X, self.layout_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _layout(X: NDArray[Any], layout: Any) -> str:
    """The layout of an array, a key of `RANKS`.

    ValueError if it is none, or if its channels may be on either side.
    """
    if X.ndim not in (2, 3, 4):
        raise ValueError(
            f"X has shape {X.shape}; expected vectors (n, d) or images (n, h, w), (n, h, w, "
            "c) or (n, c, h, w)"
        )
    if layout not in get_args(Layout):
        raise ValueError(f"layout is {layout!r}; expected {', '.join(get_args(Layout))}")
    if X.ndim == 2:
        return "vectors"
    if X.ndim == 3:
        refuse_single(X, "X")
        return "plane"
    return {"chw": "channels first", "hwc": "channels last"}[channels_of(X.shape, layout, "X")]


def _arranged(X: NDArray[Any], layout: str) -> NDArray[Any]:
    """Float32 vectors (n, d), or images (n, c, h, w) of unchanged type."""
    if layout == "vectors":
        return X.astype(np.float32)
    if layout == "plane":
        return X[:, None]
    if layout == "channels last":
        return X.transpose(0, 3, 1, 2)
    return X


def _data(X: NDArray[Any]) -> ImageData:
    """Arranged vectors or images as the data set to train on."""
    if X.ndim == 2:
        return ImageData(X, name="X")
    scale = scale_of(X, "X")
    # the range of later floats, if the fitted images are whole numbers
    floats = scale.floats or (0, 1)
    # bytes in a file stay there, as by `load`
    images, ones_are_white = as_stored(X, scale)  # uint8 (n, c, h, w)
    return ImageData(
        images, name="X", white=scale.depth, floats=floats, ones_are_white=ones_are_white
    )
