"""The arithmetic of measurements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True)
class Timed:
    """The result of one round of a load: responses per second, and their latencies in seconds."""

    answers: int
    rate: float
    p50: float
    p99: float

    @classmethod
    def of(cls, waits: Sequence[float], seconds: float) -> Self:
        return cls(len(waits), len(waits) / seconds, percentile(waits, 50), percentile(waits, 99))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that this percentage of the values does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)]


def spread(values: Iterable[float], unit: str = "", form: str = ",.0f", scale: float = 1) -> str:
    """The median of the values with the minimum and the maximum, such as `4,812/s (4,700–4,920)`."""
    scaled = [value * scale for value in values]
    return f"{median(scaled):{form}}{unit} ({min(scaled):{form}}–{max(scaled):{form}})"
