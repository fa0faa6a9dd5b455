"""One-time links: sent by email to prove that the recipient receives mail at the address.

The token is in the fragment of the URL, which browsers do not send, so no log and no Referer header ever
contains it. The page posts it to `/link/exchange` (decision 14), which does not consume it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store
from autograph_web.accounts.errors import LinkExpired, LinkReplaced, LinkUnknown, LinkUsed
from autograph_web.accounts.link_encryption import payload_owner
from autograph_web.accounts.link_text import MARK, read_token
from autograph_web.accounts.models import LinkRow
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.randomness import random_token, random_uuid

_HOUR, _DAY = 3600, 86_400
_KEPT_AFTER_THE_END = timedelta(days=30)  # so that a page can report "too old" instead of "unknown"


class Purpose(StrEnum):
    """The purposes of links: the page each opens, and its default lifetime.

    `life` is in seconds. A link issued for one purpose is unknown to all others.
    """

    page: str
    life: int

    def __new__(cls, value: str, page: str, life: int) -> "Purpose":
        """Create a member of `value` with its page and its lifetime."""
        member = str.__new__(cls, value)
        member._value_, member.page, member.life = value, page, life
        return member

    @property
    def done(self) -> str:
        """The outcome passed to a page when a link of this purpose is opened that was already used."""
        return f"{self.value}_done"

    PASSWORD_RESET = "password_reset", "/password-reset/confirm", _HOUR
    EMAIL_VERIFICATION = "email_verification", "/verify-email", _DAY
    EMAIL_CHANGE = "email_change", "/change-email", _DAY
    EMAIL_CHANGE_UNDO = "email_change_undo", "/undo-email-change", 3 * _DAY
    SIGN_IN_REFUSAL = "sign_in_refusal", "/not-me", 3 * _DAY


@dataclass(frozen=True, slots=True)
class Link:
    """A link as disclosed to its holder: account, payload, remaining lifetime and time of creation."""

    user_id: UUID
    payload: str | None
    seconds_left: int
    created_at: datetime


class Links:
    """Issues one-time links, inspects them, and consumes each once."""

    def __init__(self, deps: UseCaseContext, encryptor: Encryptor, base_url: str) -> None:
        self._deps, self._encryptor, self._base_url = deps, encryptor, base_url

    async def issue(
        self,
        connection: AsyncConnection,
        purpose: Purpose,
        user_id: UUID | None,
        life: int,
        payload: str | None = None,
        *,
        alone: bool = False,
    ) -> str:
        """Add a link valid for `life` seconds to the caller's unit of work and return its token.

        Args:
            connection: The caller's unit of work.
            purpose: The purpose of the link.
            user_id: The account. None makes a decoy, which costs the same and can never be used.
            life: Seconds until it expires.
            payload: Data to return when the link is presented; stored encrypted.
            alone: Whether earlier links of the same purpose are revoked.
        """
        token, now = random_token(self._deps.randomness), self._deps.clock.now()
        link = LinkRow(
            id=random_uuid(self._deps.randomness),
            user_id=user_id,
            purpose=purpose.value,
            token_hash=token_hash(token),
            payload=None
            if payload is None
            else self._encryptor.encrypt(payload.encode(), payload_owner(purpose.value, user_id)),
            created_at=now,
            expires_at=now + timedelta(seconds=life),
        )
        # A decoy revokes the links of an id that no account has.
        owner = user_id or link.id
        if alone:
            # Without the lock, links issued concurrently would not see each other, and both would be valid.
            await store.lock_for_links(connection, owner)
        # In this order: the new row locks its account, and a concurrent change of the account waits before it
        # has locked any of its links.
        await store.add_link(connection, link)
        if alone:
            await store.revoke_links(connection, owner, [purpose], now, but=link.id)
        return token

    def url(self, purpose: Purpose, token: str) -> str:
        """Return the URL for an email: always at the configured origin, whatever the Host header was."""
        return f"{self.page(purpose.page)}#{MARK}{token}"

    def page(self, path: str) -> str:
        """Return the URL of one of our pages, for an email."""
        return f"{self._base_url}{path}"

    async def peek(self, purpose: Purpose, token: str) -> Link:
        """Return the link of a token if it could be used now; does not consume it.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: It could not.
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            return self._link(self._fresh(await self._find(connection, purpose, token)))

    async def trace(self, connection: AsyncConnection, purpose: Purpose, token: str) -> Link:
        """Return the link of a token, even if it was used, revoked or has expired.

        Raises:
            LinkUnknown: There is no such link.
        """
        return self._link(await self._find(connection, purpose, token))

    async def consume(self, connection: AsyncConnection, purpose: Purpose, token: str) -> Link:
        """Consume a link within the caller's unit of work; only one of any concurrent requests succeeds.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: It cannot be used, or not any more.
        """
        row = await store.use_link(connection, purpose, token_hash(read_token(token)), self._deps.clock.now())
        if row is None:
            self._fresh(await self._find(connection, purpose, token))
            raise LinkUsed
        return self._link(row)

    async def revoke(
        self, connection: AsyncConnection, user_id: UUID, *purposes: Purpose, since: datetime | None = None
    ) -> None:
        """Revoke the unused links of an account with these purposes, within the caller's unit of work.

        With `since`, only those created at that moment or later.
        """
        await store.revoke_links(connection, user_id, purposes, self._deps.clock.now(), since=since)

    async def purge_expired(self) -> int:
        """Delete links 30 days after they expired; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        now = self._deps.clock.now()
        async with self._deps.database.unit() as connection:
            return await store.forget_links(connection, now, now - _KEPT_AFTER_THE_END)

    async def _find(self, connection: AsyncConnection, purpose: Purpose, token: str) -> Row[Any]:
        row = await store.find_link(connection, purpose, token_hash(read_token(token)))
        if row is None:
            raise LinkUnknown
        return row

    def _fresh(self, row: Row[Any]) -> Row[Any]:
        if row.used_at is not None:
            raise LinkReplaced if row.expires_at <= row.used_at else LinkUsed
        if row.expires_at <= self._deps.clock.now():
            raise LinkExpired
        return row

    def _link(self, row: Row[Any]) -> Link:
        sealed, owner = row.payload, payload_owner(row.purpose, row.user_id)
        try:
            payload = None if sealed is None else self._encryptor.decrypt(sealed, owner).decode()
        except DecryptionError:  # its key is no longer configured
            raise LinkUnknown from None
        left = row.expires_at - self._deps.clock.now()
        return Link(row.user_id, payload, int(left.total_seconds()), row.created_at)
