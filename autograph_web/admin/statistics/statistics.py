"""Events per day, the current state, and what requires an operator's attention."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.admin.statistics import store
from autograph_web.admin.statistics.alerts import Alert, alerts_for
from autograph_web.admin.statistics.figures import Day, Now, Span
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.db.retry import retried
from autograph_web.sessions.sessions import Sessions

_FAILURES = (EventType.LOGIN_FAILED.value, EventType.MFA_VERIFY_FAILED.value)
_ARRIVALS = (EventType.REGISTRATION_SUCCESS.value, EventType.ACCOUNT_CREATED_BY_ADMIN.value)
_DEPARTURES = (EventType.ACCOUNT_DELETED.value, store.DELETED_WITH_MFA)
_FACTOR_LOST = (EventType.MFA_DISABLED.value, EventType.MFA_RESET_BY_ADMIN.value, store.DELETED_WITH_MFA)
# After this time, no row with a smaller id can be written any more.
_SETTLED = timedelta(minutes=10)
_BATCH = 50_000
_ACTIVE = timedelta(days=7)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Report:
    """The data of the overview page, as of `at`."""

    at: datetime
    days: list[Day]
    now: Now
    attention: list[Alert]


class Statistics:
    """Counts each event once, about an hour after it happened, and newer events at each request."""

    def __init__(self, deps: UseCaseContext, sessions: Sessions, retention_days: int) -> None:
        self._deps, self._sessions, self._retention_days = deps, sessions, retention_days

    async def report(self, span: Span) -> Report:
        """Return the days of `span`, oldest first; days whose events were deleted uncounted are omitted.

        Raises:
            Unavailable: The database is unavailable.
        """
        at = self._deps.clock.now()
        first = at.date() - (span - 1) * _ONE_DAY
        async with self._deps.database.read() as connection:
            events = await self._events(connection, first)
            now = await self._now(connection, at)
            admins_without_mfa = await store.admins_without_mfa(connection)
        if self._retention_days:
            first = max(first, min(events.first, at.date()))
        days = _days(first, at.date(), now, events)
        reused = sum(events.of(day.day, EventType.TOKEN_REUSE_DETECTED.value) for day in days)
        late = (await self._deps.outbox.standing()).late
        found = alerts_for(days, now, late=late, admins_without_mfa=admins_without_mfa, reused=reused)
        return Report(at, days, now, found)

    async def count_settled(self) -> int:
        """Count the events since the last run permanently; return how many.

        Raises:
            Unavailable: The database is unavailable; committed counts remain, each event counted once.
        """
        total = 0
        while counted := await self._count_some():
            total += counted
        return total

    @retried
    async def _count_some(self) -> int:
        async with self._deps.database.unit() as connection:
            if not await store.try_lock(connection):
                return 0
            last = await store.last_counted(connection)
            before = self._deps.clock.now() - _SETTLED
            through = await store.settled(connection, last, before, _BATCH)
            found = await store.count(connection, last, through) if through > last else []
            if found:
                await store.add(connection, found, through)
        return sum(one.number for one in found)

    async def _now(self, connection: AsyncConnection, at: datetime) -> Now:
        people = await store.accounts(connection, at - _ACTIVE)
        letters = await store.letters(connection)
        return Now(
            accounts=people.every,
            active=people.active,
            with_mfa=people.with_mfa,
            locked=people.locked,
            open_sessions=await self._sessions.count_all(connection),
            letters_waiting=letters.waiting,
            letters_failed=letters.failed,
        )

    async def _events(self, connection: AsyncConnection, since: date) -> "_Events":
        # In this order, so that events counted permanently meanwhile are neither missed nor counted twice.
        counted = await store.counted(connection, since)
        last = max((one.through_id for one in counted), default=0)
        return _Events([*counted, *await store.count(connection, last)])


class _Events:
    """The number of events by day and kind."""

    def __init__(self, counted: list[store.Counted]) -> None:
        self._numbers: Counter[tuple[date, str]] = Counter()
        for one in counted:
            self._numbers[one.day, one.what] += one.number
        self.first = min((one.day for one in counted), default=date.max)

    def of(self, day: date, *what: str) -> int:
        return sum(self._numbers[day, one] for one in what)

    def change_of_accounts(self, day: date) -> int:
        return self.of(day, *_ARRIVALS) - self.of(day, *_DEPARTURES)

    def change_of_factors(self, day: date) -> int:
        return self.of(day, EventType.MFA_ENABLED.value) - self.of(day, *_FACTOR_LOST)


def _days(first: date, today: date, now: Now, events: _Events) -> list[Day]:
    """Compute backwards from the current state, so that the newest day agrees with it in any case."""
    found: list[Day] = []
    day, accounts, with_mfa = today, now.accounts, now.with_mfa
    while day >= first:
        found.append(
            Day(
                day=day,
                sign_ins=events.of(day, EventType.LOGIN_SUCCESS.value),
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
