"""What the table of operations says about recent authentication is what each interface enforces."""

import re
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from autograph_web.accounts.store import USERS
from autograph_web.admin.user_summary import Role
from autograph_web.authz.operations import FORMS, REST, Operation, Who
from autograph_web.container import Services
from autograph_web.sessions.assurance import RECENT_S
from tests.support.clients.http import bearer, cookies_set, sign_in
from tests.support.services.clock import FakeClock
from tests.support.services.factories import change, open_cookie, register

CODE = "reauthentication_required"
SIGNED_IN = [(call, row) for call, row in REST.items() if row.who is not Who.PUBLIC]
FORMS_OF_USERS = [(form, row) for form, row in FORMS.items() if row.who is not Who.PUBLIC]


def at(call: str) -> tuple[str, str]:
    """Return method and path of a call, with an id where it needs one."""
    method, _, path = call.partition(" ")
    return method, re.sub(r"\{\w+\}", str(uuid4()), path)


async def old_administrator(api: AsyncClient, services: Services, clock: FakeClock) -> dict[str, str]:
    """Sign an administrator in, and let the authentication become too old."""
    await register(services)
    await change(services, USERS, role=Role.ADMIN.value)
    tokens = await sign_in(api)
    clock.advance(RECENT_S + 1)
    return bearer(tokens)


async def ask(api: AsyncClient, call: str, headers: dict[str, str]) -> Response:
    method, path = at(call)
    # None of them accepts an empty object as its body, and the body is not looked at before the caller is.
    return await api.request(method, path, headers=headers, json=None if method == "GET" else {})


def code_of(answer: Response) -> str:
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return str(answer.json()["code"]) if is_problem else ""


@pytest.mark.parametrize(("call", "row"), SIGNED_IN, ids=[call for call, _ in SIGNED_IN])
async def test_a_call_is_refused_for_an_old_sign_in_where_the_table_says_so(
    api: AsyncClient, services: Services, clock: FakeClock, call: str, row: Operation
) -> None:
    headers = await old_administrator(api, services, clock)

    answer = await ask(api, call, headers)

    assert (code_of(answer) == CODE) is row.recent, answer.text


@pytest.mark.parametrize(("form", "row"), FORMS_OF_USERS, ids=[form for form, _ in FORMS_OF_USERS])
async def test_a_form_is_refused_for_an_old_sign_in_where_the_table_says_so(
    browser: AsyncClient, services: Services, clock: FakeClock, form: str, row: Operation
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    clock.advance(RECENT_S + 1)

    answer = await browser.post(
        at(form)[1], data={"x": "y"}, headers={"Cookie": f"autograph_session={cookie}"}
    )

    given = cookies_set(answer).get("autograph_flash")
    flash = await services.flash.pop(given.value) if given else None
    assert (flash is not None and flash.code == CODE) is row.recent, answer.text


async def test_a_role_is_asked_for_before_that(
    api: AsyncClient, services: Services, clock: FakeClock
) -> None:
    headers = await old_administrator(api, services, clock)
    await change(services, USERS, role=Role.USER.value)
    for call, row in SIGNED_IN:
        if row.who is Who.ADMIN:
            assert code_of(await ask(api, call, headers)) == "not_admin", call
