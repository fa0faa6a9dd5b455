"""The system clock."""

from datetime import UTC

from autograph_web.infra.clock import SystemClock


def test_the_clock_tells_the_time_in_utc() -> None:
    clock = SystemClock()

    assert clock.now().tzinfo is UTC
    assert abs(clock.now().timestamp() - clock.seconds()) < 5
