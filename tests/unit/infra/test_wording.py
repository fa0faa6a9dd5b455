"""What people read: numbers and moments in words, and the words that no message uses."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from autograph_web.audit.event_types import EventCategory, EventType
from autograph_web.commands.lazy_group import COMMANDS
from autograph_web.flags.table import FLAGS
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.infra.wording import counted, moment_in_words
from tests.support.product.errors import all_errors

NEVER = re.compile(
    r"\b(letters?|somebody|everybody|nobody|anybody|any more|tries|mailbox|owner|make an?|type (your|the))\b"
    r"| - |\d %",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 emails"), (1, "1 email"), (2, "2 emails"), (1204, "1,204 emails")],
)
def test_a_number_of_things_is_singular_for_one_alone(number: int, words: str) -> None:
    assert counted(number, "email") == words


def test_a_moment_is_written_to_the_minute() -> None:
    assert moment_in_words(datetime(2026, 3, 1, 12, 0, 59, tzinfo=UTC)) == "March 1, 2026, 12:00 UTC"


def read_by_people() -> Iterator[str]:
    yield from (kind(retry_after=7).detail for kind in all_errors().values())
    yield from (one.label for one in (*EventType, *EventCategory))
    yield from (command.told for command in COMMANDS.values())
    yield from (limit.meaning for limit in Limit)
    for flag in FLAGS:
        yield from (flag.label, *flag.meanings.values())


def test_no_message_uses_an_odd_word() -> None:
    assert [text for text in read_by_people() if NEVER.search(text)] == []
