"""What the activity page reads from its address, and what it then queries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from autograph_web.audit.event_types import EventCategory
from autograph_web.profile.inputs import Device
from autograph_web.ui.activity.filters import DEVICES, GROUPS, Filters
from autograph_web.ui.date_ranges import RANGES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"group": "nothing", "device": "mine", "range": "year"},
        {"group": 7, "device": None, "range": ["day"]},
        {"group": "sign_in&device=this", "range": "day\0"},
        {"user_id": "x"},
    ],
)
def test_what_is_no_choice_is_left_out(given: dict[str, Any]) -> None:
    filters = Filters.of(given)
    assert filters == Filters()
    assert filters.address() == "/settings/activity"
    assert filters.download("csv", NOW) == "/activity/export?format=csv"


def test_a_choice_is_asked_for_and_stands_in_the_address() -> None:
    filters = Filters.of({"group": "two_step", "device": "other", "range": "week"})
    criteria = filters.criteria(NOW)
    assert (criteria.group, criteria.device, criteria.since) == (
        EventCategory.TWO_STEP,
        Device.OTHER,
        NOW - timedelta(days=7),
    )
    assert filters.address("AAA") == "/settings/activity?group=two_step&device=other&range=week&before=AAA"
    assert filters.download("json", NOW) == (
        "/activity/export?format=json&group=two_step&device=other&since=2026-02-22T12%3A00%3A00%2B00%3A00"
    )


@pytest.mark.parametrize(("name", "options"), [("group", GROUPS), ("device", DEVICES), ("range", RANGES)])
def test_every_choice_can_be_made(name: str, options: tuple[tuple[str, str], ...]) -> None:
    for value, words in options:
        assert words[0].isupper()
        filters = Filters.of({name: value})
        assert filters.selected == ({name: value} if value else {})
        filters.criteria(NOW)
