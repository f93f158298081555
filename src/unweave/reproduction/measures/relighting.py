"""Relighting with `graph-vae` on `faces`: how well the light is inferred, and how well changed.

All on the rows that were held out, for a variable that both angles of the light label.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.convert.scale import to_unit
from unweave.data.render.faces import light
from unweave.maths.label_scale import centre_and_deviation
from unweave.methods.graph_vae import GraphVAE
from unweave.runs.opening import parted
from unweave.runs.run import Run
from unweave.seeds import fold

FACTORS = ("light_azimuth", "light_elevation")


def error(run: Run, *, variable: str = "l") -> float:
    """Mean angle between the light that is inferred from an image and the true one, in degrees."""
    _, held = _parts(run)
    code = run.encode(held.take(np.arange(len(held))))[:, run.blocks[variable].columns]
    centre, deviation = _scale(held)
    return _angle(held, code * deviation + centre, _indices(held))


def psnr(run: Run, *, variable: str = "l") -> float:
    """Mean PSNR, dB, of held-out images under another, random light, to the rendered truth.

    The variable alone is set; the identity is that which is inferred from the image.
    """
    _, held = _parts(run)
    towards, truth = _other_light(held)
    return _psnr(run.decode(_relit(run, held, towards, variable)), truth)


def mean_image_psnr(run: Run) -> float:
    """The same PSNR of the mean of the training images of the true identity."""
    seen, held = _parts(run)
    _, truth = _other_light(held)
    assert seen.y is not None
    assert held.y is not None
    images = _images(seen)
    means = np.stack([images[seen.y == who].mean(0) for who in range(len(seen.class_names))])
    return _psnr(means[held.y], truth)


def moved(run: Run, *, of: str, variable: str = "l") -> float:
    """Root mean square change of the block `of` by another light, in deviations of its columns."""
    _, held = _parts(run)
    towards, _ = _other_light(held)
    before = run.encode(held.take(np.arange(len(held))))
    after = _relit(run, held, towards, variable)
    columns = run.blocks[of].columns
    spread = before[:, columns].std(0) + 1e-6  # (columns,)
    change = (after - before)[:, columns] / spread
    return float(np.sqrt((change**2).mean()))


def _relit(
    run: Run, data: Dataset, towards: NDArray[np.float64], variable: str
) -> NDArray[np.float32]:
    """Codes (N, D) of all rows with the light at the indices `towards` (N, 2)."""
    centre, deviation = _scale(data)
    values = torch.tensor((towards - centre) / deviation, dtype=torch.float32, device=run.device)
    x = torch.from_numpy(_images(data)).to(run.device)
    found: NDArray[np.float32] = _method(run).intervene(x, {variable: values}).cpu().numpy()
    return found


def _parts(run: Run) -> tuple[Dataset, Dataset]:
    seen, held = parted(run.data, run.config.loop)
    if held is None:
        raise ValueError(f"{run.path} has no held-out rows: train with holdout")
    return seen, held


def _method(run: Run) -> GraphVAE:
    if not isinstance(run.method, GraphVAE):
        raise ValueError(
            f"{run.path} is a run of {run.config.method.name}; intervening needs graph-vae"
        )
    return run.method.eval()


def _images(data: Dataset) -> NDArray[np.float32]:
    return to_unit(data.take(np.arange(len(data))), np.float32)


def _columns(data: Dataset) -> list[int]:
    return [data.factor_names.index(name) for name in FACTORS]


def _indices(data: Dataset) -> NDArray[np.float64]:
    """The indices of azimuth and elevation, (N, 2)."""
    return np.asarray(data.factors_at(np.arange(len(data)))[:, _columns(data)], dtype=np.float64)


def _scale(data: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sizes = torch.tensor([data.factor_sizes[k] for k in _columns(data)], dtype=torch.float64)
    centre, deviation = centre_and_deviation(sizes)
    return centre.numpy(), deviation.numpy()


def _other_light(data: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Indices (N, 2) of a random other light for each row, and the true images (N, C, H, W)."""
    rng = np.random.default_rng(fold(0, "another light"))
    columns = _columns(data)
    v = np.asarray(data.factors_at(np.arange(len(data))), dtype=np.int64)
    v[:, columns] = v[rng.permutation(len(v))][:, columns]
    return v[:, columns].astype(np.float64), to_unit(data.images(v), np.float32)


def _angle(data: Dataset, read: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Mean angle, degrees, between the directions of two tables (N, 2) of indices."""
    directions = []
    for indices in (read, true):
        angles = []
        for k, index in zip(_columns(data), indices.T, strict=True):
            values = np.asarray(data.factor_values[k], dtype=np.float64)
            angles.append(values[0] + index * (values[1] - values[0]))
        directions.append(light(*angles))  # unit vectors (N, 3)
    cosine = (directions[0] * directions[1]).sum(1).clip(-1, 1)
    return float(np.rad2deg(np.arccos(cosine)).mean())


def _psnr(images: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Mean over images of the peak signal-to-noise ratio, dB."""
    squared = ((images - truth) ** 2).reshape(len(truth), -1).mean(1)  # (N,)
    return float((-10 * np.log10(squared)).mean())
