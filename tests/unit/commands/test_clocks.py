"""Which machine's clock is wrong, as `doctor` reports it."""

import pytest

from autograph_web.commands.clocks import clock_finding

BOTH = "the database's is -40.0 s from ours, Redis' is +8.0 s from ours"
OURS_THREE = "this machine's is +7.1 s from the database's and Redis'"


def test_without_another_clock_nothing_is_said() -> None:
    assert clock_finding(None, None) is None


@pytest.mark.parametrize(
    ("database", "redis", "line"),
    [
        (0.2, None, "✓ clock: the database's is +0.2 s from ours"),
        (-0.9, 0.04, "✓ clock: the database's is -0.9 s from ours, Redis' is +0.0 s from ours"),
        (5.0, None, "! clock: the database's is +5.0 s from ours → keep both in time with NTP"),
        (None, -61.0, "✗ clock: Redis' is -61.0 s from ours → keep both in time with NTP"),
        (-7.0, -7.2, f"! clock: {OURS_THREE} → keep it in time with NTP"),
        (90.0, 0.1, "✗ clock: the database's is +90.0 s from ours and Redis' → keep it in time with NTP"),
        (0.1, 3.0, "! clock: Redis' is +3.0 s from ours and the database's → keep it in time with NTP"),
        (-40.0, 8.0, f"✗ clock: {BOTH} → keep all in time with NTP"),
    ],
)
def test_one_line_names_the_machine_that_is_off(
    database: float | None, redis: float | None, line: str
) -> None:
    assert str(clock_finding(database, redis)) == line
