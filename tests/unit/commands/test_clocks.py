"""Which machine's clock is wrong, as `doctor` reports it."""

import pytest

from autograph_web.commands.clocks import clock_finding

BOTH = "the database clock is off by -40.0 s, the Redis clock is off by +8.0 s"
OURS_THREE = "this machine's clock is off by +7.1 s from the database clock and the Redis clock"


def test_without_another_clock_nothing_is_said() -> None:
    assert clock_finding(None, None) is None


@pytest.mark.parametrize(
    ("database", "redis", "line"),
    [
        (0.2, None, "✓ clock: the database clock is off by +0.2 s"),
        (-0.9, 0.04, "✓ clock: the database clock is off by -0.9 s, the Redis clock is off by +0.0 s"),
        (5.0, None, "! clock: the database clock is off by +5.0 s → synchronize both with NTP"),
        (None, -61.0, "✗ clock: the Redis clock is off by -61.0 s → synchronize both with NTP"),
        (-7.0, -7.2, f"! clock: {OURS_THREE} → synchronize it with NTP"),
        (
            90.0,
            0.1,
            "✗ clock: the database clock is off by +90.0 s (the Redis clock isn't) → synchronize it with NTP",
        ),
        (
            0.1,
            3.0,
            "! clock: the Redis clock is off by +3.0 s (the database clock isn't) → synchronize it with NTP",
        ),
        (-40.0, 8.0, f"✗ clock: {BOTH} → synchronize all with NTP"),
    ],
)
def test_one_line_names_the_machine_that_is_off(
    database: float | None, redis: float | None, line: str
) -> None:
    assert str(clock_finding(database, redis)) == line
