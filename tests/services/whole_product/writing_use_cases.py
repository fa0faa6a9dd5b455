"""Every use case that writes, each prepared for one user and not yet started."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from autograph_web.admin.roles import Role
from autograph_web.admin.user_provisioning import CreationInput
from autograph_web.container import Services
from autograph_web.flags.inputs import ALL_ACCOUNTS, parse_flag_change
from autograph_web.infra.errors import DomainError
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.recovery.first_verification import Evidence
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.api_keys import issue, use
from tests.support.services.clock import FakeClock
from tests.support.services.factories import PASSWORD, WRONG, context, open_pair, prove, register
from tests.support.services.flags import switch
from tests.support.services.operators import OPERATOR, administrator
from tests.support.services.password_reset import NEW_PASSWORD, ask, ask_and_open, choose
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    principal_of,
    reauthenticate,
    set_up,
    start,
    verify,
)

HOUR = 3600


@dataclass
class Stage:
    """One user for whom a use case is carried out."""

    services: Services
    clock: FakeClock
    mailbox: Mailbox
    number: int

    @property
    def email(self) -> str:
        return f"person{self.number}@northwind.dev"

    async def person(self) -> SessionPrincipal:
        """Register, and sign in as a REST client would."""
        await register(self.services, self.email)
        return await self.principal()

    async def principal(self) -> SessionPrincipal:
        return await principal_of(self.services, (await open_pair(self.services, self.email)).access_token)

    async def enrolled(self) -> Enrolled:
        return await enrol(self.services, self.clock, self.email)

    async def fresh(self) -> SessionPrincipal:
        return await fresh_viewer(self.services, self.clock, await self.enrolled())

    def code(self, enrolled: Enrolled) -> str:
        return enrolled.phone.code(self.clock.seconds())

    def token(self, page: str, email: str = "") -> str:
        return token_to(self.mailbox, email or self.email, page)


Act = Coroutine[Any, Any, object]
Case = Callable[[Stage], Awaitable[Act]]
CASES: list[Case] = []


def case(prepare: Case) -> Case:
    """Add a function that prepares a use case and returns it, not yet started."""
    CASES.append(prepare)
    return prepare


@case
async def registration(on: Stage) -> Act:
    return register(on.services, on.email)


@case
async def registration_with_a_verification_link(on: Stage) -> Act:
    await switch(on.services, "email_verification", "banner")
    return register(on.services, on.email)


@case
async def sign_in_after_registration(on: Stage) -> Act:
    account = await register(on.services, on.email)
    return on.services.sign_in.after_registration(context(), account)


@case
async def sign_in_from_an_unknown_browser(on: Stage) -> Act:
    await register(on.services, on.email)
    on.clock.advance(HOUR)
    return prove(on.services, on.email)


@case
async def sign_in_with_a_wrong_password(on: Stage) -> Act:
    await register(on.services, on.email)
    return prove(on.services, on.email, WRONG)


@case
async def first_step(on: Stage) -> Act:
    await on.enrolled()
    return start(on.services, email=on.email)


@case
async def second_step_with_a_code(on: Stage) -> Act:
    enrolled = await on.enrolled()
    on.clock.advance(HOUR)
    token = await challenge(on.services, email=on.email)
    return verify(on.services, on.code(enrolled), token, email=on.email)


@case
async def second_step_with_a_recovery_code(on: Stage) -> Act:
    enrolled = await on.enrolled()
    on.clock.advance(HOUR)
    token = await challenge(on.services, email=on.email)
    return verify(on.services, enrolled.paper[0], token, email=on.email)


@case
async def second_step_with_a_wrong_code(on: Stage) -> Act:
    await on.enrolled()
    token = await challenge(on.services, email=on.email)
    return verify(on.services, "abcd-efgh-jkmn-pqrs", token, email=on.email)


@case
async def reauthentication(on: Stage) -> Act:
    principal = await on.person()
    return reauthenticate(on.services, principal)


@case
async def reauthentication_with_a_code(on: Stage) -> Act:
    enrolled = await on.enrolled()
    principal = await principal_of(on.services, enrolled.access_token)
    return reauthenticate(on.services, principal, on.code(enrolled))


@case
async def session_of_a_browser(on: Stage) -> Act:
    await register(on.services, on.email)
    grant = await prove(on.services, on.email)
    return on.services.sessions.open_for_browser(context(), grant)


@case
async def session_of_a_client(on: Stage) -> Act:
    await register(on.services, on.email)
    grant = await prove(on.services, on.email)
    return on.services.tokens.open_for_client(context(), grant)


@case
async def use_of_a_session(on: Stage) -> Act:
    await register(on.services, on.email)
    pair = await open_pair(on.services, on.email)
    on.clock.advance(120)
    return on.services.sessions.authenticate_token(pair.access_token)


@case
async def refresh(on: Stage) -> Act:
    await register(on.services, on.email)
    pair = await open_pair(on.services, on.email)
    return on.services.tokens.refresh(context(), pair.refresh_token)


@case
async def refresh_asked_twice(on: Stage) -> Act:
    await register(on.services, on.email)
    pair = await open_pair(on.services, on.email)
    await on.services.tokens.refresh(context(), pair.refresh_token)
    return on.services.tokens.refresh(context(), pair.refresh_token)


@case
async def refresh_with_a_copied_token(on: Stage) -> Act:
    await register(on.services, on.email)
    pair = await open_pair(on.services, on.email)
    await on.services.tokens.refresh(context(), pair.refresh_token)
    on.clock.advance(HOUR)
    return on.services.tokens.refresh(context(), pair.refresh_token)


@case
async def sign_out(on: Stage) -> Act:
    return on.services.sessions.end(context(), await on.person())


@case
async def sign_out_of_another_session(on: Stage) -> Act:
    principal, other = await on.person(), await on.principal()
    return on.services.devices.sign_out(context(), principal, other.session_id)


@case
async def sign_out_of_all_others(on: Stage) -> Act:
    principal, _ = await on.person(), await on.principal()
    return on.services.devices.sign_out_others(context(), principal)


@case
async def sign_out_everywhere(on: Stage) -> Act:
    return on.services.sessions.end_all(context(), await on.person())


@case
async def verification_asked_for(on: Stage) -> Act:
    await register(on.services, on.email)
    return on.services.verification.request(context(), on.email)


@case
async def verification_asked_for_by_its_owner(on: Stage) -> Act:
    return on.services.verification.resend(context(), (await on.person()).user_id)


@case
async def verification_by_the_owner(on: Stage) -> Act:
    principal = await on.person()
    await on.services.verification.request(context(), on.email)
    evidence = Evidence(user_id=principal.user_id)
    return on.services.first_proof.confirm(context(), on.token("/verify-email"), evidence)


@case
async def verification_without_evidence(on: Stage) -> Act:
    await on.person()
    await on.services.verification.request(context(), on.email)
    return on.services.first_proof.confirm(context(), on.token("/verify-email"))


@case
async def reset_asked_for(on: Stage) -> Act:
    await register(on.services, on.email)
    return ask(on.services, on.email)


@case
async def reset_asked_for_a_stranger(on: Stage) -> Act:
    return ask(on.services, on.email)


@case
async def reset(on: Stage) -> Act:
    await on.person()
    return choose(on.services, await ask_and_open(on.services, on.mailbox, on.email))


@case
async def password_change(on: Stage) -> Act:
    data = PasswordChangeInput(current_password=SecretStr(PASSWORD), new_password=SecretStr(NEW_PASSWORD))
    return on.services.password_change.change(context(), await on.person(), data)


@case
async def change_of_address_asked_for(on: Stage) -> Act:
    return on.services.email_change.request(context(), await on.person(), f"new-{on.email}")


@case
async def change_of_address(on: Stage) -> Act:
    await on.services.email_change.request(context(), await on.person(), f"new-{on.email}")
    return on.services.email_change.confirm(context(), on.token("/change-email", f"new-{on.email}"))


@case
async def change_of_address_taken_back(on: Stage) -> Act:
    await on.services.email_change.request(context(), await on.person(), f"new-{on.email}")
    return on.services.email_undo.undo(context(), on.token("/undo-email-change"))


@case
async def sign_in_taken_back(on: Stage) -> Act:
    await register(on.services, on.email)
    on.clock.advance(HOUR)
    await prove(on.services, on.email)
    return on.services.sign_in_disavowal.refuse(context(), on.token("/not-me"))


@case
async def api_key_made(on: Stage) -> Act:
    return issue(on.services, await on.person())


@case
async def api_key_revoked(on: Stage) -> Act:
    principal = await on.person()
    made = await issue(on.services, principal)
    return on.services.api_keys.revoke(context(), principal, made.key.id)


@case
async def api_key_used_after_its_end(on: Stage) -> Act:
    principal = await on.person()
    made = await issue(on.services, principal)
    await on.services.api_keys.revoke(context(), principal, made.key.id)
    return use(on.services, made.text)


@case
async def setup_begun(on: Stage) -> Act:
    return on.services.enrolment.begin(context(), await on.person())


@case
async def two_step_turned_on(on: Stage) -> Act:
    principal, _ = await on.person(), await on.principal()
    phone = await set_up(on.services, principal)
    return on.services.enrolment.enable(context(), principal, phone.code(on.clock.seconds()))


@case
async def two_step_turned_off(on: Stage) -> Act:
    return on.services.enrolment.disable(context(), await on.fresh())


@case
async def recovery_codes_made_anew(on: Stage) -> Act:
    return on.services.enrolment.regenerate_codes(context(), await on.fresh())


@case
async def device_trusted(on: Stage) -> Act:
    return on.services.trusted_devices.trust(context(), (await on.enrolled()).user_id)


@case
async def device_trusted_no_longer(on: Stage) -> Act:
    principal = await on.fresh()
    await on.services.trusted_devices.trust(context(), principal.user_id)
    [device] = await on.services.trusted_devices.of(principal.user_id)
    return on.services.trusted_devices.forget(context(), principal, device.id)


@case
async def account_deleted(on: Stage) -> Act:
    return on.services.deletion.delete(context(), await on.person(), on.email)


@case
async def account_made_by_an_operator(on: Stage) -> Act:
    return on.services.user_provisioning.create(OPERATOR, CreationInput(email=on.email, invite=True))


@case
async def account_locked(on: Stage) -> Act:
    return on.services.user_actions.lock(OPERATOR, (await on.person()).user_id)


@case
async def account_unlocked(on: Stage) -> Act:
    principal = await on.person()
    await on.services.user_actions.lock(OPERATOR, principal.user_id)
    return on.services.user_actions.unlock(OPERATOR, principal.user_id)


@case
async def role_given(on: Stage) -> Act:
    return on.services.user_actions.set_role(OPERATOR, (await on.person()).user_id, Role.ADMIN)


@case
async def sessions_ended_by_an_operator(on: Stage) -> Act:
    return on.services.user_actions.end_sessions(OPERATOR, (await on.person()).user_id)


@case
async def two_step_turned_off_by_an_operator(on: Stage) -> Act:
    return on.services.user_actions.reset_mfa(OPERATOR, (await on.enrolled()).user_id)


@case
async def limits_of_an_address_lifted(on: Stage) -> Act:
    with pytest.raises(DomainError):
        await prove(on.services, on.email, WRONG)
    return on.services.limits.lift_address(OPERATOR, "203.0.113.7")


@case
async def limits_of_an_account_lifted(on: Stage) -> Act:
    account = await register(on.services, on.email)
    with pytest.raises(DomainError):
        await prove(on.services, on.email, WRONG)
    return on.services.limits.lift_account(OPERATOR, account.id)


@case
async def flag_switched(on: Stage) -> Act:
    operator = await administrator(on.services, on.email)
    assert isinstance(operator.caller, SessionPrincipal)
    data = parse_flag_change("trusted_devices", "off", ALL_ACCOUNTS - on.number)
    return on.services.feature_flags.change(context(), operator.caller, data)
