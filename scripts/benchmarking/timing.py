"""Seconds of functions that are run in turn, so that a machine that slows down slows them all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nlp.heaps import seek_garbage_seldom


@dataclass(frozen=True)
class Seconds:
    """Of several runs: the quickest, and the one in the middle."""

    best: float
    median: float

    def to_json(self) -> dict[str, float]:
        """Rounded to a tenth of a millisecond."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def time_in_turn(functions: Mapping[str, Callable[[], Any]], *, repeat: int) -> dict[str, Seconds]:
    """Each function run `repeat` times, all of them once before any is run again."""
    # As in the main job; what only the engines beside it have loaded is not looked through for garbage in its time.
    seek_garbage_seldom()
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeat):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            taken[name].append(time.perf_counter() - started)
    return {name: Seconds(min(runs), statistics.median(runs)) for name, runs in taken.items()}
