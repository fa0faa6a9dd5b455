"""The session state that a check needs, in the form stored in Redis."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row

from autograph_web.sessions.principal import SessionPrincipal


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A live session and its account; times are whole seconds since the Unix epoch."""

    session_id: str
    user_id: str
    email: str
    role: str
    mfa_enabled: bool
    epoch: int
    remember: bool
    cookie_hash: str
    method: str
    signed_in_at: int
    expires_at: int
    amr: str | None

    @classmethod
    def of(cls, row: Row[Any], idle_expires_at: datetime) -> Self:
        """Return the record of a joined session and account row whose idle timeout is `idle_expires_at`."""
        return cls(
            session_id=row.id.hex,
            user_id=row.user_id.hex,
            email=row.email,
            role=row.role,
            mfa_enabled=row.mfa_enabled,
            epoch=row.epoch,
            remember=row.remember,
            cookie_hash=row.cookie_hash,
            method=row.method,
            signed_in_at=int(row.authenticated_at.timestamp()),
            expires_at=int(min(row.expires_at, idle_expires_at).timestamp()),
            amr=row.amr,
        )

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Return the record that `encode` serialized as `value`."""
        return cls(*json.loads(value))

    def encode(self) -> str:
        """Return the record as a JSON array: half the size of an object, and fast to parse."""
        return json.dumps(list(asdict(self).values()), separators=(",", ":"))

    def alive(self, now: float) -> bool:
        """Return True if the session has reached neither its idle timeout nor its absolute expiry."""
        return now < self.expires_at

    def belongs_to(self, user_id: str, cookie_hash: str | None) -> bool:
        """Return True if the credential's user id, and its cookie hash if not None, match this session's."""
        if user_id != self.user_id:
            return False
        return cookie_hash is None or compare_digest(cookie_hash, self.cookie_hash)

    def principal(self, token_id: str | None = None, token_expires_at: int = 0) -> SessionPrincipal:
        """Return the authenticated user of this session."""
        return SessionPrincipal(
            user_id=UUID(hex=self.user_id),
            email=self.email,
            role=self.role,
            mfa_enabled=self.mfa_enabled,
            session_id=UUID(hex=self.session_id),
            signed_in_at=datetime.fromtimestamp(self.signed_in_at, UTC),
            expires_at=datetime.fromtimestamp(self.expires_at, UTC),
            remember=self.remember,
            method=self.method,
            amr=self.amr,
            token_id=token_id,
            token_expires_at=token_expires_at,
        )
