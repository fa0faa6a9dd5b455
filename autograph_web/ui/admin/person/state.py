"""The state of an administrator's page of one account."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx

from autograph_web.admin.errors import AccountUnknown
from autograph_web.admin.inputs import AuditInput
from autograph_web.admin.user_summary import Actor, Role
from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import view_models
from autograph_web.ui.admin.rows import AuditRow, UserRow, audit_row, user_row
from autograph_web.ui.routes import ADMIN_AUDIT, ADMIN_PERSON, Route
from autograph_web.ui.step_up import StepUpPage
from autograph_web.ui.view_models import DeviceRow

_EVENTS = 10
_CARD = "person"
CREATED = "created"
"""The value of `?then=` after the account was created."""


class Intent(StrEnum):
    """What an administrator may do; the value is also the value of `?then=` and the name of the step."""

    LOCK = "lock"
    UNLOCK = "unlock"
    MAKE_ADMIN = "make-admin"
    MAKE_USER = "make-user"
    END_SESSIONS = "end-sessions"
    RESET_MFA = "reset-mfa"
    LIFT_LIMITS = "lift-limits"


_Change = Callable[[Actor, UUID], Awaitable[str]]


async def _lock(operator: Actor, user_id: UUID) -> str:
    locked = await services().user_actions.lock(operator, user_id)
    return "is locked and signed out everywhere." if locked else "was already locked."


async def _unlock(operator: Actor, user_id: UUID) -> str:
    unlocked = await services().user_actions.unlock(operator, user_id)
    return "can sign in again." if unlocked else "was already unlocked."


async def _make_admin(operator: Actor, user_id: UUID) -> str:
    await services().user_actions.set_role(operator, user_id, Role.ADMIN)
    return "is now an administrator and must sign in again."


async def _make_user(operator: Actor, user_id: UUID) -> str:
    await services().user_actions.set_role(operator, user_id, Role.USER)
    return "is no longer an administrator and must sign in again."


async def _end_sessions(operator: Actor, user_id: UUID) -> str:
    await services().user_actions.end_sessions(operator, user_id)
    return "is signed out everywhere."


async def _reset_mfa(operator: Actor, user_id: UUID) -> str:
    await services().user_actions.reset_mfa(operator, user_id)
    return "can sign in with just a password until two-step verification is set up again."


async def _lift_limits(operator: Actor, user_id: UUID) -> str:
    lifted = await services().limits.lift_account(operator, user_id)
    return "can try again immediately." if lifted else "was no longer limited."


_CHANGES: dict[Intent, _Change] = {
    Intent.LOCK: _lock,
    Intent.UNLOCK: _unlock,
    Intent.MAKE_ADMIN: _make_admin,
    Intent.MAKE_USER: _make_user,
    Intent.END_SESSIONS: _end_sessions,
    Intent.RESET_MFA: _reset_mfa,
    Intent.LIFT_LIMITS: _lift_limits,
}


class PersonState(StepUpPage, rx.State):
    """The state of the page of one account, whose id `_user_id` is fixed when the page is opened.

    `mine` is whether it is the administrator's own account, `missing` whether there is no such account.
    """

    _route: ClassVar[Route] = ADMIN_PERSON

    mine: bool = False
    missing: bool = False
    person: rx.Field[UserRow] = rx.field(default_factory=UserRow)
    codes_left: int = 0
    trusted: int = 0
    open_count: int = 0
    devices: rx.Field[list[DeviceRow]] = rx.field(default_factory=list)
    rows: rx.Field[list[AuditRow]] = rx.field(default_factory=list)
    all_events: str = ""
    _user_id: str = ""

    @rx.event
    async def carry_out(self) -> AsyncGenerator[None, None]:
        """Carry out the confirmed change."""
        if self.pending or self.step not in list(Intent):
            return
        self._begin()
        yield
        await self._run(self._done)

    async def _done(self, context: RequestContext, principal: SessionPrincipal) -> None:
        change, email = _CHANGES[Intent(self.step)], self.person.email
        words = await change(Actor.administrator(context, principal), UUID(self._user_id))
        if self.mine:  # the change may have ended this very session
            await self._authorize()
        await self._finish(f"{email} {words}", _CARD)(context, principal)

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        self._user_id = self._user_id or str(self.router.url.query_parameters.get("id", ""))
        try:
            await self._show_person(principal)
        except AccountUnknown:
            self.person, self.missing = UserRow(), True
        self.on = account.mfa_enabled
        self._show_account(principal, account)

    async def _show_person(self, principal: SessionPrincipal) -> None:
        person = await services().user_directory.find(self._user_id)
        status = await services().user_directory.standing(person)
        devices = await services().user_directory.sessions_of(person)
        recent = await services().audit_search.page(AuditInput(person=str(person.id)), None, _EVENTS)
        # Set the vars only after everything was read.
        self._user_id, self.missing, self.mine = str(person.id), False, person.id == principal.user_id
        self.person = user_row(person)
        self.codes_left, self.trusted = status.recovery_codes_left, status.trusted_devices
        self.open_count = status.open_sessions
        self.devices = [view_models.device_row(one) for one in devices]
        self.rows = [audit_row(one) for one in recent.found]
        self.all_events = f"{ADMIN_AUDIT.path}?{urlencode({'person': self._user_id})}"

    def _show_outcome(self, then: object) -> None:
        if then == CREATED and not self.missing:
            self.notice = "Account created."
            self._focus_on(_CARD)

    def _parse_intent(self, intent: object) -> str | None:
        possible = isinstance(intent, str) and intent in list(Intent) and not self.missing
        return intent if possible and isinstance(intent, str) else None

    def _address(self, **query: str) -> str:
        return super()._address(id=self._user_id, **query)

    def _card(self) -> str:
        return _CARD
