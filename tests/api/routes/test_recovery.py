"""A password reset over REST."""

import asyncio

import pytest
from httpx import AsyncClient, Response

from autograph_web.accounts.store import USERS
from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, sign_in, sign_up
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import RedisWindow, asked_by_request, statements
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, change, register
from tests.support.services.password_reset import NEW_PASSWORD, ask_and_open, token_in

REQUEST, CONFIRM = "/password-reset/request", "/password-reset/confirm"


async def request(client: AsyncClient, email: str = EMAIL) -> Response:
    return await client.post(REQUEST, json={"email": email})


async def confirm(client: AsyncClient, token: str, password: str = NEW_PASSWORD) -> Response:
    return await client.post(CONFIRM, json={"token": token, "new_password": password})


async def test_a_password_reset_from_request_to_confirmation(api: AsyncClient, mailbox: Mailbox) -> None:
    await sign_up(api)
    tokens = await sign_in(api)
    assert (await request(api)).status_code == 200
    response = await confirm(api, token_in(mailbox))

    assert (response.status_code, response.json()["message"]) == (
        200,
        "Your password has been changed. Sign in with your new password.",
    )
    assert response.json()["removed"]["sessions"] == 1
    assert_problem(await api.get("/me", headers=bearer(tokens)), 401, "session_ended")
    assert_problem(
        await api.post("/refresh", json={"refresh_token": tokens["refresh_token"]}), 401, "session_ended"
    )
    again = await api.post("/login", json={"email": EMAIL, "password": NEW_PASSWORD})
    assert again.status_code == 200


async def test_the_answer_is_the_same_to_the_byte(
    api: AsyncClient, services: Services, connect: Connect, mailbox: Mailbox
) -> None:
    await sign_up(api)
    await sign_up(api, "locked@northwind.dev")
    answers = [await request(connect("192.0.2.1"), email) for email in (EMAIL, "nobody@northwind.dev")]
    # The last of these no longer sends an email.
    answers += [await request(connect(f"192.0.2.{10 + number}")) for number in range(4)]
    await change(services, USERS, status="locked")
    answers.append(await request(connect("192.0.2.2"), "locked@northwind.dev"))

    own = {"x-request-id", "date"}
    told = {
        (one.status_code, one.content, *sorted((k, v) for k, v in one.headers.items() if k not in own))
        for one in answers
    }
    assert len(told) == 1
    assert answers[0].json() == {"message": "If there's an account for that email, we've sent a link."}
    assert len(mailbox.letters) == 3


async def test_a_known_and_an_unknown_email_are_the_same_work(
    connect: Connect, services: Services, redis_window: RedisWindow
) -> None:
    async def work(email: str, ip: str) -> object:
        # The courier processes the email in the background, which must not be counted with the response.
        while (await services.outbox.waiting(1))[0]:  # noqa: ASYNC110  (the event is the courier's)
            await asyncio.sleep(0.01)
        with statements(services) as seen, redis_window.counting() as commands:
            assert (await request(connect(ip), email)).status_code == 200
        return asked_by_request(seen), commands

    await register(services)
    await work("somebody@northwind.dev", "192.0.2.1")
    known, unknown = await work(EMAIL, "192.0.2.2"), await work("nobody@northwind.dev", "192.0.2.3")
    assert known == unknown


@pytest.mark.parametrize("settings_changes", [{"limit_reset": "1/1h"}])
async def test_the_limit_of_an_address_is_told(api: AsyncClient, connect: Connect) -> None:
    assert (await request(api)).status_code == 200

    assert_problem(await request(api, "nobody@northwind.dev"), 429, "rate_limited")
    assert (await request(connect("192.0.2.1"))).status_code == 200


async def test_a_link_that_opens_nothing_is_named(
    api: AsyncClient, services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    used = await ask_and_open(services, mailbox)
    await confirm(api, used)
    old = await ask_and_open(services, mailbox)
    clock.advance(3600)

    assert_problem(await confirm(api, used), 400, "link_used")
    assert_problem(await confirm(api, old), 400, "link_expired")
    assert_problem(await confirm(api, "x" * 43), 400, "link_unknown")
    assert_problem(await confirm(api, ""), 400, "link_unknown")


async def test_a_refused_password_is_explained_and_the_link_goes_on(
    api: AsyncClient, services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    problem = assert_problem(await confirm(api, token, "password1"), 422, "password_too_common")

    assert problem["field"] == "new_password"
    assert problem["reasons"]
    assert (await confirm(api, token)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (REQUEST, {}),
        (REQUEST, {"email": None}),
        (REQUEST, {"email": EMAIL, "host": "evil.example"}),
        (REQUEST, {"email": "nonsense"}),
        (REQUEST, {"email": "x" * 2000}),
        (CONFIRM, {"token": "x" * 43}),
        (CONFIRM, {"token": "x" * 2049, "new_password": NEW_PASSWORD}),
        (CONFIRM, {"token": ["x"], "new_password": NEW_PASSWORD}),
        (CONFIRM, {"token": "x", "new_password": NEW_PASSWORD, "user_id": 1}),
    ],
)
async def test_what_is_not_as_documented_is_refused(api: AsyncClient, path: str, body: object) -> None:
    response = await api.post(path, json=body)

    assert response.status_code == 422
    assert NEW_PASSWORD not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example"},
    ],
)
async def test_a_spoofed_host_is_in_no_letter(
    connect: Connect, services: Services, mailbox: Mailbox, headers: dict[str, str]
) -> None:
    await register(services)
    await request(connect(**headers))

    assert mailbox.link_to(EMAIL).startswith("http://localhost:3000/password-reset/confirm#token=")
    assert "evil" not in str(mailbox.letters[0].action)
