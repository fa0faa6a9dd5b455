"""From an email and a password to an authentication grant, on both databases."""

import asyncio

import pytest
from pydantic import SecretStr

from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.store import USERS, advance_epoch
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.authn.flow.inputs import ReauthenticationInput
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError
from autograph_web.profile.inputs import PasswordChangeInput
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    AGENT,
    EMAIL,
    PASSWORD,
    WRONG,
    audited,
    change,
    context,
    open_cookie,
    prove,
    register,
    rows,
)
from tests.support.services.password_reset import NEW_PASSWORD


async def test_the_right_password_gives_a_proof_for_the_account(services: Services, clock: FakeClock) -> None:
    account = await register(services)
    clock.advance(5)

    grant = await prove(services, remember=True)

    assert (grant.user_id, grant.email, grant.remember) == (account.id, EMAIL, True)
    assert grant.authenticated_at == clock.now()
    assert (await rows(services, USERS))[0].last_sign_in_at == clock.now()


async def test_a_success_is_audited_with_its_circumstances(services: Services) -> None:
    account = await register(services)
    grant = await prove(services, ip="2001:db8::1", remember=True)

    [row] = await audited(services, "login_success")
    assert (row.user_id, row.session_id) == (account.id, grant.session_id)
    assert (row.ip, row.user_agent) == ("2001:db8::1", AGENT)
    assert row.details == {"method": "password", "remember_me": True}


@pytest.mark.parametrize("email", [EMAIL.upper(), f" {EMAIL}\t", "\uff2d\uff29\uff2e\uff21@northwind.dev"])
async def test_any_spelling_of_the_address_signs_in(services: Services, email: str) -> None:
    account = await register(services)

    assert (await prove(services, email)).user_id == account.id


@pytest.mark.parametrize(
    "password", [WRONG, "", PASSWORD.upper(), PASSWORD + " ", PASSWORD + "\0", "x" * 5000, "\0", "\U0001f511"]
)
async def test_any_other_password_is_refused(services: Services, password: str) -> None:
    await register(services)

    with pytest.raises(InvalidCredentials):
        await prove(services, password=password)


@pytest.mark.parametrize("email", ["nobody@northwind.dev", "", "not an address", "a\0b@northwind.dev", "%"])
async def test_an_unknown_address_is_refused_like_a_wrong_password(services: Services, email: str) -> None:
    await register(services)

    with pytest.raises(InvalidCredentials):
        await prove(services, email)


async def test_failures_are_audited_without_what_was_typed(services: Services) -> None:
    account = await register(services)
    for email in (EMAIL, "hunter2-typed-into-the-wrong-field"):
        with pytest.raises(InvalidCredentials):
            await prove(services, email, WRONG)

    wrong, unknown = await audited(services, "login_failed")
    assert (wrong.user_id, wrong.details) == (account.id, {"known_account": True})
    assert (unknown.user_id, unknown.details) == (None, {"known_account": False})


async def test_a_locked_account_is_refused_like_a_wrong_password(services: Services) -> None:
    account = await register(services)
    await change(services, USERS, status="locked")

    with pytest.raises(InvalidCredentials):
        await prove(services)

    [row] = await audited(services, "login_failed")
    assert row.user_id == account.id
    assert await audited(services, "login_success") == []


async def test_an_account_locked_after_the_proof_gets_no_session(services: Services) -> None:
    await register(services)
    grant = await prove(services)
    await change(services, USERS, status="locked")

    with pytest.raises(SessionEnded):
        await services.sessions.open_for_browser(context(), grant)


async def test_signing_out_everywhere_after_the_proof_voids_it(services: Services) -> None:
    account = await register(services)
    grant = await prove(services)
    async with services.database.unit() as connection:
        await advance_epoch(connection, account.id)

    with pytest.raises(SessionEnded):
        await services.tokens.open_for_client(context(), grant)


async def test_a_sign_out_everywhere_while_the_password_is_checked_is_never_overtaken(
    services: Services, clock: FakeClock
) -> None:
    account = await register(services)

    async def sign_out_everywhere() -> int | None:
        async with services.database.unit() as connection:
            return await advance_epoch(connection, account.id)

    for _ in range(10):
        clock.advance(900)  # a refusal counts as a failure
        outcome, epoch = await asyncio.gather(prove(services), sign_out_everywhere(), return_exceptions=True)
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, InvalidCredentials)
        else:
            assert isinstance(epoch, int)
            assert outcome.epoch in (epoch, epoch - 1)
            if outcome.epoch < epoch:
                with pytest.raises(SessionEnded):
                    await services.sessions.open_for_browser(context(), outcome)


async def test_a_sign_in_renews_a_hash_of_another_cost(
    services: Services, open_services: OpenServices
) -> None:
    await register(services)
    [before] = await rows(services, USERS)
    stricter = await open_services(services.settings.model_copy(update={"bcrypt_cost": 5}))

    await prove(stricter)

    [after] = await rows(services, USERS)
    assert stricter.hasher.outdated(before.password_hash)
    assert not stricter.hasher.outdated(after.password_hash)
    assert (await prove(stricter)).email == EMAIL


async def test_many_sign_ins_at_once_may_renew_one_hash(
    services: Services, open_services: OpenServices
) -> None:
    await register(services)
    principal = await services.sessions.authenticate_cookie(await open_cookie(services))
    stricter = await open_services(services.settings.model_copy(update={"bcrypt_cost": 5}))
    confirming = ReauthenticationInput(password=SecretStr(PASSWORD))

    signing_in = [prove(stricter) for _ in range(10)]
    confirmed = [stricter.reauthentication.confirm(context(), principal, confirming) for _ in range(4)]
    await asyncio.gather(*signing_in, *confirmed)
    assert await audited(services, "login_failed") == []
    # A server with the other cost rehashes to that cost, while one with this cost changes the password.
    data = PasswordChangeInput(
        current_password=SecretStr(PASSWORD), new_password=SecretStr(NEW_PASSWORD), end_other_sessions=False
    )
    await asyncio.gather(
        prove(services), stricter.password_change.change(context(), principal, data), return_exceptions=True
    )
    assert await prove(services, password=NEW_PASSWORD)


async def test_a_sign_in_leaves_a_hash_of_the_right_cost_alone(services: Services) -> None:
    await register(services)
    [before] = await rows(services, USERS)

    await prove(services)

    assert (await rows(services, USERS))[0].password_hash == before.password_hash


async def test_a_refused_sign_in_renews_nothing(services: Services, open_services: OpenServices) -> None:
    await register(services)
    [before] = await rows(services, USERS)
    stricter = await open_services(services.settings.model_copy(update={"bcrypt_cost": 5}))

    with pytest.raises(DomainError):
        await prove(stricter, password=WRONG)

    assert (await rows(services, USERS))[0].password_hash == before.password_hash


async def test_composed_and_decomposed_spellings_of_a_password_are_the_same(services: Services) -> None:
    account = await register(services, password="caf\u00e9 gravel harbour violins")

    assert (await prove(services, password="cafe\u0301 gravel harbour violins")).user_id == account.id


async def test_nothing_beyond_byte_72_of_a_password_is_ignored(services: Services) -> None:
    await register(services, password=f"{PASSWORD} {'quiet ' * 8}A")

    with pytest.raises(InvalidCredentials):
        await prove(services, password=f"{PASSWORD} {'quiet ' * 8}B")


async def test_two_proofs_of_one_person_name_different_sessions(services: Services) -> None:
    await register(services)

    assert (await prove(services)).session_id != (await prove(services)).session_id
