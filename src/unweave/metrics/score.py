"""Score of a metric: one number with its error, interval, floors and parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unweave.settings import keywords

NAN = math.nan
# between a metric and the block of a code that was scored alone, in the names of kept scores
OF = " of "


@dataclass(frozen=True)
class Score:
    """One measured number and what is needed to trust it.

    value: the score; NaN where it is undefined, and then `reason` states why. It lies in its
        interval.
    error: standard error over tables of as many rows, scored with the same seed. low, high: the 95
        % interval. Where the metric declares that bias is corrected, `value` is less that bias, the
        part "plug-in" is what was measured, and the interval is about the value at very many rows;
        half of the correction counts as uncertain. Else, and under the protocols of other code
        bases, it is about the mean of this estimator at that number of rows.
    null: what the same codes score when the rows of the factors are permuted. rotated: after a
        random rotation of the codes. ceiling: what the factor table itself scores as a code. All
        three are corrected if `value` is, by two halves of the rows in place of 20 blocks, which
        costs less and differs by less than the error.
    bias: estimated bias of what was measured, by the jackknife. Whatever is NaN was not measured.
    n: rows used. estimator, protocol, seed: how it was computed; the estimator names the seed where
        rows were drawn by it, and only then does the order of the rows matter. reason: what is
        undefined or left out, and why.
    parts: the pieces, per factor, per latent; `intervals` holds error, low, high, floors and bias
        of the scalar ones.
    kinds: what each factor was taken for, "categorical", "ordered" or "continuous", as declared or
        as judged by `unweave.metrics.tables.kinds`; "" of one that never varies. Where a judgement
        is doubtful, `reason` says so.
    matrix: what lies behind the score, (D, K), for a heat map.
    """

    value: float
    error: float = NAN
    low: float = NAN
    high: float = NAN
    null: float = NAN
    rotated: float = NAN
    ceiling: float = NAN
    n: int = 0
    estimator: str = ""
    protocol: str = "unweave"
    seed: int = 0
    reason: str = ""
    parts: dict[str, Any] = field(default_factory=dict)
    matrix: np.ndarray | None = None
    bias: float = NAN
    kinds: tuple[str, ...] = ()

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        """The value with the digits that its error supports, two if the error is not known.

        >>> print(Score(0.45822, error=0.0123), Score(0.45822, error=0.04), Score(0.45822))
        0.458 ± 0.012 0.46 ± 0.04 0.46
        >>> print(Score(float("nan"), reason="one latent: no runner-up"))
        nan (one latent: no runner-up)
        """
        if math.isnan(self.value) and self.reason:
            return f"nan ({self.reason})"
        if math.isnan(self.value):
            return "nan"
        if not math.isfinite(self.error) or self.error <= 0:
            return f"{self.value:z.2f}"
        digits = _digits(self.error)
        return f"{self.value:z.{digits}f} ± {self.error:.{digits}f}"

    def to_dict(self) -> dict[str, Any]:
        """Every field, ready for JSON: arrays are lists, and NaN or infinity is None."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Score:
        """A score from what its `to_dict` gave: None is NaN again, and a list of numbers is an
        array.

        Fields that this version does not know are left out, and those that an older one did not
        write are not measured. ValueError for a value of another type.

        >>> Score.from_dict({"value": 0.5, "error": None, "parts": {"gap": [0.1, None]}}).parts
        {'gap': array([0.1, nan])}
        """
        known = keywords(cls)
        given = {name: _whole(value) for name, value in plain.items() if name in known}
        # fields that have no number in them
        for name in ("matrix", "kinds"):
            if name in given:
                given[name] = plain[name]
        if given.get("matrix") is not None:
            given["matrix"] = np.array(given["matrix"], dtype=float)
        return cls(**{name: known[name].check(value) for name, value in given.items()})


def _digits(error: float) -> int:
    """Decimals worth showing: one significant digit of the error, two where that digit is 1."""
    leading = math.floor(math.log10(error))
    digits = -leading
    if error / 10**leading < 2:
        digits += 1
    return min(6, max(0, digits))


def _plain(value: Any) -> Any:
    """A value as JSON has it: arrays as lists, numbers of numpy as Python's, NaN and infinity as
    None.
    """
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return value + 0.0  # -0.0 + 0.0 is 0.0
    return value


def _whole(value: Any) -> Any:
    """The inverse of `_plain`, but for infinity, which comes back as NaN, and tuples, which come
    back as lists.
    """
    if value is None:
        return NAN
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    inner = [_whole(one) for one in value]
    numbers = all(isinstance(one, (int, float, np.ndarray)) for one in inner)
    rectangular = len({np.shape(one) for one in inner}) <= 1
    if not numbers or not rectangular:
        return inner
    return np.array(inner)
