"""The arithmetic of measurements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True)
class Timed:
    """What one turn of a load came to: answers a second, and the waits for them in seconds."""

    answers: int
    rate: float
    p50: float
    p99: float

    @classmethod
    def of(cls, waits: Sequence[float], seconds: float) -> Self:
        return cls(len(waits), len(waits) / seconds, percentile(waits, 50), percentile(waits, 99))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that so many percent of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)]


def spread(values: Iterable[float], unit: str = "", form: str = ",.0f", scale: float = 1) -> str:
    """The median of the values with the least and the greatest, such as `4,812/s (4,700–4,920)`."""
    scaled = [value * scale for value in values]
    return f"{median(scaled):{form}}{unit} ({min(scaled):{form}}–{max(scaled):{form}})"
