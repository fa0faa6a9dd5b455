"""Randomness that can be recognised afterwards."""

from hashlib import shake_256
from itertools import count

import pytest


class RecordedEntropy:
    """Bytes that look random, are the same in every run, and are recorded."""

    def __init__(self, seed: str = "autograph") -> None:
        self._seed, self._numbers = seed, count()
        self.drawn: list[bytes] = []

    def bytes(self, size: int) -> bytes:
        value = shake_256(f"{self._seed}/{next(self._numbers)}".encode()).digest(size)
        self.drawn.append(value)
        return value


@pytest.fixture
def randomness() -> RecordedEntropy:
    """The randomness of the services under test."""
    return RecordedEntropy()
