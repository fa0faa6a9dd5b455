"""Finds accounts for operators."""

from dataclasses import dataclass

from autograph_web.accounts.emails import normalize_email
from autograph_web.admin import store
from autograph_web.admin.errors import AccountUnknown
from autograph_web.admin.user_summary import UserFilter, UserSummary, as_id
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.flow.second_factors import SecondFactors
from autograph_web.authn.methods.trusted_device.trusted_devices import TrustedDevices
from autograph_web.sessions.devices import Devices, OpenSession
from autograph_web.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True)
class UserDetail:
    """The state of an account: open sessions, remaining recovery codes and trusted devices."""

    person: UserSummary
    open_sessions: int
    recovery_codes_left: int
    trusted_devices: int


class UserDirectory:
    """All accounts, for operators."""

    def __init__(
        self,
        deps: UseCaseContext,
        sessions: Sessions,
        devices: Devices,
        second_factors: SecondFactors,
        trusted_devices: TrustedDevices,
    ) -> None:
        self._deps, self._sessions, self._devices = deps, sessions, devices
        self._second_factors, self._trusted_devices = second_factors, trusted_devices

    async def find(self, whom: str) -> UserSummary:
        """Return the account with this address, in any spelling, or with this id.

        Raises:
            AccountUnknown: There is no such account.
            Unavailable: The database is unavailable.
        """
        if not whom.isprintable():  # no address contains such characters, and PostgreSQL rejects NUL
            raise AccountUnknown
        user_id = as_id(whom)
        async with self._deps.database.read() as connection:
            if user_id is not None:
                row = await store.find(connection, user_id)
            else:
                row = await store.find_by_email(connection, normalize_email(whom))
        if row is None:
            raise AccountUnknown
        return UserSummary.of(row)

    async def page(self, wanted: UserFilter, after: str, limit: int) -> tuple[list[UserSummary], str | None]:
        """Return the selected accounts whose normalized address follows `after`, and the next page's `after`.

        Raises:
            Unavailable: The database is unavailable.
        """
        if not (wanted.fragment + after).isprintable():
            return [], None
        async with self._deps.database.read() as connection:
            rows = await store.selected(connection, wanted, after, limit + 1)
        people = [UserSummary.of(row) for row in rows[:limit]]
        return people, people[-1].email_key if len(rows) > limit else None

    async def standing(self, person: UserSummary) -> UserDetail:
        """Return the state of an account.

        Raises:
            Unavailable: The database is unavailable.
        """
        factors = await self._second_factors.status(person.id)
        devices = await self._trusted_devices.of(person.id)
        sessions = await self._sessions.count_active(person.id)
        return UserDetail(person, sessions, factors.recovery_codes_left, len(devices))

    async def sessions_of(self, person: UserSummary) -> list[OpenSession]:
        """Return the open sessions of an account, the most recently used first; at most 100.

        Raises:
            Unavailable: The database is unavailable.
        """
        return await self._devices.of_account(person.id)
