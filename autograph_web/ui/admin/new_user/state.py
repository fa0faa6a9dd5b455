"""The state of the page on which an administrator creates an account. No password enters a var."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

import reflex as rx
from pydantic import SecretStr

from autograph_web.accounts.errors import EmailTaken
from autograph_web.admin.user_provisioning import CreationInput
from autograph_web.admin.user_summary import Actor, Role
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError, InvalidInput
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui.account_form import Action
from autograph_web.ui.admin.person.state import CREATED
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import ADMIN_NEW_USER, ADMIN_PERSON, Route
from autograph_web.ui.step_up import StepUpPage

CREATE = "create"
"""The step with the form of the account."""


class NewUserState(StepUpPage, rx.State):
    """The state of the page; the form requires recent authentication."""

    _route: ClassVar[Route] = ADMIN_NEW_USER

    @rx.event
    async def create(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Create the account; without a password its owner gets an email with a link to choose one."""
        if self.pending or self.step != CREATE:
            return
        self._begin()
        yield
        if self._required_fields(form, "email") is not None:
            await self._run(self._created(form))

    async def _after_first_load(self) -> None:
        await self._run(self._continue(CREATE))

    def _created(self, form: Any) -> Action:
        async def created(context: RequestContext, principal: SessionPrincipal) -> None:
            typed = text_fields(form, "email", "password", "role")
            if typed["role"] not in list(Role):
                raise InvalidInput
            password = SecretStr(typed["password"]) if typed["password"] else None
            intent = CreationInput(
                email=typed["email"], role=Role(typed["role"]), password=password, invite=password is None
            )
            made = await services().user_provisioning.create(Actor.administrator(context, principal), intent)
            self._leave_for(f"{ADMIN_PERSON.path}?id={made.id}&then={CREATED}")

        return created

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        self.on = account.mfa_enabled
        self._show_account(principal, account)

    def _parse_intent(self, intent: object) -> str | None:
        return CREATE if intent == CREATE else None

    async def _reauthenticate(self) -> None:
        self._require_reauth(CREATE)

    def _card(self) -> str:
        return "new-user"

    def _may_cancel(self) -> bool:
        return False  # the page has a link back instead

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, EmailTaken):
            return "That email is already in use or reserved."
        return super()._sentence(error)
