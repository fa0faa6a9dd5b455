"""Tells the owner of a sign-in from a browser that the account has not seen before."""

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
from autograph_web.sessions.viewer import AuthenticationGrant

# Whoever has just registered knows about it: their first sign-in by script or from the phone beside them.
_SETTLING_IN = timedelta(minutes=15)
# A script signs in again and again without any cookie: one letter a day tells of it.
_QUIET_S = 86_400
_CLAIM_S = 60
_CLOSING_S = 1.0
_LONGEST_AGENT = 256  # enough to name a browser by, and short enough for the payload of a link


@dataclass(frozen=True, slots=True)
class RefusableSignIn:
    """What the link of such a letter carries: which session, and where from."""

    session_id: str
    ip: str
    user_agent: str
    at: str

    @classmethod
    def decode(cls, payload: str | None) -> Self:
        """Return what `encode` made `payload` of."""
        return cls(**json.loads(payload or "{}"))

    def encode(self) -> str:
        """Return it as the payload of a link."""
        return json.dumps(asdict(self), ensure_ascii=False)


class NewDeviceAlerts:
    """Writes the letter in the unit of work of the sign-in, with a link that takes the sign-in back."""

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
        """Return what `tell` takes, unless the browser is known or was told of today, or no letter is wanted.

        Once the sign-in is sure to be right, but before its account is held: this asks Redis.
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
        """Post a letter about the sign-in of `grant` if it was `claimed` and the account isn't quite new."""
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
        # Claimed for a minute only: a sign-in that does not come through has told nobody.
        try:
            return await self._redis.put(key, 1, _CLAIM_S, only_new=True)
        except RedisDown:
            return True  # rather twice than never

    async def close(self) -> None:
        """Have what was told in the last moment remembered, if that is quick."""
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
        paragraphs=(
            "Somebody signed in to your AutoGraph v3 account from a browser we haven't seen before.",
        ),
        action=Action("This wasn't me", url),
        facts=circumstances(context, grant.authenticated_at),
        closing=("If it was you, there is nothing to do.",),
    )
