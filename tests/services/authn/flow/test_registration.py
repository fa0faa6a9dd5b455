"""Creating accounts, on both databases."""

import asyncio

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from autograph_web.accounts.errors import EmailTaken, PasswordTooWeak
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.accounts.store import USERS
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError, RateLimited
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    AGENT,
    EMAIL,
    PASSWORD,
    audited,
    context,
    how_many,
    prove,
    register,
    rows,
)


async def test_a_new_account_is_stored_as_shown(services: Services, clock: FakeClock) -> None:
    account = await register(services)

    [row] = await rows(services, USERS)
    assert (row.id, row.email, row.role, row.status) == (account.id, EMAIL, "user", "active")
    assert row.created_at == account.created_at == clock.now()
    assert not account.email_verified
    assert not account.mfa_enabled


async def test_a_password_is_stored_as_a_bcrypt_hash_of_the_configured_cost(services: Services) -> None:
    await register(services)

    [row] = await rows(services, USERS)
    assert row.password_hash.startswith("$bcrypt-sha256$")
    assert "r=4$" in row.password_hash.replace(",r=4$", "r=4$")
    assert PASSWORD not in row.password_hash


async def test_a_registration_is_audited_with_its_circumstances(services: Services) -> None:
    circumstances = context("2001:db8::7")
    data = RegistrationInput(email=EMAIL, password=SecretStr(PASSWORD))
    account = await services.registration.register(circumstances, data)

    [row] = await audited(services, "registration_success")
    assert (row.user_id, row.ip, row.user_agent) == (account.id, "2001:db8::7", AGENT)
    assert row.request_id == circumstances.request_id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (EMAIL, EMAIL),
        (EMAIL, "Mina@Northwind.DEV"),
        (EMAIL, f"  {EMAIL} "),
        ("stra\u00dfe@northwind.dev", "STRA\u1e9eE@northwind.dev"),
        ("\u00c9lise@northwind.dev", "e\u0301lise@northwind.dev"),
        ("\uff4dina@northwind.dev", EMAIL),
        ("mina@b\u00fccher.example.com", "mina@xn--bcher-kva.example.com"),
    ],
)
async def test_an_address_is_taken_however_it_is_spelled(services: Services, first: str, second: str) -> None:
    await register(services, first)

    with pytest.raises(EmailTaken):
        await register(services, second)

    assert await how_many(services, USERS) == 1


async def test_a_refusal_is_audited_without_what_was_typed(services: Services) -> None:
    with pytest.raises(PasswordTooWeak):
        await register(services, password="violet91x")

    [row] = await audited(services, "registration_failed")
    assert row.user_id is None
    assert row.details == {"reason": "password_too_weak"}


async def test_twenty_racers_for_one_address_make_one_account(services: Services) -> None:
    spellings = [EMAIL if turn % 2 else EMAIL.upper() for turn in range(20)]
    outcomes = await asyncio.gather(
        *(register(services, spelling) for spelling in spellings), return_exceptions=True
    )

    refusals = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(refusal) for refusal in refusals] == [EmailTaken] * 19
    assert await how_many(services, USERS) == 1
    assert len(await audited(services, "registration_success")) == 1
    assert len(await audited(services, "registration_failed")) == 19


async def test_a_lost_race_leaves_no_success_in_the_audit_log(services: Services) -> None:
    await asyncio.gather(register(services), register(services), return_exceptions=True)

    async with services.database.read() as connection:
        owners = (
            await connection.execute(select(AUDIT.c.user_id).where(AUDIT.c.kind == "registration_success"))
        ).scalars()
        assert list(owners) == [row.id for row in await rows(services, USERS)]


@pytest.mark.parametrize("settings_changes", [{"limit_register": "3/1h"}])
async def test_registrations_from_one_address_are_limited(services: Services) -> None:
    for number in range(3):
        await register(services, f"person{number}@northwind.dev")

    with pytest.raises(RateLimited) as refusal:
        await register(services, "onemore@northwind.dev")

    assert refusal.value.retry_after == 3600
    assert [row.details for row in await audited(services, "registration_failed")] == [
        {"reason": "rate_limited"}
    ]


@pytest.mark.parametrize("settings_changes", [{"limit_register": "1/1h"}])
async def test_a_refused_registration_counts_as_well(services: Services) -> None:
    with pytest.raises(DomainError):
        await register(services, "not an address")

    with pytest.raises(RateLimited):
        await register(services)


async def test_who_has_registered_can_sign_in(services: Services) -> None:
    account = await register(services)

    assert (await prove(services)).user_id == account.id


async def test_registering_signs_in_without_the_password_again(services: Services) -> None:
    account = await register(services)
    grant = await services.sign_in.after_registration(context(), account)
    browser = await services.sessions.open_for_browser(context(), grant)

    assert (await services.sessions.authenticate_cookie(browser.cookie)).user_id == account.id
    [row] = await audited(services, "login_success")
    assert (row.session_id, row.user_id) == (grant.session_id, account.id)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        ("mina@xn--bcher-kva.example", "mina@xn--bcher-kva.example"),
        ("mina@bücher.example", "Mina@XN--BCHER-KVA.example"),
        ("mina@xn--bcher-kva.example", "mina@BÜCHER.example"),
        ("mina@northwind。dev", "mina@northwind。dev"),
        ("mina@northwind.dev", " mina@northwind。dev "),
    ],
)
async def test_whatever_spelling_of_a_domain_was_registered_signs_in(
    services: Services, registered: str, typed: str
) -> None:
    account = await register(services, registered)

    assert (await prove(services, typed)).user_id == account.id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_address_that_folds_beyond_the_column_is_refused(services: Services) -> None:
    with pytest.raises(DomainError) as refusal:
        await register(services, "\ufdfa" * 21 + "@northwind.dev")

    assert refusal.value.code == "email_invalid"
