"""Which events to select, and positions in their list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from struct import error as StructError  # noqa: N812  (its own name is `error`)
from typing import Self
from uuid import UUID

from autograph_web.audit.errors import InvalidCursor
from autograph_web.audit.event_types import EventType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = Struct(">qq")  # big-endian: microseconds since the epoch, row


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A filter on events; empty or None matches everything.

    `session_id` selects the events of one session, `elsewhere` those of every other session and of none.
    `since` is inclusive, `until` exclusive. `ip` is one address in its stored form.
    """

    kinds: tuple[EventType, ...] = ()
    session_id: UUID | None = None
    elsewhere: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the list, which is ordered by time and then by row id."""

    at: datetime
    id: int

    def encode(self) -> str:
        """Return the position as an opaque cursor; not secret, as rows are filtered by account anyway."""
        packed = _CURSOR.pack((self.at - _EPOCH) // _MICROSECOND, self.id)
        return urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """Return the position that `encode` returned as `cursor`.

        Raises:
            InvalidCursor: It was not returned by `encode`.
        """
        try:
            packed = urlsafe_b64decode(cursor.encode("ascii") + b"==")
            microseconds, row = _CURSOR.unpack(packed)
            place = cls(_EPOCH + microseconds * _MICROSECOND, row)
        except (ValueError, StructError, OverflowError):
            raise InvalidCursor from None
        if place.encode() != cursor:  # base64 decoding accepts more than one spelling
            raise InvalidCursor
        return place
