"""The state of the overview."""

from typing import ClassVar

import reflex as rx

from autograph_web.infra.errors import DomainError
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import guard, view_models
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.routes import DASHBOARD, SIGN_IN, Route
from autograph_web.ui.view_models import ActivityRow

_ROWS = 8


class DashboardState(AccountPage, rx.State):
    """The state of the overview."""

    _route: ClassVar[Route] = DASHBOARD

    answers: int = 0
    problem: str = ""
    role: str = ""
    two_step: bool = False
    codes_left: int = 0
    active: int = 0
    last_at: str = ""
    last_when: str = ""
    last_where: str = ""
    here: str = ""
    since_at: str = ""
    since_when: str = ""
    rows: rx.Field[list[ActivityRow]] = rx.field(default_factory=list)

    @rx.event
    async def sign_out_everywhere(self) -> None:
        """End every session of the account, this one included."""
        self.answers += 1
        await self._show_failure(self._end_all(), self._show_problem)

    async def _end_all(self) -> None:
        principal = await self._authorize()
        await services().sessions.end_all(guard.request_context(self.router), principal)
        self._leave_for(f"{SIGN_IN.path}?ended=all")

    def _show_problem(self, error: DomainError) -> None:
        self.problem = error.detail

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        active = await services().sessions.count_active(principal.user_id)
        last = await services().audit_log.last_sign_in_before(principal.user_id, principal.session_id)
        recent = await services().audit_log.recent(principal.user_id, _ROWS)
        factors = await services().second_factors.status(principal.user_id)
        # Set the vars only after everything was read.
        self._show_account(principal, account)
        self.role, self.active = principal.role, active
        self.two_step, self.codes_left = factors.enabled, factors.recovery_codes_left
        self.here = describe_user_agent(self.router.headers.user_agent)
        self.since_at, self.since_when = (
            view_models.iso(principal.signed_in_at),
            view_models.format_datetime(principal.signed_in_at),
        )
        self.last_at = view_models.iso(last.at) if last else ""
        self.last_when = view_models.format_datetime(last.at) if last else ""
        self.last_where = view_models.origin_text(last) if last else ""
        self.rows = [
            view_models.activity_row(event, n, principal.session_id) for n, event in enumerate(recent)
        ]
        self.problem = ""

    def _load_failed(self, error: DomainError) -> None:
        self.answers += 1
        super()._load_failed(error)
