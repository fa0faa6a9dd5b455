"""POST /mfa/setup, /mfa/enable, /mfa/disable and /mfa/recovery-codes."""

from base64 import b64decode
from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.authenticator import Authenticator
from tests.support.clients.http import assert_problem, bearer, cookies_set, sign_in
from tests.support.clients.two_step import Member, challenge, enrol, fresh_tokens, verify
from tests.support.mail.mailbox import Mailbox
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL

CALLS = ("/mfa/setup", "/mfa/enable", "/mfa/disable", "/mfa/recovery-codes")


@pytest.fixture
async def member(api: AsyncClient, clock: FakeClock) -> Member:
    return await enrol(api, clock)


async def test_a_setup_answers_a_key_to_type_to_scan_and_to_open(
    api: AsyncClient, tokens: dict[str, Any]
) -> None:
    response = await api.post("/mfa/setup", headers=bearer(tokens))

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == {"secret", "qr_code", "provisioning_uri"}
    uri = f"otpauth://totp/AutoGraph%20v3:{EMAIL}?secret={body['secret']}&issuer=AutoGraph%20v3"
    assert body["provisioning_uri"] == uri
    assert Authenticator.scan(b64decode(body["qr_code"], validate=True)) == Authenticator.open(uri)


async def test_keys_are_not_made_without_end(api: AsyncClient, tokens: dict[str, Any]) -> None:
    for _ in range(20):
        assert (await api.post("/mfa/setup", headers=bearer(tokens))).status_code == 200

    assert_problem(await api.post("/mfa/setup", headers=bearer(tokens)), 429, "rate_limited")


async def test_turning_on_answers_ten_recovery_codes_once(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]
) -> None:
    setup = (await api.post("/mfa/setup", headers=bearer(tokens))).json()
    code = Authenticator(setup["secret"]).code(clock.seconds())
    response = await api.post("/mfa/enable", json={"code": code}, headers=bearer(tokens))

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == {"message", "detail", "recovery_codes"}
    assert len(set(body["recovery_codes"])) == 10
    again = await api.post("/mfa/enable", json={"code": code}, headers=bearer(tokens))
    assert again.status_code in (400, 403)


async def test_a_wrong_code_is_refused_and_the_setup_goes_on(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]
) -> None:
    setup = (await api.post("/mfa/setup", headers=bearer(tokens))).json()
    phone = Authenticator(setup["secret"])
    wrong = {"code": phone.wrong_code(clock.seconds())}
    problem = assert_problem(
        await api.post("/mfa/enable", json=wrong, headers=bearer(tokens)), 400, "setup_code_invalid"
    )

    assert problem["field"] == "code"
    right = {"code": phone.code(clock.seconds())}
    assert (await api.post("/mfa/enable", json=right, headers=bearer(tokens))).status_code == 200


async def test_turning_on_without_a_setup_is_refused(api: AsyncClient, tokens: dict[str, Any]) -> None:
    response = await api.post("/mfa/enable", json={"code": "123456"}, headers=bearer(tokens))

    assert_problem(response, 400, "no_pending_setup")


@pytest.mark.parametrize("path", ["/mfa/disable", "/mfa/recovery-codes"])
async def test_what_is_off_cannot_be_changed(api: AsyncClient, tokens: dict[str, Any], path: str) -> None:
    assert_problem(await api.post(path, headers=bearer(tokens)), 400, "mfa_not_enabled")


@pytest.mark.parametrize("path", CALLS)
async def test_authentication_is_required(api: AsyncClient, path: str) -> None:
    body = {"code": "123456"} if path == "/mfa/enable" else None

    assert_problem(await api.post(path, json=body), 401, "not_authenticated")
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}
    assert_problem(await api.post(path, json=body, headers=forged), 401, "invalid_token")


@pytest.mark.parametrize("path", ["/mfa/setup", "/mfa/disable", "/mfa/recovery-codes"])
async def test_a_change_needs_password_and_factor_within_ten_minutes(
    api: AsyncClient, clock: FakeClock, member: Member, path: str
) -> None:
    for stale in (member.tokens, await fresh_tokens(api, clock, member)):
        if stale is not member.tokens:
            clock.advance(600)
        assert_problem(await api.post(path, headers=bearer(stale)), 403, "reauthentication_required")

    fresh = await fresh_tokens(api, clock, member)
    assert (await api.post(path, headers=bearer(fresh))).status_code == 200


async def test_a_renewed_access_token_is_no_fresher(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]
) -> None:
    clock.advance(601)
    renewed = (await api.post("/refresh", json={"refresh_token": tokens["refresh_token"]})).json()

    assert_problem(await api.post("/mfa/setup", headers=bearer(renewed)), 403, "reauthentication_required")


async def test_a_cookie_needs_our_origin(connect: Connect, services: Services) -> None:
    browser, stranger = connect(origin=services.settings.base_url), connect(origin="https://evil.example")
    form = {"email": EMAIL, "password": "gravel harbour thirteen violins"}
    session = cookies_set(await browser.post("/session/register", data=form))["autograph_session"].value

    for client in (connect(), stranger):
        client.cookies.set("autograph_session", session)
        assert_problem(await client.post("/mfa/setup"), 403, "origin_refused")
    assert (await browser.post("/mfa/setup")).status_code == 200


async def test_me_tells_at_once_on_every_session(api: AsyncClient, clock: FakeClock, member: Member) -> None:
    fresh = await fresh_tokens(api, clock, member)
    both = (member.tokens, fresh)
    assert [(await api.get("/me", headers=bearer(one))).json()["mfa_enabled"] for one in both] == [True] * 2

    await api.post("/mfa/disable", headers=bearer(fresh))
    assert [(await api.get("/me", headers=bearer(one))).json()["mfa_enabled"] for one in both] == [False] * 2


async def test_after_turning_off_the_password_is_enough(
    api: AsyncClient, clock: FakeClock, member: Member, mailbox: Mailbox
) -> None:
    response = await api.post("/mfa/disable", headers=bearer(await fresh_tokens(api, clock, member)))

    assert response.json() == {"message": "Two-step verification is off."}
    assert "access_token" in await sign_in(api)
    assert [letter.subject for letter in mailbox.letters] == [
        "Two-step verification is on",
        "Two-step verification is off",
    ]


async def test_new_recovery_codes_replace_the_old(api: AsyncClient, clock: FakeClock, member: Member) -> None:
    fresh = await fresh_tokens(api, clock, member)
    response = await api.post("/mfa/recovery-codes", headers=bearer(fresh))

    assert set(response.json()) == {"recovery_codes"}
    assert response.headers["cache-control"] == "no-store"
    token = await challenge(api)
    assert_problem(await verify(api, member.paper[0], token), 401, "invalid_code")
    assert (await verify(api, response.json()["recovery_codes"][0], token)).status_code == 200
