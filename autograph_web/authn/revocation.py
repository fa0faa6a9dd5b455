"""The revocation policy: for each cause, which credentials of an account are revoked, in a fixed order.

`python -m autograph_web revocation` prints it (docs/security.md). A use case names only its cause; every kind
of credential implements `Revocable` and is registered in `authn/module.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.links import Links, Purpose
from autograph_web.infra.clock import Clock
from autograph_web.sessions.sessions import Ended, Sessions


class Cause(StrEnum):
    """Why credentials are revoked; stored with each session that ended, and in the audit log."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (a cause)
    PASSWORD_RESET = "password_reset"  # noqa: S105  (a cause)
    EMAIL_OWNERSHIP_PROVEN = "unproven"
    SIGN_IN_DISAVOWED = "refused"
    EMAIL_CHANGED = "email_changed"
    EMAIL_CHANGE_UNDONE = "email_change_undone"
    MFA_ENABLED = "mfa_enabled"
    MFA_DISABLED = "mfa_disabled"
    MFA_RESET = "mfa_reset"
    ACCOUNT_LOCKED = "account_locked"
    ROLE_CHANGED = "role_changed"
    SESSIONS_ENDED_BY_ADMIN = "ended_by_admin"
    ACCOUNT_DELETED = "account_deleted"


class Extent(StrEnum):
    """How much of one kind is revoked; the values are the words of the printed table."""

    NONE = "–"
    ALL = "all"
    ALL_OR_KEPT = "all, unless the user keeps them"
    OTHERS_OR_KEPT = "all others, unless the user keeps them"
    SINCE = "those set up since then"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One row of the table. Ending sessions also ends every sign-in in progress."""

    meaning: str
    sessions: Extent = Extent.NONE
    second_factors: Extent = Extent.NONE
    trusted_devices: Extent = Extent.NONE
    api_keys: Extent = Extent.NONE
    links: tuple[Purpose, ...] = ()

    def extent_of(self, kind: str) -> Extent:
        """Return how many of the credentials of a `Revocable`'s kind are revoked."""
        return getattr(self, kind, Extent.NONE)


_ALL = Extent.ALL
_PENDING = (Purpose.PASSWORD_RESET, Purpose.EMAIL_CHANGE)
_OF_AN_ADDRESS = (*_PENDING, Purpose.EMAIL_VERIFICATION, Purpose.SIGN_IN_REFUSAL)
"""The links that lose their meaning with the address; undo links of earlier changes remain valid."""

POLICY: Mapping[Cause, Revocation] = {
    Cause.PASSWORD_CHANGED: Revocation(
        "the user changed the password",
        sessions=Extent.ALL_OR_KEPT,
        trusted_devices=_ALL,
        links=_PENDING,
    ),
    Cause.PASSWORD_RESET: Revocation(
        "the password was reset by email",
        *(_ALL, Extent.NONE, _ALL, _ALL),
        links=_PENDING,
    ),
    Cause.EMAIL_OWNERSHIP_PROVEN: Revocation(
        "the email was verified for the first time (anyone may have registered it)",
        *(_ALL, _ALL, _ALL, _ALL),
        links=_PENDING,
    ),
    Cause.SIGN_IN_DISAVOWED: Revocation(
        "“This wasn't me” in the email about a sign-in",
        *(_ALL, Extent.SINCE, _ALL, _ALL),
        links=_PENDING,
    ),
    Cause.EMAIL_CHANGED: Revocation("the user changed the email", links=_OF_AN_ADDRESS),
    Cause.EMAIL_CHANGE_UNDONE: Revocation(
        "the user undid an email change",
        *(_ALL, Extent.SINCE, _ALL, _ALL),
        links=_OF_AN_ADDRESS,
    ),
    Cause.MFA_ENABLED: Revocation(
        "two-step verification turned on, or the authenticator replaced",
        sessions=Extent.OTHERS_OR_KEPT,
        trusted_devices=_ALL,
    ),
    Cause.MFA_DISABLED: Revocation(
        "two-step verification turned off", second_factors=_ALL, trusted_devices=_ALL
    ),
    Cause.MFA_RESET: Revocation(
        "an administrator turned two-step verification off",
        sessions=_ALL,
        second_factors=_ALL,
        trusted_devices=_ALL,
    ),
    Cause.ACCOUNT_LOCKED: Revocation("an administrator locked the account", sessions=_ALL, links=_PENDING),
    Cause.ROLE_CHANGED: Revocation("an administrator changed the role", sessions=_ALL),
    Cause.SESSIONS_ENDED_BY_ADMIN: Revocation("an administrator signed the account out", sessions=_ALL),
    Cause.ACCOUNT_DELETED: Revocation(
        "the user deleted the account", *(_ALL, _ALL, _ALL, _ALL), links=tuple(Purpose)
    ),
}


