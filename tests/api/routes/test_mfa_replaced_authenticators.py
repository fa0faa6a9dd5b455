"""What REST says about a code from a replaced authenticator (decision 37)."""

from dataclasses import replace

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.authenticator import PERIOD_S
from tests.support.clients.http import assert_problem, bearer, cookies_set
from tests.support.clients.two_step import Member, challenge, enrol, fresh_tokens, set_up, verify
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD

MONTH = 30 * 86_400


@pytest.fixture
async def member(api: AsyncClient, clock: FakeClock) -> Member:
    """A user who is about to replace the authenticator: `phone` is the current entry."""
    return await enrol(api, clock)


async def replaced(api: AsyncClient, clock: FakeClock, member: Member) -> Member:
    """Replace the member's authenticator, and return the member together with the new one."""
    fresh = await fresh_tokens(api, clock, member)
    new = await set_up(api, fresh)
    answer = await api.post("/mfa/enable", json={"code": new.code(clock.seconds())}, headers=bearer(fresh))
    assert answer.status_code == 200, answer.text
    clock.advance(PERIOD_S)
    return replace(member, phone=new)


def newer_entry(clock: FakeClock) -> str:
    return f"Use the newer entry in your app, the one with {clock.now():%Y-%m-%d} in its name."


async def test_the_detail_names_the_newer_entry_and_nothing_else_differs(
    api: AsyncClient, clock: FakeClock, member: Member
) -> None:
    now = await replaced(api, clock, member)
    token = await challenge(api)
    old = assert_problem(await verify(api, member.phone.code(clock.seconds()), token), 401, "invalid_code")
    wrong = assert_problem(
        await verify(api, now.phone.wrong_code(clock.seconds()), token), 401, "invalid_code"
    )

    assert old.pop("detail") == (
        f"That code is from an authenticator app you've replaced. {newer_entry(clock)}"
    )
    assert old.pop("reasons") == [newer_entry(clock)]
    assert "replaced" not in wrong.pop("detail")
    assert old == wrong
    assert f"({clock.now():%Y-%m-%d})" in now.phone.account
    assert (await verify(api, now.phone.code(clock.seconds()), token)).status_code == 200


async def test_without_the_password_the_replacement_is_not_disclosed(
    api: AsyncClient, clock: FakeClock, member: Member
) -> None:
    await replaced(api, clock, member)
    answer = await verify(api, member.phone.code(clock.seconds()), "A" * 43)

    assert "replaced" not in assert_problem(answer, 401, "challenge_expired")["detail"]


async def test_after_a_month_it_is_a_wrong_code(api: AsyncClient, clock: FakeClock, member: Member) -> None:
    await replaced(api, clock, member)
    clock.advance(MONTH)
    answer = await verify(api, member.phone.code(clock.seconds()), await challenge(api))

    assert "replaced" not in assert_problem(answer, 401, "invalid_code")["detail"]


async def test_while_it_is_being_replaced_the_entry_so_far_is_told_apart(
    api: AsyncClient, clock: FakeClock, member: Member
) -> None:
    fresh = await fresh_tokens(api, clock, member)
    new = await set_up(api, fresh)
    old = {"code": member.phone.code(clock.seconds())}
    problem = assert_problem(
        await api.post("/mfa/enable", json=old, headers=bearer(fresh)), 400, "setup_code_invalid"
    )

    assert problem["field"] == "code"
    assert problem["detail"] == (
        f"That code is from the authenticator app you're replacing. {newer_entry(clock)}"
    )
    right = {"code": new.code(clock.seconds())}
    assert (await api.post("/mfa/enable", json=right, headers=bearer(fresh))).status_code == 200


async def test_a_form_without_scripts_names_the_newer_entry_too(
    api: AsyncClient, browser: AsyncClient, services: Services, clock: FakeClock, member: Member
) -> None:
    await replaced(api, clock, member)
    await browser.post("/session/sign-in", data={"email": EMAIL, "password": PASSWORD})
    answer = await browser.post("/session/verify", data={"code": member.phone.code(clock.seconds())})

    flash = await services.flash.pop(cookies_set(answer)["autograph_flash"].value)
    assert flash is not None
    assert (flash.code, flash.reasons) == ("invalid_code", (newer_entry(clock),))
