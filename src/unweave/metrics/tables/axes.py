"""Codes as numbers along axes: vector latents along their principal axis, and rotations of the axes
of a code.
"""

from __future__ import annotations

import numpy as np

from unweave.seeds import fold

WIDE = 512  # latents from which a uniform rotation, which takes D^3 steps, costs more than all else


def principal_axes(z: np.ndarray) -> np.ndarray | None:
    """For vector codes (N, D, d) the first principal axis of each latent, (D, d); None for scalar
    codes.
    """
    if z.ndim == 2:
        return None
    centred = (z - z.mean(0)).astype(np.float64)
    # in units of a power of two for each latent, so that squares of codes of size 1e200 stay
    # within float64
    exponent = np.frexp(np.abs(centred).max((0, 2)))[1]
    centred = np.ldexp(centred, -exponent[:, None])
    # (D, d, d): scatter matrices, whose first singular vector is the axis
    scatter = np.einsum("nde,ndf->def", centred, centred)
    return np.linalg.svd(scatter)[0][:, :, 0]


def in_double(z: np.ndarray, protocol: str) -> np.ndarray:
    """Codes as float64; as they are under protocol dlib, whose edges of bins are of the codes' own
    precision.
    """
    if protocol.startswith("dlib"):
        return z
    return z.astype(np.float64, copy=False)


def flatten(z: np.ndarray, axes: np.ndarray | None) -> np.ndarray:
    """Vector codes (N, D, d) as (N, D), each latent's coordinate along its axis; scalar codes as
    they are.
    """
    if axes is None:
        return z
    return np.einsum("nde,de->nd", z, axes)


def flatten_log_var(log_var: np.ndarray, axes: np.ndarray | None) -> np.ndarray:
    """Log variances (N, D, d) of vector codes as (N, D): of each latent along its axis; of scalar
    codes as they are.
    """
    if axes is None:
        return log_var
    # the variance along a unit vector a is the sum over e of a_e^2 var_e
    return np.log(np.einsum("nde,de->nd", np.exp(log_var), axes**2))


def random_rotation(d: int, seed: int) -> np.ndarray:
    """An orthogonal matrix (d, d), uniform over all."""
    q, r = np.linalg.qr(np.random.default_rng(fold(seed, "rotation")).standard_normal((d, d)))
    # uniform only if the signs of the diagonal of R are fixed (Mezzadri, 2007)
    return q * np.sign(np.diag(r))


def rotated(*tables: np.ndarray, seed: int) -> list[np.ndarray]:
    """Tables of codes (N, D) after the same random rotation, uniform over all up to 512 latents.

    Of more, each of three rounds takes random signs and a cosine transform, which mixes all latents
    in N D log D steps.

    >>> z = np.eye(600)
    >>> print(np.abs(rotated(z, seed=0)[0] @ rotated(z, seed=0)[0].T - z).max() < 1e-12)
    True
    """
    d = tables[0].shape[1]
    if d <= WIDE:
        turn = random_rotation(d, seed)
        return [z @ turn for z in tables]
    from scipy.fft import dct

    found = [np.asarray(z, np.float64) for z in tables]
    rng = np.random.default_rng(fold(seed, "signs of a rotation"))
    for sign in rng.choice([-1.0, 1.0], (3, d)):
        found = [dct(z * sign, norm="ortho", axis=1, overwrite_x=True) for z in found]
    return found
