"""Parser of what an encoder returns: codes of images, with their log variances where it has them.

This is the only file that knows the forms in which other libraries return codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.evaluation.encoder_parts import fields_of, kind_of_value, shown
from unweave.tensors import is_array, plain

Codes = NDArray[np.float64]
Posterior = tuple[Codes, Codes | None]  # mean, log variance

# Names of fields, in lower case and without underscores. A mean goes before a code: beside a mean,
# z is a sample.
MEANS = {"mean", "means", "mu", "loc", "zmean", "zmu"}
CODES = {"z", "code", "codes", "latent", "latents", "embedding", "embeddings"}
LOG_VARS = {"logvar", "logvars", "logvariance", "zlogvar", "zlogvariance"}
EXPECTED = (
    "expected codes of shape (n, D), (n, 1) for a single latent, as an array or tensor, "
    "(mean, log_var), a distribution, or a dict in which one entry has that shape "
    "or is named mean, mu, loc, z, codes or latents"
)


class NotCodes(ValueError):
    """What an encoder gave is no code."""


def read(given: Any, n: int) -> Posterior:
    """Codes (n, D), or (n, D, d) for vector codes, and their log variances or None.

    n: the images that were encoded. NotCodes, which says what was given and what is expected, for
    anything else: also for another number of rows, and for NaN.
    """
    found = _posterior(given, n)
    if found is None:
        raise NotCodes(f"the encoder gave {shown(given)} for {n} images; {EXPECTED}")
    mean, log_var = found
    for name, array in (("codes", mean), ("log variances", log_var)):
        if array is not None and not np.isfinite(array).all():
            bad = ~np.isfinite(array).reshape(n, -1).all(1)  # (n,)
            raise NotCodes(
                f"the encoder gave {name} that are NaN or infinite for {bad.sum()} of {n} images; "
                "expected finite numbers"
            )
    return mean, log_var


def _posterior(given: Any, n: int) -> Posterior | None:
    """Mean and log variance in anything that has them.

    None if it has not, or if they could be several.
    """
    if is_array(given):
        return _alone(_codes(given, n))
    fields = fields_of(given)
    if fields is not None:
        return _named(fields, n)
    if isinstance(given, (tuple, list)):
        return _sequence(given, n)
    if isinstance(given, type):
        return None
    if _has_mean(given):
        return _distribution(given, n)
    if hasattr(given, "__dict__"):
        return _named(vars(given), n)
    return None


def _alone(codes: Codes | None) -> Posterior | None:
    if codes is None:
        return None
    return codes, None


def _named(fields: Mapping[str, Any], n: int) -> Posterior | None:
    """The part that is named as a mean, else as a code, else the only one of the shape of codes."""
    fields = {name: value for name, value in fields.items() if value is not None}
    # of the parts that are no log variance: those named as means, else as codes, else by shape
    log_vars = [value for name, value in fields.items() if _spelled(name) in LOG_VARS]
    others = {name: value for name, value in fields.items() if _spelled(name) not in LOG_VARS}
    for names in (MEANS, CODES):
        found = [value for name, value in others.items() if _spelled(name) in names]
        if found:
            break
    else:
        found = [value for value in others.values() if _posterior_of_part(value, n) is not None]
    if len(found) != 1 or len(log_vars) > 1:
        return None
    part = _posterior_of_part(found[0], n)
    if part is None or not log_vars:
        return part
    return _pair(part[0], log_vars[0], n)


def _spelled(name: str) -> str:
    return name.lower().replace("_", "")


def _posterior_of_part(given: Any, n: int) -> Posterior | None:
    """The codes in a part of a dict: an array or a distribution, nothing that has parts itself."""
    if is_array(given):
        return _alone(_codes(given, n))
    if _has_mean(given):
        return _distribution(given, n)
    return None


def _has_mean(given: Any) -> bool:
    """Whether there is a mean, even one that is not implemented: its parts are not its codes then."""
    try:
        return hasattr(given, "mean")
    except NotImplementedError:  # torch, of a distribution whose mean has no formula
        return True


def _sequence(given: tuple[Any, ...] | list[Any], n: int) -> Posterior | None:
    """A pair (mean, log variance), a single part, or a list of one code for each image."""
    if len(given) == 2 and isinstance(given, tuple) and given[1] is None:
        return _posterior(given[0], n)
    if len(given) == 2 and all(is_array(part) for part in given):
        mean = _codes(given[0], n)
        matrices = mean is not None and np.ndim(plain(given[0])) > 1
        if mean is not None and (matrices or isinstance(given, tuple)):
            return _pair(mean, given[1], n)
    if len(given) == 1 and n != 1:
        return _posterior(given[0], n)
    if isinstance(given, tuple):
        return None
    return _alone(_codes(given, n))


def _pair(mean: Codes, log_var: Any, n: int) -> Posterior | None:
    """Mean and log variance of the same shape."""
    if not is_array(log_var):
        return None
    found = _codes(log_var, n)
    if found is None or found.shape != mean.shape:
        return None
    return mean, found


def _distribution(given: Any, n: int) -> Posterior | None:
    """The mean of a distribution, with the log variance of a normal one."""
    mean = _value(given, "mean")
    if not is_array(mean):
        return None
    codes = _codes(mean, n)
    if codes is None:
        return None
    for name in ("log_var", "logvar"):
        if is_array(getattr(given, name, None)):
            return _pair(codes, getattr(given, name), n)
    base = getattr(given, "base_dist", getattr(given, "distribution", given))
    if type(base).__name__ != "Normal":
        return codes, None
    variance = _codes(_value(given, "variance"), n)
    if variance is None or not (variance > 0).all():
        return codes, None
    return codes, np.log(variance)


def _value(given: Any, name: str) -> Any:
    """An attribute, or what it returns: in some libraries it is a method, in others a property.

    None where the library has no such value (NotImplementedError).
    """
    try:
        found = getattr(given, name, None)
        if callable(found) and not is_array(found):
            return found()
    except NotImplementedError:
        return None
    return found


def _codes(given: Any, n: int) -> Codes | None:
    """An array as codes (n, D) or (n, D, d); None if its shape or its type is another.

    Maps of one pixel, (n, D, 1, 1) or (n, 1, 1, D), are codes too. (n,) is none: it may be a loss
    or a class of each image.
    """
    try:
        array = plain(np.asanyarray(plain(given)))
    except Exception as error:
        if not is_array(given):
            return None  # a list whose rows differ
        reason = str(error).partition("\n")[0]
        raise NotCodes(
            f"the encoder gave {kind_of_value(given)} that cannot be read as an array: {reason}"
        ) from error
    if array.dtype.kind not in "biuf" or np.ma.is_masked(array) or array.size == 0:
        return None
    if array.ndim == 1 and n == 1:
        array = array[None]  # (D,) -> (1, D)
    # maps of one pixel: (n, D, 1, 1) -> (n, D)
    if array.ndim > 3 and max(array.shape[1:]) == array[0].size:
        array = array.reshape(len(array), -1)
    if array.ndim not in (2, 3) or len(array) != n:
        return None
    return array.astype(np.float64)
