"""Checks of a user's arrays: finite numbers of the right rank and length, or a ValueError of one
line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unweave.metrics.tables.numbers import unmasked, with_gaps
from unweave.tensors import plain

LARGEST_LOG_VAR = 1400.0  # exp(700) is a deviation that float64 can represent
WEIGHTLESS = 1e-15  # share of the largest weight below which a weight is 0
FEW = 20.0  # rows in effect below which a score carries a note


def check_codes(codes: Any, name: str = "codes") -> np.ndarray:
    """Codes as floats (N, D) or (N, D, d); ValueError unless they are finite and of that rank."""
    z = unmasked(codes, name)
    if z.dtype.kind not in "biuf":
        raise ValueError(f"{name} hold {z.dtype}, not numbers; give an array (N, D) of numbers")
    if z.ndim not in (2, 3) or 0 in z.shape:
        expected = "expected rows and latents (N, D), or (N, D, d) for vector codes"
        raise ValueError(f"{name} have shape {z.shape}; {expected}")
    if z.dtype not in (np.float32, np.float64):
        z = z.astype(np.float64)
    if not np.isfinite(z).all():
        row, latent = np.argwhere(~np.isfinite(z))[0][:2]
        count = int((~np.isfinite(z)).sum())
        first = f"first at row {row}, latent {latent}"
        raise ValueError(
            f"{name} hold {count} values that are NaN or infinite ({first}); leave out those rows"
        )
    return z


def check_factors(factors: Any, n: int, name: str = "factors") -> np.ndarray:
    """Factors (N, K), or (N,) for one, as float64 (N, K), NaN where unknown; ValueError for what
    they cannot be.
    """
    v = with_gaps(factors, name)
    if len(v) != n:
        raise ValueError(
            f"codes have {n} rows and {name} have {len(v)}; they have to be of the same images, "
            "row by row"
        )
    if np.isinf(v).any():
        row, column = np.argwhere(np.isinf(v))[0]
        first = f"first at row {row}, factor {column}"
        raise ValueError(f"{name} hold infinity ({first}); give NaN where a value is unknown")
    return v


def check_like(array: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A finite array of exactly this shape; ValueError otherwise."""
    a = unmasked(array, name)
    if a.dtype.kind not in "biuf" or a.shape != shape:
        expected = f"expected numbers of shape {shape}, like the codes"
        raise ValueError(f"{name} has shape {a.shape} ({a.dtype}); {expected}")
    if not np.isfinite(a).all():
        raise ValueError(f"{name} holds NaN or infinity; it has to be finite")
    return a.astype(np.float64)


def check_log_var(log_var: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Log variances of exactly this shape, of deviations that float64 can represent; ValueError
    otherwise.
    """
    a = check_like(log_var, "log_var", shape)
    largest = float(np.abs(a).max(initial=0))
    if largest > LARGEST_LOG_VAR:
        raise ValueError(
            f"log_var reaches {largest:.3g} in size, and no float64 holds a deviation of "
            f"exp({largest / 2:.3g}) or its inverse; are these logarithms of variances?"
        )
    return a


def check_test(test: Any, z: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test codes and factors with the columns of z and v; ValueError otherwise."""
    if not isinstance(test, (tuple, list)) or len(test) != 2:
        raise ValueError(f"test is a {type(test).__name__}; it has to be a pair (codes, factors)")
    test_z = check_codes(test[0], "test codes")
    test_v = np.empty((len(test_z), 0))
    if v.shape[1]:
        test_v = check_factors(test[1], len(test_z), "test factors")
    for name, a, b in (("codes", z, test_z), ("factors", v, test_v)):
        if a.shape[1:] != b.shape[1:]:
            shapes = f"test {name} have shape {b.shape} and {name} {a.shape}"
            raise ValueError(f"{shapes}; they have to have the same columns")
    return test_z, test_v


def check_active(active: Any, d: int) -> np.ndarray:
    """Indices of the latents that count."""
    if active is None:
        return np.arange(d)
    a = np.asarray(plain(active))
    if a.dtype == bool and a.shape == (d,):
        return np.flatnonzero(a)
    if a.ndim == 1 and a.dtype.kind in "iu" and (a.size == 0 or (a.min() >= 0 and a.max() < d)):
        if len(np.unique(a)) < len(a):
            raise ValueError(
                f"active names a latent twice ({a.tolist()}); give {d} booleans, or each index once"
            )
        return np.sort(a)
    raise ValueError(
        f"active has shape {a.shape} ({a.dtype}); expected {d} booleans or indices below {d}"
    )


def check_weights(weights: Any, n: int) -> np.ndarray:
    """Weights of the rows, (N,), of which the largest is 1; ValueError if one is negative or all
    are 0.

    One that is below the rounding error of the largest is 0.
    """
    w = check_like(weights, "weights", (n,))
    if (w < 0).any() or not w.any():
        raise ValueError("weights have to be at least 0, and not all 0")
    w = w / w.max()
    return np.where(w > WEIGHTLESS, w, 0.0)


def weighty(weights: np.ndarray | None) -> tuple[str, ...]:
    """A note on weights (N,) that leave fewer than 20 rows in effect (Kish's number)."""
    if weights is None:
        return ()
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    if effective >= FEW:
        return ()
    return (f"the weights make {len(weights)} rows count as {effective:.1f}",)


def live_latents(
    z: np.ndarray, active: np.ndarray, protocol: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Latents that count and vary, and notes on the others; disentanglement_lib counts dead latents
    too.
    """
    flat = z.reshape(len(z), z.shape[1], -1)  # (N, D, d), d = 1 for scalar latents
    spread = np.ptp(flat, axis=0).max(-1)  # (D,)
    # a spread of the size of rounding errors is none
    dead = spread <= 1e-12 * np.abs(flat).max((0, 2))
    if protocol.startswith("dlib"):
        dead[:] = dead.all()
    notes = []
    if dead[active].any():
        notes.append(f"latents {_names(active[dead[active]])} never vary")
    if len(active) < z.shape[1]:
        notes.append(f"{z.shape[1] - len(active)} latents are not active")
    return active[~dead[active]], tuple(notes)


def varying_factors(v: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Factors with at least two known values, and notes on the others."""
    constant = np.array([len(np.unique(column[~np.isnan(column)])) < 2 for column in v.T], bool)
    if not constant.any():
        return np.arange(len(constant)), ()
    return np.flatnonzero(~constant), (unvarying(np.flatnonzero(constant)),)


def unvarying(factors: Sequence[int] | np.ndarray, names: Sequence[str] = ()) -> str:
    """The note on factors that never vary, by their names where these are known.

    >>> unvarying([0, 2]), unvarying([0, 2], ["shape", "size", "angle"])
    ('factors 0, 2 never vary', 'factors shape, angle never vary')
    """
    shown: Sequence[int | str] = [int(k) for k in factors]
    if names:
        shown = [names[k] for k in factors]
    return f"factors {_names(shown)} never vary"


def _names(columns: Sequence[int | str] | np.ndarray) -> str:
    return ", ".join(map(str, columns))
