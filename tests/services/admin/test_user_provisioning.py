"""Accounts created by an operator, on both databases."""

import asyncio

import pytest
from pydantic import SecretStr

from autograph_web.accounts.errors import EmailInvalid, EmailTaken, PasswordTooShort
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.accounts.store import USERS
from autograph_web.admin.user_provisioning import CreationInput
from autograph_web.admin.user_summary import Role, administrator_in
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from tests.support.mail.mailbox import Mailbox
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    audited,
    context,
    how_many,
    open_pair,
    prove,
    register,
)
from tests.support.services.operators import OPERATOR, administrator, caller_of, create, person
from tests.support.services.two_step import principal_of

ADMIN = "nora@northwind.dev"
RACERS = 8


async def test_an_account_is_made_with_a_password(services: Services) -> None:
    data = CreationInput(email=EMAIL, role=Role.ADMIN, password=SecretStr(PASSWORD))
    created = await services.user_provisioning.create(OPERATOR, data)
    assert created.link is None
    mina = await person(services)
    assert (mina.role, mina.status, mina.email_verified) == ("admin", "active", True)
    assert (await principal_of(services, (await open_pair(services)).access_token)).role == "admin"
    [event] = await audited(services, "account_created_by_admin")
    assert event.details == {"actor": OPERATOR.actor, "role": "admin"}


@pytest.mark.parametrize("invite", [False, True])
async def test_without_a_password_its_owner_chooses_one(
    services: Services, mailbox: Mailbox, invite: bool
) -> None:
    created = await create(services, EMAIL, invite=invite)
    link = created.link or ""
    with pytest.raises(InvalidCredentials):
        await prove(services)
    assert [letter.action.url for letter in mailbox.letters if letter.action] == [link] * invite
    await services.password_reset.confirm(context(), link.partition("token=")[2], PASSWORD)
    await prove(services)


async def test_what_is_wrong_with_a_new_account_is_said(services: Services) -> None:
    await register(services)
    for data, refusal in (
        (CreationInput(email=EMAIL.upper()), EmailTaken),
        (CreationInput(email="nobody"), EmailInvalid),
        (CreationInput(email=ADMIN, password=SecretStr("short")), PasswordTooShort),
    ):
        with pytest.raises(refusal):
            await services.user_provisioning.create(OPERATOR, data)
    assert await how_many(services, USERS) == 1
    assert await audited(services, "account_created_by_admin") == []


async def test_of_many_who_make_one_account_one_does(services: Services) -> None:
    outcomes = await asyncio.gather(*(create(services, EMAIL) for _ in range(RACERS)), return_exceptions=True)
    assert sum(isinstance(outcome, EmailTaken) for outcome in outcomes) == RACERS - 1, outcomes
    assert await how_many(services, USERS) == 1


async def test_registration_makes_no_administrator(services: Services) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        RegistrationInput.model_validate({"email": EMAIL, "password": PASSWORD, "role": "admin"})
    await register(services)  # the very first account, too
    assert (await person(services)).role == Role.USER


async def test_a_new_account_may_be_made_with_a_password(services: Services) -> None:
    nora = await administrator(services)
    data = CreationInput(email=EMAIL, password=SecretStr("gravel harbour thirteen violins"))
    created = await services.user_provisioning.create(nora, data)
    assert created.link is None
    [event] = await audited(services, "account_created_by_admin")
    assert (event.user_id, administrator_in(event.details["actor"])) == (created.id, caller_of(nora).user_id)
