"""Numbers and moments as emails, pages and the command line write them."""

from datetime import UTC, datetime

import pytest

from autograph_web.infra.wording import counted, moment_in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 emails"), (1, "1 email"), (2, "2 emails"), (1204, "1,204 emails")],
)
def test_a_number_of_things_is_singular_for_one_alone(number: int, words: str) -> None:
    assert counted(number, "email") == words


def test_a_moment_is_written_to_the_minute() -> None:
    assert moment_in_words(datetime(2026, 3, 1, 12, 0, 59, tzinfo=UTC)) == "March 1, 2026, 12:00 UTC"