@dataclass(frozen=True, slots=True)
class Order:
    """One revocation to carry out: the account, the cause, and since when credentials count (None: all)."""

    user_id: UUID
    cause: Cause
    now: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of revoking one kind: counts by their names in the audit log.

    `set_up_at` is when the removed second factor had been set up, if any; two-step verification then ends.
    """

    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    set_up_at: datetime | None = None


@runtime_checkable
class Revocable(Protocol):
    """A store of credentials of one kind."""

    kind: str
    """The name of the kind's column in the table."""

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        """Revoke an account's credentials of this kind, within the caller's unit of work."""
        ...


class LockedFirst(Protocol):
    """Credentials whose rows must be locked before the account's by every use case that locks both."""

    async def lock(self, connection: AsyncConnection, user_id: UUID) -> None:
        """Lock an account's credentials against concurrent changes."""
        ...


@dataclass(frozen=True, slots=True)
class Revoked:
    """The result of a revocation; call `Revocations.propagate` with it after the commit."""

    taken: tuple[Taken, ...]
    ended: Ended | None = None
    """Set if every session of the account ended."""
    others: tuple[UUID, ...] = ()
    """Otherwise the sessions that ended, all except the viewer's."""

    @property
    def sessions(self) -> int:
        """How many of the ended sessions were in use."""
        return self.ended.open if self.ended else len(self.others)

    def count(self, name: str) -> int:
        """Return how many credentials were revoked, by their name in the audit log."""
        return sum(taken.counts.get(name, 0) for taken in self.taken)

    @property
    def second_factor_set_up_at(self) -> datetime | None:
        """When the removed second factor had been set up, or None if none was removed."""
        return next((taken.set_up_at for taken in self.taken if taken.set_up_at), None)


class Revocations:
    """Applies the revocation policy."""

    def __init__(
        self,
        clock: Clock,
        sessions: Sessions,
        links: Links,
        revocables: Sequence[Revocable],
        first: Sequence[LockedFirst] = (),
    ) -> None:
        """Register `revocables` in the order in which their tables are locked, `first` before the account."""
        self._clock, self._sessions, self._links = clock, sessions, links
        self._revocables, self._first = revocables, first

    async def require_reachable(self) -> None:
        """Require that `propagate` can be expected to succeed.

        Raises:
            Unavailable: Redis is unavailable; nothing has been changed yet.
        """
        await self._sessions.require_certainty()

    async def lock(self, connection: AsyncConnection, user_id: UUID) -> None:
        """Lock the rows that precede the account's row, for use cases that lock the account themselves."""
        for one in self._first:
            await one.lock(connection, user_id)

    async def apply(
        self,
        connection: AsyncConnection,
        user_id: UUID,
        cause: Cause,
        *,
        since: datetime | None = None,
        keep_sessions: bool = False,
        but: UUID | None = None,
    ) -> Revoked:
        """Revoke what the policy specifies, within the caller's unit of work.

        Args:
            connection: The caller's unit of work.
            user_id: The account whose credentials are revoked.
            cause: The cause, which selects the row of the table.
            since: The start of the suspect period, where the table says "since then".
            keep_sessions: The user's choice, where the table permits one.
            but: The user's own session, where only all others end.

        Raises:
            SessionEnded: The account no longer exists.
        """
        row, now = POLICY[cause], self._clock.now()
        taken: list[Taken] = []
        for one in self._revocables:
            extent = row.extent_of(one.kind)
            if extent is not Extent.NONE:
                order = Order(user_id, cause, now, since if extent is Extent.SINCE else None)
                taken.append(await one.revoke_all(connection, order))
        if any(one.set_up_at for one in taken):
            await accounts.mirror_mfa(connection, user_id)
        if row.links:
            await self._links.revoke(connection, user_id, *row.links)
        kept = row.sessions is Extent.NONE or (keep_sessions and row.sessions is not Extent.ALL)
        if kept:
            return Revoked(tuple(taken))
        if row.sessions is Extent.OTHERS_OR_KEPT:
            others = await self._sessions.end_others(connection, user_id, but, cause)
            return Revoked(tuple(taken), others=tuple(others))
        return Revoked(tuple(taken), await self._sessions.end_every(connection, user_id, cause))

    async def propagate(self, revoked: Revoked, going_on: UUID | None = None) -> None:
        """Put committed ends of sessions into effect everywhere; notify all pages except those of `going_on`.

        Raises:
            Unavailable: As `Unfinished`: the change is committed, but Redis is unavailable, and an ended
                session may be accepted for up to five minutes.
        """
        if revoked.ended is not None:
            await self._sessions.make_certain(revoked.ended, going_on)
        elif revoked.others:
            await self._sessions.bury(list(revoked.others))


def table() -> list[tuple[str, ...]]:
    """Return the table as text: a header and a row for each cause."""
    header = ("what happens", "sessions", "second factors", "trusted devices", "API keys", "links")
    rows = [
        (
            row.meaning,
            *(row.sessions, row.second_factors, row.trusted_devices, row.api_keys),
            "all" if set(row.links) == set(Purpose) else ", ".join(row.links) or Extent.NONE,
        )
        for row in POLICY.values()
    ]
    return [header, *rows]
