"""Export of all data stored about an account, for its user (GDPR articles 15 and 20)."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.exporting import Exportable, picked
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions.principal import SessionPrincipal

_CREDENTIAL = ("method", "label", "created_at", "last_used_at", "is_second_factor")
_ACCOUNT = ("id", "email", "role", "mfa_enabled", "email_verified", "created_at", "password_changed_at")
_HOLD = ("email_key", "until")
_EVENT = ("at", "kind", "ip", "user_agent", "session_id", "details")


class DataExport:
    """Exports an account as one JSON document without secrets, never holding all of it in memory."""

    def __init__(self, deps: UseCaseContext, exportables: Sequence[Exportable]) -> None:
        self._deps, self._exportables = deps, exportables

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
        async with self._deps.database.read() as connection:
            found = await accounts.find_by_id(connection, user_id)
            if found is None:
                raise SessionEnded
            head: dict[str, Any] = {
                "format": "autograph-account-1",
                "exported_at": self._deps.clock.now(),
                "account": {name: asdict(found)[name] for name in _ACCOUNT},
                "held_emails": picked(await accounts.holds_of(connection, user_id), *_HOLD),
                "credentials": picked(await accounts.credentials_of(connection, user_id), *_CREDENTIAL),
            }
            for one in self._exportables:
                head |= await one.exported(connection, user_id)
            return head

    async def _portions(self, head: dict[str, Any], user_id: UUID) -> AsyncGenerator[str]:
        yield f'{_json(head)[:-1]}, "events": ['
        separator = ""
        async for events in self._deps.audit_log.history(user_id):
            yield separator + ", ".join(map(_json, picked(events, *_EVENT)))
            separator = ", "
        yield "]}\n"


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: datetime | UUID) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
