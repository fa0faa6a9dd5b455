"""Moments as somebody asks for them."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

# RFC 3339 section 5.6. Where a query was not percent-encoded, the plus of an offset arrives as a space.
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?)(?:([Zz])|([+\- ])(\d\d:\d\d))", re.ASCII
)


def _by_rfc_3339(given: object) -> object:
    """Return what spells a moment; a number of seconds or a date alone is none."""
    if isinstance(given, datetime):
        return given
    found = _MOMENT.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError("is no date-time of RFC 3339, such as 2026-03-01T09:14:07Z")
    moment, utc, sign, offset = found.groups()
    return f"{moment}Z" if utc else f"{moment}{'+' if sign == ' ' else sign}{offset}"


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC, where the first and last days of the calendar may not be found."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_by_rfc_3339), AfterValidator(_in_utc)]
"""A moment with an offset, given in UTC."""
