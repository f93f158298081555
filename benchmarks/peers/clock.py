"""Timer of training steps: `tick` after each step; `show` prints medians, without the first ones, as JSON."""

from __future__ import annotations

import json
import resource
import statistics
import time

WARM_UP = 10
ticks: list[tuple[float, float]] = []


def tick(*_: object, **__: object) -> None:
    ticks.append((time.perf_counter(), time.process_time()))


def show() -> None:
    steps = list(zip(ticks[WARM_UP:], ticks[WARM_UP + 1 :], strict=False))
    wall, cpu = (statistics.median(b[i] - a[i] for a, b in steps) for i in (0, 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak}))
