"""What happened each day, how things stand now, and what needs somebody."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from autograph_web.admin.statistics import store
from autograph_web.admin.statistics.attention import Attention, attention_to
from autograph_web.admin.statistics.figures import Day, Now, Span
from autograph_web.audit.foundation import Foundation
from autograph_web.audit.kinds import Kind
from autograph_web.sessions.store import count_all_alive

_FAILURES = (Kind.LOGIN_FAILED, Kind.MFA_VERIFY_FAILED)
_ARRIVALS = (Kind.REGISTRATION_SUCCESS, Kind.ACCOUNT_CREATED_BY_ADMIN)
_LOSSES_OF_FACTOR = (Kind.MFA_DISABLED, Kind.MFA_RESET_BY_ADMIN)
_COUNTED = (
    *(Kind.LOGIN_SUCCESS, Kind.MFA_ENABLED, Kind.ACCOUNT_DELETED, Kind.TOKEN_REUSE_DETECTED),
    *(*_FAILURES, *_ARRIVALS, *_LOSSES_OF_FACTOR),
)
_ACTIVE = timedelta(days=7)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the overview shows, as it was `at` that moment."""

    at: datetime
    days: list[Day]
    now: Now
    attention: list[Attention]


class Statistics:
    """Counts with a few aggregates in the database; nobody's events are read one by one."""

    def __init__(self, foundation: Foundation, retention_days: int) -> None:
        self._on, self._retention_days = foundation, retention_days

    async def report(self, span: Span) -> Report:
        """Return the days of `span`, oldest first; those whose events are kept no longer are left out.

        Raises:
            Unavailable: The database is away.
        """
        at = self._on.clock.now()
        first = at.date() - (self._known(span) - 1) * _ONE_DAY
        since = datetime.combine(first, time(), UTC)
        async with self._on.database.read() as connection:
            counts = await store.counts(connection, _COUNTED, since)
            replaced = await store.replaced_factors(connection, since)
            deleted = await store.deleted_with_factor(connection, since)
            people = await store.accounts(connection, at - _ACTIVE)
            sessions = await count_all_alive(connection, at)
            letters = await store.letters(connection)
        now = Now(
            accounts=people.every,
            active=people.active,
            with_mfa=people.with_mfa,
            locked=people.locked,
            open_sessions=sessions,
            letters_waiting=letters.waiting,
            letters_failed=letters.failed,
        )
        days = _days(first, at.date(), now, _Events(counts, replaced, deleted))
        reused = sum(n for (_, kind), n in counts.items() if kind is Kind.TOKEN_REUSE_DETECTED)
        late = await self._on.outbox.is_late()
        found = attention_to(days, now, late=late, bare_admins=people.bare_admins, reused=reused)
        return Report(at, days, now, found)

    def _known(self, span: Span) -> int:
        return min(span, self._retention_days or span)


@dataclass(frozen=True, slots=True)
class _Events:
    counts: store.Counts
    replaced: dict[date, int]
    deleted_with_factor: dict[date, int]

    def of(self, day: date, *kinds: Kind) -> int:
        return sum(self.counts.get((day, kind), 0) for kind in kinds)

    def change_of_accounts(self, day: date) -> int:
        return self.of(day, *_ARRIVALS) - self.of(day, Kind.ACCOUNT_DELETED)

    def change_of_factors(self, day: date) -> int:
        gained = self.of(day, Kind.MFA_ENABLED) - self.replaced.get(day, 0)
        return gained - self.of(day, *_LOSSES_OF_FACTOR) - self.deleted_with_factor.get(day, 0)


def _days(first: date, today: date, now: Now, events: _Events) -> list[Day]:
    """Walk back from how things stand, so that the newest day agrees with it whatever is not in the log."""
    found: list[Day] = []
    day, accounts, with_mfa = today, now.accounts, now.with_mfa
    while day >= first:
        found.append(
            Day(
                day=day,
                sign_ins=events.of(day, Kind.LOGIN_SUCCESS),
                failures=events.of(day, *_FAILURES),
                registrations=events.of(day, *_ARRIVALS),
                accounts=accounts,
                with_mfa=with_mfa,
            )
        )
        accounts = max(0, accounts - events.change_of_accounts(day))
        with_mfa = min(accounts, max(0, with_mfa - events.change_of_factors(day)))
        day -= _ONE_DAY
    return found[::-1]
