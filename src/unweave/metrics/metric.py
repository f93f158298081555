"""A metric in its public form: arrays are checked and made a table, which is measured, and measured
again for its error.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from unweave.metrics.calibration import Band, Calibration, ErrorPlan, calibrate, uncalibrated
from unweave.metrics.declares import GROUPED, Declares
from unweave.metrics.measured import Measured
from unweave.metrics.replicates import numbers
from unweave.metrics.returned import refuse_unmeasured
from unweave.metrics.score import NAN, Score
from unweave.metrics.tables.any_table import AnyTable
from unweave.metrics.tables.arguments import check_how, check_options
from unweave.metrics.tables.groups import Groups
from unweave.metrics.tables.swapped import SWAPPED, look_swapped
from unweave.metrics.tabulated import table_of_groups, table_of_rows
from unweave.settings import as_option

UNDEFINED = "undefined: no finite number comes out of these rows"


class Metric:
    """A metric in its public form: call it on arrays, or `score` it on a table that several metrics
    share.
    """

    def __init__(self, measure: Callable[..., Measured], declares: Declares) -> None:
        functools.update_wrapper(self, measure)
        self.name: str = measure.__name__
        self.measure = measure
        self.declares = declares

    def __repr__(self) -> str:
        return f"<metric {self.name}>"

    def __call__(
        self,
        codes: Any,
        factors: Any = None,
        *,
        test: Any = None,
        log_var: Any = None,
        active: Any = None,
        weights: Any = None,
        reference: Any = None,
        protocol: str = "unweave",
        seed: int = 0,
        calibrate: bool = False,
        kinds: Any = None,
        **options: Any,
    ) -> Score:
        """Score codes against factors.

        codes: (N, D), or (N, D, d) where a latent is a vector; or `Groups` for metrics of groups.
        factors: (N, K) indices or values, NaN where unknown; (N,) if there is one.
        test: (codes, factors) to test what was fitted; without it a seeded third of the rows. For
            groups: `Groups`.
        log_var: (N, D) of the posteriors. active: which latents count, (D,) bool or indices; all by
            default.
        weights: (N,) of the rows; only their ratios matter. reference: codes (N, D) that give
            groups the scale of each latent. protocol: whose conventions. seed: of splits,
            permutations and fits.
        calibrate: also error, null, rotated and ceiling of metrics that fit models.
        kinds: of the factors: "categorical" (every value a level), "ordered" (a grid) or
            "continuous" (binned), one for all, K of them (None: judge by the values), or {column:
            kind}. The score says which were assumed.

        Every argument is used or refused; factors and log_var that a metric does not read are named
        in the reason. Raises ValueError for arrays that cannot be scored (NaN in codes, lengths
        that differ, text as factors, ...), an option that is unknown or out of range, and an
        argument that this metric has no use for.
        """
        check_how(protocol, seed, calibrate)
        given = {
            "factors": factors,
            "test": test,
            "log_var": log_var,
            "weights": weights,
            "kinds": kinds,
            "reference": reference,
        }
        if isinstance(codes, Groups):
            table: AnyTable = table_of_groups(
                self.name, self.declares, codes, given, protocol, int(seed), active
            )
        else:
            table = table_of_rows(
                self.name, self.declares, codes, given, protocol, int(seed), active
            )
            if look_swapped(table, declared=kinds is not None):
                warnings.warn(SWAPPED, stacklevel=2)
        return self.score(table, calibrate=calibrate, **options)

    def score(self, table: AnyTable, *, calibrate: bool = False, **options: Any) -> Score:
        """Score a table that was checked already; what is costly (bins, fits) stays in it for the
        next metric.
        """
        options = check_options(self.name, self.measure, options)
        if table.protocol not in self.declares.protocols:
            known = ", ".join(self.declares.protocols)
            raise ValueError(
                f"{self.name} is not defined under protocol {table.protocol!r}; it has {known}"
            )
        table = self._as_read(table)
        nothing_to_measure = table.undefined()
        if nothing_to_measure:
            return Score(
                NAN, n=table.n, protocol=table.protocol, seed=table.seed, reason=nothing_to_measure
            )
        measure = functools.partial(self.measure, **options)
        found = measure(table)
        refuse_unmeasured(found, self.measure, table)
        calibration = self._calibrate(measure, table, found, calibrate)
        # error, interval and floors of the scalar parts, cut to the range of each
        bands = {
            name: self._cut(name, part)
            for name, part in calibration.parts.items()
            if name not in self.declares.errorless
        }
        # the value of each scalar part, and its error, interval, floors and bias apart
        parts: dict[str, Any] = dict(found.pieces)
        for name, band in bands.items():
            parts[name] = band.pop("value")
        estimator = found.estimator
        if calibration.corrected:
            parts["plug-in"] = found.value
            estimator += f", less its bias over blocks drawn by seed {table.seed}"
        parts |= table.put_back(found.latents, found.factors)
        if bands:
            parts["intervals"] = bands
        reason = found.reason
        if not reason and math.isnan(found.value):
            reason = UNDEFINED
        reasons = (*table.notes, reason, calibration.reason)
        return Score(
            **self._cut("", calibration.value),
            n=found.n or table.n,
            estimator=estimator,
            protocol=table.protocol,
            seed=table.seed,
            reason="; ".join(note for note in reasons if note),
            parts=parts,
            matrix=table.put_back_matrix(found.matrix),
            kinds=table.kinds_given(),
        )

    def _as_read(self, table: AnyTable) -> AnyTable:
        """The table as this metric reads it: the latents that count, and groups or codes alone
        where it reads those.
        """
        if not self.declares.silent:
            table = table.audible()
        if self.declares.tables == "codes":
            table = table.without_factors()
        if self.declares.tables not in GROUPED or table.undefined():
            return table
        return table.grouped(pairs=self.declares.tables == "pairs")

    def _calibrate(
        self, measure: Callable[..., Measured], table: AnyTable, found: Measured, wanted: bool
    ) -> Calibration:
        """Error and floors as far as the metric's cost allows them without `calibrate=True`
        (`wanted`).
        """
        if np.isnan(numbers(found)).all():
            return uncalibrated(found, "")
        plan = self.plan(found)
        if plan.cost == "fit" and not wanted:
            missing = "error, "
            if plan.no_error:
                missing = f"{plan.no_error}; "
            how = as_option("calibrate")
            missing += f"null, rotated and ceiling need more fits: ask with {how}"
            return uncalibrated(found, missing)
        return calibrate(measure, table, found, plan)

    def plan(self, found: Measured) -> ErrorPlan:
        """How the error of a measured value is found: as declared, but by halves where an option
        made it costly.
        """
        if found.cheap:
            declares = self.declares
            return ErrorPlan(
                declares.cost,
                declares.error,
                declares.corrected,
                declares.floors,
                declares.no_error,
            )
        return ErrorPlan("fit", "halves", False, self.declares.floors)

    def _cut(self, part: str, band: Band) -> dict[str, float]:
        """A number of this metric as fields of a score, within the range it can have."""
        return band.within(*self.declares.ranges.get(part, self.declares.range))
