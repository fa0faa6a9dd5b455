"""Notifies the user of a sign-in from a browser that the account has not used before."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.links import Links, Purpose
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.device_cookies import DeviceCookies
from autograph_web.flags.flags import Flags
from autograph_web.flags.table import SIGN_IN_NOTICES
from autograph_web.infra.background import BackgroundTasks
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.database import after_commit
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.mail.message import Action, MailMessage, circumstances
from autograph_web.sessions.principal import AuthenticationGrant

# A user who has just registered expects these: the first sign-in by script, or from a phone.
_SETTLING_IN = timedelta(minutes=15)
# A script may sign in repeatedly without any cookie; it causes one email a day.
_QUIET_S = 86_400
_CLAIM_S = 60
_CLOSING_S = 1.0
_LONGEST_AGENT = 256  # enough to identify a browser, and short enough for the payload of a link


@dataclass(frozen=True, slots=True)
class RefusableSignIn:
    """The payload of the link in such an email: the session, and where it was opened from."""

    session_id: str
    ip: str
    user_agent: str
    at: str

    @classmethod
    def decode(cls, payload: str | None) -> Self:
        """Return the object that `encode` serialized as `payload`."""
        return cls(**json.loads(payload or "{}"))

    def encode(self) -> str:
        """Return the payload for a link."""
        return json.dumps(asdict(self), ensure_ascii=False)


class NewDeviceAlerts:
    """Posts the email in the sign-in's unit of work, with a link that revokes the session."""

    def __init__(
        self,
        deps: UseCaseContext,
        flags: Flags,
        redis: RedisClient,
        links: Links,
        devices: DeviceCookies,
    ) -> None:
        self._deps, self._flags, self._redis = deps, flags, redis
        self._links, self._devices = links, devices
        self._keeping = BackgroundTasks()

    async def claim(
        self, context: RequestContext, user_id: UUID, email: str, device: str | None
    ) -> str | None:
        """Return a claim for `tell`; None if the browser is known, was notified today, or notices are off.

        Call it once the sign-in is known to succeed, but before its account is locked, because it queries
        Redis.
        """
        if not self._flags.of(SIGN_IN_NOTICES, user_id) or self._devices.recognise(
            device, normalize_email(email)
        ):
            return None
        key = _key(context, user_id)
        return key if await self._first_today(key) else None

    async def tell(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        grant: AuthenticationGrant,
        claimed: str | None,
        created_at: datetime,
    ) -> None:
        """Post an email about the sign-in of `grant` if `claimed` is set and the account is not brand new."""
        if claimed is None or self._deps.clock.now() - created_at < _SETTLING_IN:
            return
        signed_in = RefusableSignIn(
            grant.session_id.hex,
            context.ip[:64],
            context.user_agent[:_LONGEST_AGENT],
            grant.authenticated_at.isoformat(),
        )
        purpose = Purpose.SIGN_IN_REFUSAL
        token = await self._links.issue(connection, purpose, grant.user_id, purpose.life, signed_in.encode())
        letter = _letter(grant, context, self._links.url(purpose, token))
        await self._deps.outbox.post(connection, letter)
        after_commit(connection, lambda: self._keep(claimed))

    async def _first_today(self, key: str) -> bool:
        # Claimed for a minute only: a sign-in that fails after this point has sent no notification.
        try:
            return await self._redis.put(key, 1, _CLAIM_S, only_new=True)
        except RedisDown:
            return True  # a duplicate notification is better than none

    async def close(self) -> None:
        """Wait briefly for pending writes of sent notifications."""
        await self._keeping.close(_CLOSING_S)

    def _keep(self, key: str) -> None:
        async def keep() -> None:
            with suppress(RedisDown):
                await self._redis.put(key, 1, _QUIET_S)

        self._keeping.begin(keep())


def _key(context: RequestContext, user_id: UUID) -> str:
    told = f"{user_id.hex}\n{address_bucket(context.ip)}\n{context.user_agent}"
    return f"sign_in_notice:{sha256(told.encode('utf-8', 'replace')).hexdigest()}"


def _letter(grant: AuthenticationGrant, context: RequestContext, url: str) -> MailMessage:
    return MailMessage(
        to=grant.email,
        subject="New sign-in to your account",
        paragraphs=("New sign-in to your AutoGraph account from a browser we haven't seen before.",),
        action=Action("This wasn't me", url),
        facts=circumstances(context, grant.authenticated_at),
        closing=("If this was you, you don't need to do anything.",),
    )
