"""The state behind the overview."""

from typing import ClassVar

import reflex as rx

from autograph_web.infra.errors import DomainError
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard, viewer
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.routes import DASHBOARD, SIGN_IN, Route
from autograph_web.ui.viewer import ActivityRow

_ROWS = 8


class DashboardState(AccountPage, rx.State):
    """What the overview shows."""

    _here: ClassVar[Route] = DASHBOARD

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
        await self._show_failure(self._end_all(), self._say_problem)

    async def _end_all(self) -> None:
        looking = await self._looking()
        await services().sessions.end_all(guard.request_context(self.router), looking)
        self._go(f"{SIGN_IN.path}?ended=all")

    def _say_problem(self, error: DomainError) -> None:
        self.problem = error.detail

    async def _fill(self, looking: Viewer) -> None:
        account = await services().profiles.of(looking.user_id)
        active = await services().sessions.count_active(looking.user_id)
        last = await services().audit_log.last_sign_in_before(looking.user_id, looking.session_id)
        recent = await services().audit_log.recent(looking.user_id, _ROWS)
        factors = await services().second_factors.status(looking.user_id)
        # Nothing is shown before everything is there.
        self._show_owner(looking, account)
        self.role, self.active = looking.role, active
        self.two_step, self.codes_left = factors.enabled, factors.recovery_codes_left
        self.here = describe_user_agent(self.router.headers.user_agent)
        self.since_at, self.since_when = (
            viewer.iso(looking.signed_in_at),
            viewer.in_words(looking.signed_in_at),
        )
        self.last_at = viewer.iso(last.at) if last else ""
        self.last_when = viewer.in_words(last.at) if last else ""
        self.last_where = viewer.place(last) if last else ""
        self.rows = [viewer.activity_row(event, n, looking.session_id) for n, event in enumerate(recent)]
        self.problem = ""

    def _load_failed(self, error: DomainError) -> None:
        self.answers += 1
        super()._load_failed(error)
