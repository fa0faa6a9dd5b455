"""One lock order: a transaction that holds an account never waits for the rows that belong to it.

Only PostgreSQL locks rows; there, two transactions that locked them in opposite orders would wait for each
other until one of them is aborted.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from autograph_web.accounts import store as accounts
from autograph_web.accounts.links import Purpose
from autograph_web.admin.user_summary import Actor
from autograph_web.authn.methods.trusted_device import store as trusted_devices
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError, Unavailable
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, context
from tests.support.services.password_reset import NEW_PASSWORD
from tests.support.services.two_step import enrol, fresh_viewer

_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
UseCase = Callable[[Services, SessionPrincipal], Awaitable[object]]


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
async def principal(services: Services, clock: FakeClock) -> SessionPrincipal:
    """A user with a factor, a trusted device and a link of every purpose."""
    mina = await enrol(services, clock)
    looking = await fresh_viewer(services, clock, mina)
    await services.trusted_devices.trust(context(), mina.user_id)
    async with services.database.unit() as connection:
        for purpose in Purpose:
            await services.links.issue(connection, purpose, mina.user_id, purpose.life, EMAIL)
    return looking


def change_password(services: Services, principal: SessionPrincipal) -> Awaitable[object]:
    data = PasswordChangeInput.model_validate({"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    return services.password_change.change(context(), principal, data)


USE_CASES: dict[str, UseCase] = {
    "change the password": change_password,
    "delete the account": lambda services, principal: services.deletion.delete(context(), principal, EMAIL),
    "ask for another address": lambda services, principal: services.email_change.request(
        context(), principal, "mina@elsewhere.example"
    ),
    "ask for the letter again": lambda services, principal: services.verification.resend(
        context(), principal.user_id
    ),
    "turn two steps off": lambda services, principal: services.enrolment.disable(context(), principal),
    "lock": lambda services, principal: services.user_actions.lock(Actor("x", context()), principal.user_id),
    "take the factors away": lambda services, principal: services.user_actions.reset_mfa(
        Actor("x", context()), principal.user_id
    ),
}


@pytest.mark.parametrize("name", USE_CASES)
async def test_whoever_holds_the_account_need_not_wait_for_the_rest(
    services: Services, principal: SessionPrincipal, name: str
) -> None:
    async with services.database.unit() as connection:
        await accounts.lock(connection, principal.user_id)
        other = asyncio.ensure_future(USE_CASES[name](services, principal))
        await _until_it_waits(services, other)
        # If the other one had already locked any of these, each would now wait for the other.
        await services.links.revoke(connection, principal.user_id, *Purpose)
        await trusted_devices.forget_devices(connection, principal.user_id)
    try:
        await other
    except Unavailable:
        raise
    except DomainError:
        pass  # the state may well have changed in the meantime


async def _until_it_waits(services: Services, other: "asyncio.Future[object]") -> None:
    while not other.done():
        async with services.database.read() as connection:
            if (await connection.execute(text(_WAITING))).scalar_one():
                return
        await asyncio.sleep(0.01)
    await other
    raise AssertionError("it did not wait for the account")
