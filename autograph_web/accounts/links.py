"""One-time links: what a letter carries to prove that it arrived.

The token stands in the fragment of the address, which browsers send to nobody: no log and no Referer ever
holds it. The page posts it to `/link/exchange` (decision 14), which uses nothing up.
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
from autograph_web.accounts.link_text import MARK, read_token
from autograph_web.accounts.models import LinkRow
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.randomness import random_token, random_uuid

_HOUR, _DAY = 3600, 86_400
_KEPT_AFTER_THE_END = timedelta(days=30)  # so that a page can say "too old" and not "unknown"


class Purpose(StrEnum):
    """THE table of what links are for: the page each opens, and how long it lives unless said otherwise.

    `life` is in seconds. A link of one purpose is unknown to every other.
    """

    page: str
    life: int

    def __new__(cls, value: str, page: str, life: int) -> "Purpose":
        """Make a member of `value` that knows its page and its life."""
        member = str.__new__(cls, value)
        member._value_, member.page, member.life = value, page, life
        return member

    @property
    def done(self) -> str:
        """What a page is told when a link of this purpose is opened that has done its work."""
        return f"{self.value}_done"

    PASSWORD_RESET = "password_reset", "/password-reset/confirm", _HOUR
    EMAIL_VERIFICATION = "email_verification", "/verify-email", _DAY
    EMAIL_CHANGE = "email_change", "/change-email", _DAY
    EMAIL_CHANGE_UNDO = "email_change_undo", "/undo-email-change", 3 * _DAY
    SIGN_IN_REFUSAL = "sign_in_refusal", "/not-me", 3 * _DAY


@dataclass(frozen=True, slots=True)
class Link:
    """A link as its holder may know it: whose it is, what was put into it and how long it lives."""

    user_id: UUID
    payload: str | None
    seconds_left: int
    created_at: datetime


class Links:
    """Issues one-time links, tells what they are, and uses each up once."""

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
        """Add a link of `life` seconds to the caller's unit of work and return its token.

        Args:
            connection: The caller's unit of work.
            purpose: What it is for.
            user_id: Whose it is. None makes a decoy, which costs the same and opens nothing.
            life: Seconds until it expires.
            payload: What to give back when the link is shown; kept sealed.
            alone: Whether earlier links of the same purpose end now.
        """
        token, now = random_token(self._deps.randomness), self._deps.clock.now()
        link = LinkRow(
            id=random_uuid(self._deps.randomness),
            user_id=user_id,
            purpose=purpose.value,
            token_hash=token_hash(token),
            payload=None
            if payload is None
            else self._encryptor.encrypt(payload.encode(), _owner(purpose, user_id)),
            created_at=now,
            expires_at=now + timedelta(seconds=life),
        )
        # A decoy ends the links of an id that no account has.
        owner = user_id or link.id
        if alone:
            # Of links issued at once each would otherwise miss the other, and both would be good.
            await store.lock_for_links(connection, owner)
        # In this order: a new row holds its account, and whoever is about to change that waits before they
        # have taken any of its links.
        await store.add_link(connection, link)
        if alone:
            await store.revoke_links(connection, owner, [purpose], now, but=link.id)
        return token

    def url(self, purpose: Purpose, token: str) -> str:
        """Return the address a letter carries: always at our configured origin, whatever Host was asked."""
        return f"{self.page(purpose.page)}#{MARK}{token}"

    def page(self, path: str) -> str:
        """Return the address of one of our pages, for a letter."""
        return f"{self._base_url}{path}"

    async def peek(self, purpose: Purpose, token: str) -> Link:
        """Return the link of a token that could be used now; nothing is used up.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: It could not.
            Unavailable: The database is away.
        """
        async with self._deps.database.read() as connection:
            return self._link(self._fresh(await self._find(connection, purpose, token)))

    async def trace(self, connection: AsyncConnection, purpose: Purpose, token: str) -> Link:
        """Return the link of a token, whatever became of it.

        Raises:
            LinkUnknown: There is no such link.
        """
        return self._link(await self._find(connection, purpose, token))

    async def consume(self, connection: AsyncConnection, purpose: Purpose, token: str) -> Link:
        """Use a link up within the caller's unit of work; only one of any number of racers succeeds.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: It cannot be used, now or any more.
        """
        row = await store.use_link(connection, purpose, token_hash(read_token(token)), self._deps.clock.now())
        if row is None:
            self._fresh(await self._find(connection, purpose, token))
            raise LinkUsed
        return self._link(row)

    async def revoke(
        self, connection: AsyncConnection, user_id: UUID, *purposes: Purpose, since: datetime | None = None
    ) -> None:
        """End the links of these purposes that an account still has, within the caller's unit of work.

        With `since` only those made at that moment or later.
        """
        await store.revoke_links(connection, user_id, purposes, self._deps.clock.now(), since=since)

    async def purge_expired(self) -> int:
        """Delete links a month after they expired; return how many.

        Raises:
            Unavailable: The database is away.
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
        sealed, owner = row.payload, _owner(Purpose(row.purpose), row.user_id)
        payload = None if sealed is None else self._encryptor.decrypt(sealed, owner).decode()
        left = row.expires_at - self._deps.clock.now()
        return Link(row.user_id, payload, int(left.total_seconds()), row.created_at)


def _owner(purpose: Purpose, user_id: UUID | None) -> str:
    return f"link\n{purpose}\n{user_id.hex if user_id else ''}"
