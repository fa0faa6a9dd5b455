"""How long somebody has to wait, as a clock and in words."""

import pytest

from autograph_web.ui.messages import clock_wait, spoken_wait


@pytest.mark.parametrize(
    ("seconds", "clock", "words"),
    [
        (1, "0:01", "1 second"),
        (59, "0:59", "59 seconds"),
        (60, "1:00", "1 minute"),
        (121, "2:01", "2 minutes 1 second"),
        (900, "15:00", "15 minutes"),
        (3599, "59:59", "59 minutes 59 seconds"),
    ],
)
def test_a_wait_is_told_as_a_clock_and_in_words(seconds: int, clock: str, words: str) -> None:
    assert clock_wait(seconds) == clock
    assert spoken_wait(seconds) == words
