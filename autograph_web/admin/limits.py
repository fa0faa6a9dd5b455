"""Resets rate limits: of an address, such as an office's, or of those who sign in to one account."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from autograph_web.admin import store
from autograph_web.admin.admin_policy import AdminPolicy
from autograph_web.admin.errors import AccountUnknown, AddressInvalid
from autograph_web.admin.user_summary import Actor
from autograph_web.audit.event_filter import EventFilter
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ip_addresses import address_bucket, canonical_address
from autograph_web.infra.ratelimit.table import Limit, Per

ADDRESS_LIMITS = tuple(limit for limit in Limit if limit.per is Per.ADDRESS)
"""Every limit that counts by client address."""

_MOST_FAILURES = 200


class Limits:
    """Resets limits on request; each reset is audited.

    Each call also raises NotAdmin or ReauthenticationRequired, as `AdminPolicy.require_change` does.
    """

    def __init__(self, deps: UseCaseContext, administrators: AdminPolicy) -> None:
        self._deps, self._administrators = deps, administrators

    async def lift_address(self, operator: Actor, text: str) -> list[str]:
        """Reset every limit of the address `text`, or of its /64 for IPv6; return the names of those reset.

        Raises:
            AddressInvalid: It is not an IP address.
            Unavailable: The database or Redis is unavailable; nothing was reset.
        """
        address = canonical_address(text)
        if address is None:
            raise AddressInvalid
        return await self._lift(operator, self._keys_of(address), address=address_bucket(address))

    async def lift_account(self, operator: Actor, user_id: UUID) -> list[str]:
        """Reset the limits on signing in to an account; return the names of those reset.

        These are its own limit, and every limit of the addresses from which sign-ins to it failed recently.

        Raises:
            AccountUnknown: There is no such account.
            Unavailable: As for `lift_address`.
        """
        since = self._deps.clock.now() - timedelta(seconds=self._deps.limiter.window(Limit.LOGIN))
        failed = EventFilter(kinds=(EventType.LOGIN_FAILED,), since=since)
        events = await self._deps.audit_log.searched(user_id, failed, None, _MOST_FAILURES)
        buckets = sorted({address_bucket(event.ip) for event in events})
        keys = [key for bucket in buckets for key in self._keys_of(bucket)]
        return await self._lift(operator, keys, user_id)

    async def _lift(
        self, operator: Actor, keys: list[str], user_id: UUID | None = None, address: str = ""
    ) -> list[str]:
        lifted: set[str] = set()
        await self._record_and_lift(operator, keys, user_id, address, lifted)
        return sorted({key.removeprefix("rate_limit:").partition(":")[0] for key in lifted})

    @retried
    async def _record_and_lift(
        self, operator: Actor, keys: list[str], user_id: UUID | None, address: str, lifted: set[str]
    ) -> None:
        """Reset the counters under `keys` and add those that existed to `lifted`, also across retries."""
        details: dict[str, Any] = {"address": address} if address else {}
        async with self._deps.database.unit() as connection:
            await self._administrators.require_change(connection, operator)
            if user_id is not None:
                row = await store.find(connection, user_id)
                if row is None:
                    raise AccountUnknown
                own = self._deps.limiter.limits(Limit.LOGIN_ACCOUNT, row.email_key)
                keys = [*(limit.key for limit in own), *keys]
            await self._deps.audit_log.record(
                connection,
                EventType.LIMITS_LIFTED,
                operator.context,
                user_id=user_id,
                actor=operator.actor,
                **details,
            )
            # Last, so that nothing is reset without being recorded.
            lifted.update(await self._deps.limiter.lift(keys))

    def _keys_of(self, address: str) -> list[str]:
        bucket = address if "/" in address else address_bucket(address)
        return [one.key for limit in ADDRESS_LIMITS for one in self._deps.limiter.limits(limit, bucket)]
