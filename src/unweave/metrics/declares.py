"""Declarations of a metric: what it measures, its range, what it is invariant to, and where its
error comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from unweave.metrics.tables.arguments import PROTOCOLS

MEASURES = (
    "modularity",
    "compactness",
    "explicitness",
    "independence",
    "usefulness",
    "fairness",
    "identifiability",
    "what its author says",  # of a function that declares nothing
)
TABLES = ("rows", "codes", "posteriors", "groups", "pairs", "classes", "models")
DIRECTIONS = ("higher", "lower")
COSTS = ("cheap", "fit")
ERRORS = ("jackknife", "halves", "none")
CHANGES = ("permutation", "sign", "scale", "dead latents", "noise latents", "outlier", "rotation")
USES = ("test", "log_var")
GROUPED = ("groups", "pairs")  # what tables a metric may read that are of groups


@dataclass(frozen=True)
class Declares:
    """Declarations of a metric, which `tests/metrics/test_declarations.py` verifies.

    measures: "modularity" (a code knows one factor), "compactness" (a factor sits in one code),
        "explicitness" (it is easy to read), or another of MEASURES.
    range: lowest and highest value. direction: whether "higher" or "lower" is better.
    tables: "rows" (codes and factors), "codes" (no factors), "posteriors" (codes with log_var),
        "groups" (images that share the value of a factor), "pairs" (groups in which each pair
        shares its own value), "classes" (the block "class" of the codes, beside the class),
        "models".
    ranges: of scalar parts whose range is another.
    silent: whether inactive latents (`unweave.metrics.tables.silence`) count too; elsewhere they
        are left out.
    cost: "cheap" metrics always come with error, null, rotated and ceiling; "fit" ones with
        `calibrate=True`.
    error: where the standard error comes from, "jackknife" or "halves"
        (`unweave.metrics.replicates`), or "none".
    no_error: why there is none. errorless: scalar parts that come without error and floors, though
        the value has them: accuracies of the rows that were fitted, which halves fit more exactly.
    corrected: whether the value is shown less the bias that the jackknife finds (under the
        library's own protocol). That is chosen by measurement: it has to bring the value nearer to
        its limit at many rows (`benchmarks/errors.py`).
    invariant: which CHANGES leave the value alone. falls: which make a good code score worse.
    draws: whether it draws rows by the seed (splits, groups, samples, batches) to find its value:
        then the order of the rows moves it, by chance, and the estimator names the seed, as it does
        where blocks are drawn to correct a bias. What draws nothing does not see the order.
    floors: whether permuted rows and a rotation are informative: not if factors and axes have no
        part in it.
    uses: which of "test" (rows to test on) and "log_var" it reads. protocols: the names it can be
        computed under.
    """

    measures: tuple[str, ...]
    range: tuple[float, float] = (0.0, 1.0)
    direction: str = "higher"
    tables: str = "rows"
    cost: str = "cheap"
    invariant: tuple[str, ...] = ()
    falls: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ("unweave",)
    error: str = "halves"
    no_error: str = ""
    corrected: bool = False
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    silent: bool = False
    uses: tuple[str, ...] = ()
    draws: bool = False
    floors: bool = True
    errorless: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.error not in ERRORS or (self.corrected and self.error != "jackknife"):
            raise ValueError(
                f"error is {self.error!r}; there are {ERRORS}, and what is corrected needs the "
                "jackknife"
            )
        if self.error == "jackknife" and self.tables in GROUPED:
            raise ValueError(
                "groups are drawn at random, and have no jackknife: declare error='halves'"
            )
        if (self.error == "none") != bool(self.no_error):
            raise ValueError(
                "a metric without an error says why (`no_error`), and only such a metric does"
            )
        for word, known in (("direction", DIRECTIONS), ("tables", TABLES), ("cost", COSTS)):
            given = getattr(self, word)
            if given not in known:
                expected = f"expected one of {', '.join(known)}"
                raise ValueError(f"{word} of a metric is {given!r}; {expected}")
        self._refuse_unknown("measures", self.measures, MEASURES)
        self._refuse_unknown("invariant", self.invariant, CHANGES)
        self._refuse_unknown("falls", self.falls, CHANGES)
        self._refuse_unknown("uses", self.uses, USES)
        self._refuse_unknown("protocols", self.protocols, PROTOCOLS)

    def _refuse_unknown(self, word: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
        """ValueError for unknown words, and for a text where a tuple of words is expected."""
        if isinstance(given, str):
            raise ValueError(
                f"{word} of a metric is the word {given!r}; expected a tuple of words: ({given!r},)"
            )
        unknown = [name for name in given if name not in known]
        if unknown:
            shown = ", ".join(map(repr, unknown))
            raise ValueError(f"{word} of a metric has {shown}; there are {', '.join(known)}")
