"""Parsing of times in queries."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

# RFC 3339 section 5.6. If the query was not percent-encoded, the plus of an offset arrives as a space.
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?)(?:([Zz])|([+\- ])(\d\d:\d\d))", re.ASCII
)


def _by_rfc_3339(given: object) -> object:
    """Return a date-time in RFC 3339 format; a number of seconds or a date alone is rejected."""
    if isinstance(given, datetime):
        return given
    found = _MOMENT.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError("is no date-time of RFC 3339, such as 2026-03-01T09:14:07Z")
    moment, utc, sign, offset = found.groups()
    return f"{moment}Z" if utc else f"{moment}{'+' if sign == ' ' else sign}{offset}"


def _in_utc(moment: datetime) -> datetime:
    """Return a time in UTC; at the limits of the calendar the conversion may overflow."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_by_rfc_3339), AfterValidator(_in_utc)]
"""A time with an offset, converted to UTC."""
