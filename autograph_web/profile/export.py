"""Export of all data stored about an account, for its user (GDPR articles 15 and 20)."""

import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import SessionEnded
from autograph_web.api_keys import store as api_keys
from autograph_web.audit import store as audit
from autograph_web.audit.event_filter import Cursor
from autograph_web.audit.event_types import EventType
from autograph_web.audit.log import event_of, owners
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.methods.recovery_codes import store as recovery_codes
from autograph_web.authn.methods.totp import store as totp
from autograph_web.authn.methods.trusted_device import store as trusted
from autograph_web.infra.context import RequestContext
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions import store as sessions
from autograph_web.sessions.principal import SessionPrincipal

_PAGE = 500  # events read at once; no transaction stays open between two pages
_CREDENTIAL = ("method", "label", "created_at", "last_used_at", "is_second_factor")
_ACCOUNT = ("id", "email", "role", "mfa_enabled", "email_verified", "created_at", "password_changed_at")
_SESSION = (
    "id",
    "method",
    "remember",
    "ip",
    "user_agent",
    "created_at",
    "last_seen_at",
    "expires_at",
    "revoked_at",
    "revoked_reason",
)
_HOLD = ("email_key", "until")
_FACTOR = ("created_at", "activated_at")
_DEVICE = ("id", "ip", "user_agent", "created_at", "last_used_at", "expires_at")
_KEY = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at", "last_used_ip", "revoked_at")
_EVENT = ("at", "kind", "ip", "user_agent", "session_id", "details")


class DataExport:
    """Exports an account as one JSON document without secrets, never holding all of it in memory."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def begin(self, context: RequestContext, principal: SessionPrincipal) -> AsyncGenerator[str]:
        """Return the document in portions; the first is read here, so that errors are raised before sending.

        Raises:
            RateLimited: Too many exports in an hour.
            SessionEnded: The account no longer exists.
            Unavailable: The database is unavailable.
        """
        await self._deps.limiter.consume(Limit.EXPORT, principal.user_id.hex)
        head = await self._head(principal.user_id)
        await self._deps.audit_log.record_alone(EventType.DATA_EXPORTED, context, principal=principal)
        return self._portions(head, principal.user_id)

    async def _head(self, user_id: UUID) -> dict[str, Any]:
        now = self._deps.clock.now()
        async with self._deps.database.read() as connection:
            found = await accounts.find_by_id(connection, user_id)
            if found is None:
                raise SessionEnded
            return {
                "format": "autograph-account-1",
                "exported_at": now,
                "account": {name: asdict(found)[name] for name in _ACCOUNT},
                "held_emails": _picked(await accounts.holds_of(connection, user_id), _HOLD),
                "sessions": _picked(await sessions.all_of(connection, user_id), _SESSION),
                "credentials": _picked(await accounts.credentials_of(connection, user_id), _CREDENTIAL),
                "authenticators": _picked(await totp.factors_of(connection, user_id), _FACTOR),
                "recovery_codes_left": await recovery_codes.codes_left(connection, user_id),
                "trusted_devices": _picked(await trusted.devices_of(connection, user_id, now), _DEVICE),
                "api_keys": _picked(await api_keys.all_of(connection, user_id), _KEY),
            }

    async def _portions(self, head: dict[str, Any], user_id: UUID) -> AsyncGenerator[str]:
        yield f'{_json(head)[:-1]}, "events": ['
        last, separator = None, ""
        while True:
            async with self._deps.database.read() as connection:
                rows = await audit.after(connection, user_id, last, _PAGE)
            if not rows:
                break
            yield separator + ", ".join(map(_json, _picked(map(owners, map(event_of, rows)), _EVENT)))
            last, separator = Cursor(rows[-1].at, rows[-1].id), ", "
        yield "]}\n"


def _picked(rows: Iterable[Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in names} for row in rows]


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: datetime | UUID) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
