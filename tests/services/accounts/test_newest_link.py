"""Only the newest link of a purpose is valid, whichever way it was requested, on both databases."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import LinkReplaced, LinkUnknown, LinkUsed
from autograph_web.container import Services
from autograph_web.recovery.first_verification import Evidence, Verified
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, context, open_cookie, register
from tests.support.services.operators import create
from tests.support.services.password_reset import NEW_PASSWORD, ask, ask_and_open, choose
from tests.support.services.two_step import principal_of

VERIFY, CHANGE = "/verify-email", "/change-email"
FIRST, SECOND = "first@elsewhere.dev", "second@elsewhere.dev"


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """The default settings of an operator."""
    return {"email_verification": "banner"}


async def verify(services: Services, token: str) -> Verified:
    return await services.first_proof.confirm(context(), token, Evidence(password=PASSWORD))


async def test_a_verification_link_is_replaced_by_either_way_to_a_newer(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await register(services)
    tokens = [token_to(mailbox, EMAIL, VERIFY)]
    clock.advance(60)
    await services.verification.resend(context(), mina.id)
    tokens.append(token_to(mailbox, EMAIL, VERIFY))
    clock.advance(60)
    await services.verification.request(context(), EMAIL)
    tokens.append(token_to(mailbox, EMAIL, VERIFY))

    for token in tokens[:2]:
        with pytest.raises(LinkReplaced):
            await verify(services, token)
    assert (await verify(services, tokens[2])).account.email_verified


async def test_of_verification_links_asked_for_at_once_one_is_good(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await register(services)
    clock.advance(60)
    await asyncio.gather(
        services.verification.resend(context(), mina.id),
        *(services.verification.request(context(f"192.0.2.{one}"), EMAIL) for one in range(3)),
    )
    tokens = [
        one.action.url.partition("token=")[2] for one in mailbox.letters if one.action and one.to == EMAIL
    ]
    outcomes = [await _outcome(verify(services, token)) for token in tokens]

    assert len(tokens) >= 2
    assert Counter(outcomes) == {"Verified": 1, "LinkReplaced": len(tokens) - 1}


async def test_of_links_for_a_password_asked_for_at_once_one_is_good(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    mailbox.empty()
    await asyncio.gather(*(ask(services, ip=f"192.0.2.{one}") for one in range(3)))
    tokens = [one.action.url.partition("token=")[2] for one in mailbox.letters if one.action]
    outcomes = [await _outcome(choose(services, token)) for token in tokens]

    assert Counter(outcomes) == {"Account": 1, "LinkReplaced": 2}


async def test_a_change_of_address_asked_for_again_ends_the_first_even_to_the_same_address(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    tokens: list[str] = []
    for email in (FIRST, FIRST, SECOND):
        await services.email_change.request(context(), principal, email)
        tokens.append(token_to(mailbox, email, CHANGE))

    for token in tokens[:2]:
        with pytest.raises(LinkReplaced):
            await services.email_change.confirm(context(), token)
    assert (await services.email_change.confirm(context(), tokens[2])).email == SECOND


async def test_of_changes_asked_for_at_once_one_moves_the_account(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    wanted = [f"mina{number}@elsewhere.dev" for number in range(4)]
    await asyncio.gather(*(services.email_change.request(context(), principal, one) for one in wanted))
    outcomes = [
        await _outcome(services.email_change.confirm(context(), token_to(mailbox, one, CHANGE)))
        for one in wanted
    ]

    assert Counter(outcomes) == {"Account": 1, "LinkReplaced": 3}


async def test_an_invitation_and_a_link_for_a_password_replace_each_other(
    services: Services, mailbox: Mailbox
) -> None:
    created = await create(services, "noor@northwind.dev", invite=True)
    invitation = (created.link or "").partition("token=")[2]
    newer = await ask_and_open(services, mailbox, "noor@northwind.dev")

    with pytest.raises(LinkReplaced):
        await choose(services, invitation)
    assert isinstance(await choose(services, newer), Account)
    with pytest.raises(LinkUsed):
        await choose(services, newer)


async def test_links_of_one_address_leave_those_of_the_address_after_it_alone(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    await services.email_change.request(context(), principal, FIRST)
    change = token_to(mailbox, FIRST, CHANGE)
    reset = await ask_and_open(services, mailbox)
    await services.email_change.confirm(context(), change)

    with pytest.raises((LinkReplaced, LinkUnknown)):
        await choose(services, reset)
    assert (await choose(services, await ask_and_open(services, mailbox, FIRST), NEW_PASSWORD)).email == FIRST


async def _outcome(trying: Any) -> str:
    try:
        return type(await trying).__name__
    except (LinkReplaced, LinkUsed) as refusal:
        return type(refusal).__name__
