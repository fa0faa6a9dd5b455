"""What the overview says of its plots."""

from datetime import date

import pytest

from autograph_web.admin.statistics.figures import Day
from autograph_web.ui.admin.overview.rows import Plot, summary_of


def day(number: int, *, sign_ins: int = 0, with_mfa: int = 0) -> Day:
    return Day(date(2026, 4, number), sign_ins, 0, 0, 10, with_mfa)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (1, 2, "Now 20%, up from 10% on April 1."),
        (2, 1, "Now 10%, down from 20% on April 1."),
        (2, 2, "Now 20%, the same as on April 1."),
    ],
)
def test_the_share_is_compared_with_the_first_day(before: int, now: int, words: str) -> None:
    assert summary_of(Plot.ADOPTION, [day(1, with_mfa=before), day(7, with_mfa=now)]) == words


def test_the_other_plots_tell_their_sum_and_their_peak() -> None:
    assert (
        summary_of(Plot.SIGN_INS, [day(1, sign_ins=2), day(2, sign_ins=5)])
        == "7 in 2 days. Peak: 5 on April 2."
    )
    assert summary_of(Plot.SIGN_INS, [day(1), day(2)]) == "None in 2 days."
